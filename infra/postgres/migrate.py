"""How do the databases get their tables? Alembic, one runner at a time; then the log's next partitions."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from infra.event_log.partitions import make_ahead

_FOLDER = Path(__file__).parents[1] / "event_log" / "migrations"
_LOCK = 0x7E10C0  # of pg_advisory_lock, in each database


def migrate(postgres_url: str, keys_url: str) -> None:
    """Bring both databases to the newest revision. A second run, even at the same time, changes nothing."""
    _upgrade(postgres_url, _FOLDER / "versions", partitions=True)
    _upgrade(keys_url, _FOLDER / "keys", partitions=False)


def _upgrade(url: str, versions: Path, *, partitions: bool) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        try:
            command.upgrade(_config(connection, versions), "head")
            connection.commit()
            if partitions:
                driver = connection.connection.driver_connection
                assert driver is not None
                make_ahead(driver)
                connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()
    engine.dispose()


def _config(connection: Connection, versions: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config
