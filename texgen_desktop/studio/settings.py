"""What the program remembers between two starts: a typed front of one INI file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from texgen_desktop.paths import is_folder

RECENT_COUNT = 10


class Settings:
    """Settings and data live in ``folder`` when it is given (tests, portable use), else where the system wants them."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            config = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
            data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
            self.folder, data_folder = Path(config), Path(data)
        else:
            self.folder = data_folder = folder
        self.projects_folder = data_folder / "projects"
        self._store = QSettings(str(self.folder / "settings.ini"), QSettings.Format.IniFormat)

    @property
    def recent_projects(self) -> tuple[Path, ...]:
        """Newest first, without those that are gone."""
        paths = (Path(text) for text in self._texts("projects/recent"))
        return tuple(path for path in paths if is_folder(path))

    def remember_project(self, folder: Path) -> None:
        others = [str(path) for path in self.recent_projects if path != folder]
        self._store.setValue("projects/recent", [str(folder), *others][:RECENT_COUNT])

    @property
    def geometry(self) -> QByteArray:
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def docks(self) -> QByteArray:
        return self._bytes("window/docks")

    @docks.setter
    def docks(self, value: QByteArray) -> None:
        self._store.setValue("window/docks", value)

    def text(self, key: str, default: str) -> str:
        """A remembered line of text of a dialog or plot, such as "export/format"."""
        value = self._store.value(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: float) -> float:
        try:
            return float(self.text(key, str(default)))
        except ValueError:
            return default

    def flag(self, key: str, default: bool) -> bool:
        return self.text(key, "yes" if default else "no") == "yes"

    def remember(self, key: str, value: str | float | bool) -> None:
        """Keep a value that ``text``, ``number`` or ``flag`` gives back."""
        text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        self._store.setValue(key, text)

    def sync(self) -> None:
        """Write to disk now: the process may be about to end."""
        self._store.sync()

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _texts(self, key: str) -> list[str]:
        value = self._store.value(key, [])
        if isinstance(value, str):  # an INI list of one comes back as its only item
            return [value] if value else []
        return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
