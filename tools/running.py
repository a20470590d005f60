"""Where are the stores? Those of the run that is up, else embedded ones that start for this block and stop after it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded import data_lock, run_json, secret_file, servers
from infra.embedded.lifeline import Lifeline
from infra.settings import Settings, data_folder, read_settings, settings_of, store_urls


@contextmanager
def stores(settings: Settings | None = None, migrated: bool = True) -> Iterator[Settings]:
    """Settings whose stores answer; the given ones, if any. Own servers are brought to this release first.

    Raises DataInUse, NothingFits, ServerFailed, SettingsMissing, SettingsInvalid.
    """
    if settings is not None:
        yield settings
        return
    data = data_folder()
    secret_file.read_or_make(data)
    if len(store_urls()) == 4 or _is_up(data):
        yield read_settings()
        return
    with data_lock.hold(data), Lifeline() as lifeline:
        running = servers.start(data, lifeline, store_urls())
        try:
            found = settings_of(described(data, running), data)
            if migrated:
                migrate(found)
            yield found
        finally:
            running.stop()


def _is_up(data: Path) -> bool:
    """Is there a run whose stores answer, be it still starting?"""
    for name in (run_json.NAME, run_json.STARTING):
        run = run_json.read(data / name)
        if run is not None and run.urls:
            return True
    return False


def described(data: Path, running: servers.Running) -> run_json.RunJson:
    """What a run with these stores tells about itself."""
    return run_json.RunJson(
        pid=os.getpid(),
        data=str(data),
        urls=running.urls,
        pids={server.name: server.pid for server in running.servers},
        folders={server.name: str(server.folder) for server in running.servers},
        versions={server.name: server.version for server in running.servers},
    )


def migrate(settings: Settings) -> None:
    """Bring both databases to this release. Loads its libraries only now."""
    from infra.postgres.migrate import migrate as bring

    bring(settings.stores.postgres_url, settings.stores.keys_url)
