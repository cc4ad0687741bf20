"""What the enhancing models may learn from: only the files of the manifest, as they were."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_a_file_that_is_missing_or_another_one_than_that_of_the_manifest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("train_restoration", ROOT / "packaging" / "train_restoration.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)  # its dataclasses look themselves up there
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(script)
    first = next(iter(json.loads((ROOT / "models" / "restoration_data.json").read_text(encoding="utf-8"))["train"]))
    with pytest.raises(SystemExit, match="is not the file of"):
        script.open_files(tmp_path)
    (tmp_path / first).parent.mkdir(parents=True)
    (tmp_path / first).write_bytes(b"another picture")
    with pytest.raises(SystemExit, match=first):
        script.open_files(tmp_path)
