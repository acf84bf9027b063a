"""`make clean` forgets what was local, and never under a host that runs."""

import fcntl
from pathlib import Path

import pytest

from tools import clean


def test_clean_refuses_while_a_host_runs_and_never_removes_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / ".local"
    (data / "azurite").mkdir(parents=True)
    (data / "clock.json").write_text("{}")
    (tmp_path / "shared" / "__pycache__").mkdir(parents=True)
    (tmp_path / ".ruff_cache").mkdir()
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    monkeypatch.setattr(clean, "DATA", data)
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(SystemExit, match="running"):
            clean.main()
        assert (data / "azurite").exists()
        fcntl.flock(lock, fcntl.LOCK_UN)
        clean.main()
        assert [one.name for one in data.iterdir()] == ["lock"]
        assert not (tmp_path / ".ruff_cache").exists()
        assert not (tmp_path / "shared" / "__pycache__").exists()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
