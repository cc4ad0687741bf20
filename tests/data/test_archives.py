"""Archives are streams of files; what leads outside, links, devices and bombs end the reading with a sentence."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from texgen_desktop.data import archives
from texgen_desktop.data.archives import is_archive, open_archive
from texgen_desktop.errors import TexGenError

FILES = {"set/train/a/1.png": b"one", "set/train/b/2.png": b"two" * 1000, "set/words.txt": b"n1 x"}


def tar(path: Path, files: dict[str, bytes], *extra: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        folder = tarfile.TarInfo("set")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return path


def zipped(path: Path, files: dict[str, bytes], *extra: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/", b"")
        for name, data in files.items():
            archive.writestr(name, data)
        for info in extra:
            archive.writestr(info, b"/etc/passwd")
    return path


def contents(path: Path) -> dict[str, bytes]:
    with open_archive(path) as members:
        return {member.name: member.read() for member in members}


def refusal(path: Path) -> TexGenError:
    with pytest.raises(TexGenError) as caught:
        contents(path)
    assert caught.value.hint
    assert caught.value.message.startswith(path.name)
    return caught.value


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.TGZ", "a.zip"])
def test_files_come_one_by_one_and_hidden_ones_are_left_out(tmp_path: Path, name: str) -> None:
    make = zipped if name.endswith("zip") else tar
    path = make(tmp_path / name.lower(), FILES | {"set/._1.png": b"x", "__MACOSX/1.png": b"x", ".git/a.png": b"x"})
    assert contents(path) == FILES
    assert is_archive(Path(name))
    assert not is_archive(Path("a.tar.png"))


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_what_is_not_asked_for_is_passed_over(tmp_path: Path, name: str) -> None:
    path = (zipped if name.endswith("zip") else tar)(tmp_path / name, FILES)
    with open_archive(path) as members:
        assert [(member.name, member.size_bytes) for member in members] == [(key, len(data)) for key, data in FILES.items()]


@pytest.mark.parametrize(
    "name", ["../outside.png", "set/../../outside.png", "/tmp/outside.png", "C:\\outside.png", "..\\outside.png", "\\x"]
)
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, make: Callable[..., Path], name: str) -> None:
    path = make(tmp_path / ("a.zip" if make is zipped else "a.tar.gz"), FILES | {name: b"x"})
    assert "leads outside" in refusal(path).message


def test_control_plain_unpacking_writes_outside(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", {"../outside.png": b"x"})
    (tmp_path / "inside").mkdir()
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "inside", filter="fully_trusted")
    assert (tmp_path / "outside.png").exists()
    (tmp_path / "outside.png").unlink()
    refusal(path)
    assert not (tmp_path / "outside.png").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("set/3.png")
    info.type, info.linkname = kind, "/etc/passwd"
    message = refusal(tar(tmp_path / "a.tar.gz", FILES, info)).message
    assert ("a link" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else "no ordinary file") in message


@pytest.mark.parametrize(
    ("mode", "word"), [(stat.S_IFLNK, "a link"), (stat.S_IFCHR, "no ordinary file"), (stat.S_IFIFO, "no ordinary file")]
)
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, mode: int, word: str) -> None:
    info = zipfile.ZipInfo("set/3.png")
    info.external_attr = (mode | 0o777) << 16
    assert word in refusal(zipped(tmp_path / "a.zip", FILES, info)).message


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_a_bomb_is_left_before_it_is_unpacked(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_FREE_BYTES", 1 << 20)
    bomb = {f"{number}.png": bytes(1 << 20) for number in range(8)}
    path = (zipped if name.endswith("zip") else tar)(tmp_path / name, bomb)
    assert path.stat().st_size * archives.MAX_RATIO < 8 << 20, "the control: it is a bomb"
    taken: list[int] = []

    def take() -> None:
        with open_archive(path) as members:
            taken.extend(len(member.read()) for member in members)

    with pytest.raises(TexGenError, match="more than 200 times"):
        take()
    assert sum(taken) < 8 << 20


def test_a_file_that_claims_to_be_larger_than_it_is_is_refused(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar", {"1.png": b"x" * 100})
    data = bytearray(path.read_bytes())
    at = 512 + 124  # behind the folder's header
    data[at : at + 12] = b"77777777777\0"
    header = data[512:1024]
    header[148:156] = b" " * 8
    data[512 + 148 : 512 + 156] = f"{sum(header):06o}\0 ".encode()
    path.write_bytes(data)
    assert "damaged" in refusal(path).message


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("huge.png")
    info.type = tarfile.GNUTYPE_SPARSE
    assert "no ordinary file" in refusal(tar(tmp_path / "a.tar", FILES, info)).message


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x" * (2 << 20))
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(info)
    assert path.stat().st_size < 10_000, "the control: it is small on the disk"
    assert "header without end" in refusal(path).message


@pytest.mark.parametrize("name", ["a.tar", "a.zip"])
def test_too_many_files_are_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    path = (zipped if name.endswith("zip") else tar)(tmp_path / name, FILES)
    assert "more than 2 files" in refusal(path).message


def test_a_zip_whose_list_has_no_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_DIRECTORY_BYTES", 100)
    assert "a list of files without end" in refusal(zipped(tmp_path / "a.zip", FILES)).message


def test_a_zip_with_a_password_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[at + 8] |= 1
    path.write_bytes(data)
    assert "password" in refusal(path).message


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar", "a.zip"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
def test_an_archive_that_is_cut_off_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    path = (zipped if name.endswith("zip") else tar)(tmp_path / name, {"a.png": os.urandom(30_000), "b.png": os.urandom(30_000)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "damaged or incomplete" in refusal(path).message


def test_a_changed_byte_in_a_zip_is_noticed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": os.urandom(3000)})
    data = bytearray(path.read_bytes())
    data[1500] ^= 1
    path.write_bytes(data)
    assert "damaged" in refusal(path).message
