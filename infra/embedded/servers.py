"""How do all stores come up? URLs that are set are used, the rest is started here, side by side."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.embedded import mongo, postgres, redis
from infra.embedded.kept import Server
from infra.embedded.lifeline import Lifeline

Starter = Callable[[Path, Lifeline], Server]
_STARTERS: Mapping[str, Starter] = {"postgres": postgres.start, "mongo": mongo.start, "redis": redis.start}
_AT_A_PORT: Mapping[str, Callable[[Path, Lifeline, int | None], Server]] = {"mongo": mongo.start, "redis": redis.start}


@dataclass(slots=True)
class Running:
    """The stores of a run, by URL, and those of them that this runner has to stop."""

    urls: Mapping[str, str]  # postgres, keys, redis, mongo
    servers: Sequence[Server]

    @property
    def dead(self) -> Sequence[Server]:
        """Servers that ended by themselves."""
        return [server for server in self.servers if not server.kept.alive]

    def revive(self, server: Server, data: Path, lifeline: Lifeline) -> None:
        """Start a dead one again, at its old address. Raises ServerFailed, NothingFits."""
        if server.name == "postgres":
            again = postgres.start(data, lifeline, postgres.socket_of(server.url))
        else:
            again = _AT_A_PORT[server.name](data, lifeline, urlsplit(server.url).port)
        self.servers = [again if old is server else old for old in self.servers]

    def stop(self) -> None:
        """All at once. Safe to call again."""
        with ThreadPoolExecutor(max(1, len(self.servers))) as pool:
            list(pool.map(Server.stop, self.servers))


def start(
    data: Path, lifeline: Lifeline, given: Mapping[str, str] | None = None, tell: Callable[[Server], None] | None = None
) -> Running:
    """Start every store whose URL is not `given` (postgres, keys, redis, mongo). All or none.

    Raises NothingFits, ServerFailed.
    """
    urls = {name: url for name, url in (given or {}).items() if url}
    data.mkdir(parents=True, exist_ok=True)
    missing = [name for name in _STARTERS if name not in urls]
    servers: list[Server] = []
    failures: list[BaseException] = []
    with ThreadPoolExecutor(len(_STARTERS)) as pool:
        begun = [pool.submit(_STARTERS[name], data, lifeline) for name in missing]
        for future in begun:
            failure = future.exception()
            if failure is not None:
                failures.append(failure)
                continue
            servers.append(future.result())
            if tell is not None:
                tell(servers[-1])
    running = Running(_urls(urls, servers), servers)
    if failures:
        running.stop()
        raise failures[0]
    return running


def _urls(given: Mapping[str, str], servers: Sequence[Server]) -> Mapping[str, str]:
    urls = {**{server.name: server.url for server in servers}, **given}
    if "postgres" in urls and "keys" not in urls:
        urls["keys"] = postgres.named(urls["postgres"], postgres.KEYS_DATABASE)
    return urls
