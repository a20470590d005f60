"""Is a run found while it lives, and only then?"""

import json
import os
from pathlib import Path

import pytest

from infra.embedded import data_lock, run_json

URLS = {"redis": "redis://127.0.0.1:1/0"}


def a_run(data: Path, pid: int | None = None) -> run_json.RunJson:
    return run_json.RunJson(pid=pid or os.getpid(), data=str(data), urls=URLS)


def test_what_is_written_is_read_and_only_by_the_owner(tmp_path: Path) -> None:
    file = run_json.write(a_run(tmp_path).with_pids({"http": 7}))

    assert run_json.read(file) == run_json.RunJson(pid=os.getpid(), data=str(tmp_path), urls=URLS, pids={"http": 7})
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_final_file_takes_the_place_of_the_starting_one(tmp_path: Path) -> None:
    starting = run_json.write(a_run(tmp_path), starting=True)
    assert run_json.read(run_json.path(tmp_path)) is None
    assert run_json.read(starting) is not None

    run_json.write(a_run(tmp_path))

    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


def test_a_file_of_a_dead_runner_or_with_nonsense_is_no_run(tmp_path: Path) -> None:
    assert run_json.read(run_json.write(a_run(tmp_path, pid=2**22 + 1))) is None
    for text in ("", "{", "[]", json.dumps({"pid": "x"})):
        run_json.path(tmp_path).write_text(text)
        assert run_json.read(run_json.path(tmp_path)) is None


def test_a_removed_run_leaves_no_file(tmp_path: Path) -> None:
    run_json.write(a_run(tmp_path), starting=True)
    run_json.write(a_run(tmp_path))

    run_json.remove(tmp_path)
    run_json.remove(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_has_one_runner_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(data_lock.DataInUse, match=f"pid {os.getpid()}")
    with data_lock.hold(tmp_path), refused, data_lock.hold(tmp_path):
        pass

    with data_lock.hold(tmp_path):
        pass
