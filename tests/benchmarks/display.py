"""Where a benchmark's window appears: the display there is, else a virtual one, else Qt's offscreen platform."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def some_display(is_xvfb_wanted: bool = True) -> Iterator[tuple[str, dict[str, str]]]:
    """(its name, environment variables of a program that uses it). What the user has set stays."""
    if platform := os.environ.get("QT_QPA_PLATFORM"):
        yield f"QT_QPA_PLATFORM={platform}", {}
    elif is_xvfb_wanted and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        yield "the desktop's display", {}
    elif is_xvfb_wanted and shutil.which("Xvfb"):
        with _xvfb() as display:
            yield "Xvfb", {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    else:
        yield "offscreen", {"QT_QPA_PLATFORM": "offscreen"}


@contextmanager
def _xvfb() -> Iterator[str]:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
