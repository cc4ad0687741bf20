"""``python -m texgen_desktop`` and the ``texgen-desktop`` command."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def main() -> int:
    _find_torch_libraries()
    from texgen_desktop import app

    return app.main(sys.argv)


def _find_torch_libraries() -> None:
    """On Windows torch must find its own DLLs before Qt loads others of the same names; torch itself is not imported."""
    if sys.platform == "win32" and (torch := importlib.util.find_spec("torch")) and torch.origin:
        os.add_dll_directory(str(Path(torch.origin).parent / "lib"))


if __name__ == "__main__":
    sys.exit(main())
