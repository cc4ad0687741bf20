"""What a malicious pickle may ask for: objects that do something when they are made or filled."""

from __future__ import annotations

from pathlib import Path


class MadeTrap:
    """Makes a folder when it is made."""

    def __new__(cls, path: str, *_: object, **__: object) -> MadeTrap:
        Path(path).mkdir()
        return super().__new__(cls)


class FilledTrap:
    """Makes a folder when its state is set."""

    def __setstate__(self, state: str) -> None:
        Path(state).mkdir()
