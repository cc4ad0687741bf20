"""From an exception to a sentence and a way out. Free of torch, so that it can also explain why torch did not load."""

from __future__ import annotations

import errno
import traceback

from texgen_desktop.engine.messages import Problem
from texgen_desktop.errors import TexGenError

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def explain(exc: BaseException) -> Problem:
    """Say what happened, and let go of everything that the traceback held: its frames keep whole batches of tensors alive."""
    message, hint = _in_words(exc)
    detail = "" if isinstance(exc, TexGenError) else "".join(traceback.format_exception(exc))
    _release_frames(exc)
    return Problem(message, hint, detail)


def _in_words(exc: BaseException) -> tuple[str, str]:
    match exc:
        case TexGenError():
            return exc.message, exc.hint
        case _ if _is_out_of_memory(exc):
            return (
                "There is not enough memory for this.",
                "Close other programs, or choose a lower preset, a smaller working size or a smaller picture.",
            )
        case OSError():
            return _os_error_in_words(exc)
        case RuntimeError() if str(exc).startswith("CUDA error"):
            return (
                "The graphics card stopped answering.",
                "Start TexGen again; the run goes on from its last checkpoint. If it happens again, update the driver or train on the CPU.",
            )
        case ImportError():
            return f"A part of TexGen cannot be loaded: {exc}.", "Install TexGen again."
        case _:
            return "Something in TexGen failed.", "What was saved is safe. The details tell what happened; please report them."


def _is_out_of_memory(exc: BaseException) -> bool:
    """Graphics card (torch.OutOfMemoryError and MPS), torch on the CPU (a plain RuntimeError), and Python or the system."""
    match exc:
        case MemoryError():
            return True
        case OSError():
            return exc.errno == errno.ENOMEM
        case RuntimeError():
            return type(exc).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in str(exc) or "out of memory" in str(exc)
        case _:
            return False


def _os_error_in_words(exc: OSError) -> tuple[str, str]:
    name = str(exc.filename2 or exc.filename or "")
    where = f": {name}" if name else ""
    if exc.errno in _DISK_FULL:
        return f"The disk is full, or a size limit is reached{where}", "Free some space, or choose a folder on another disk."
    if exc.errno in _NOT_WRITABLE:
        return f"TexGen may not read or write here{where}", "Choose another folder, or change the permissions of this one."
    if exc.errno == errno.ENAMETOOLONG:
        return f"This name is too long{where}", "Choose a shorter name, or a folder with a shorter path."
    if exc.errno == errno.ENOENT:
        return f"This file or folder is not there{where}", "It may have been moved or deleted, or its disk is not connected."
    return f"The disk reports an error ({exc.strerror or exc}){where}", "Check the disk, or choose a folder on another one."


def _release_frames(exc: BaseException) -> None:
    pending: list[BaseException] = [exc]
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        traceback.clear_frames(current.__traceback__)
        current.__traceback__ = None
        pending += [linked for linked in (current.__cause__, current.__context__) if linked is not None]
