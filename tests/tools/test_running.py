"""Do subcommands find the stores that run, or have their own for as long as they need them?"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.embedded import data_lock, run_json
from infra.settings import SettingsMissing
from tests.kit.stack import Stores
from tools import running

pytestmark = pytest.mark.integration


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith(("TELOCOMPRO_", "KEYS_"))]:
        monkeypatch.delenv(name)
    folder = Path(tempfile.mkdtemp(prefix="tlc-running-"))
    folder.chmod(0o711)
    monkeypatch.setenv("TELOCOMPRO_DATA", str(folder / "data"))
    yield folder / "data"
    shutil.rmtree(folder)


def the_run(data: Path, stores: Stores) -> run_json.RunJson:
    data.mkdir(parents=True, exist_ok=True)
    urls = {"postgres": stores.postgres_url, "keys": stores.keys_url}
    return run_json.RunJson(
        pid=os.getpid(), data=str(data), urls={**urls, "redis": stores.redis_url, "mongo": stores.mongo_url}
    )


@pytest.mark.parametrize("starting", [False, True])
def test_the_stores_of_a_run_are_used_as_they_are(data: Path, stores: Stores, starting: bool) -> None:
    run_json.write(the_run(data, stores), starting)

    with running.stores() as settings:
        assert settings.stores.postgres_url == stores.postgres_url
        assert len(settings.secrets.kek_bytes()) == 32


def test_without_a_run_there_are_own_stores_that_end_with_the_block(data: Path) -> None:
    with running.stores() as settings:
        with psycopg.connect(settings.stores.postgres_url) as connection:
            assert connection.execute("select to_regclass('log.events') is not null").fetchone() == (True,)
        with pytest.raises(data_lock.DataInUse), running.stores():
            pass

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(settings.stores.postgres_url)
    assert run_json.read(run_json.path(data)) is None


def test_own_stores_end_also_when_the_block_fails(data: Path) -> None:
    with pytest.raises(ZeroDivisionError), running.stores(migrated=False) as settings:
        raise ZeroDivisionError

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(settings.stores.postgres_url)


def test_urls_of_the_environment_need_no_run(data: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_POSTGRES_URL", stores.postgres_url)
    with pytest.raises(SettingsMissing, match="KEYS_DATABASE_URL"), running.stores():
        pass
    monkeypatch.setenv("KEYS_DATABASE_URL", stores.keys_url)
    monkeypatch.setenv("TELOCOMPRO_REDIS_URL", stores.redis_url)
    monkeypatch.setenv("TELOCOMPRO_MONGO_URL", stores.mongo_url)

    with running.stores() as settings:
        assert settings.stores.mongo_url == stores.mongo_url
