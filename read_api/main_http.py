"""REST on 3001 and GraphQL on 3002, in one process: `python -m read_api.main_http [--only rest|graphql]`."""

import argparse
import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from infra.clock import SystemClock
from infra.collector import settle
from infra.observability.logs import configure, logger
from infra.observability.requests import AccessLog, RequestLog
from infra.open_files import allow_most
from infra.resilience.buckets import Buckets
from infra.resilience.load import Load
from infra.resilience.shedding import HEALTH, Shedding
from infra.security import jwks
from infra.security.headers import SecurityHeaders
from infra.security.tokens import SigningKey, Verifier
from infra.settings import Settings, read_settings
from projections.main import build_document_at, open_readers, touching
from projections.order_tracking.view import Found, OrderTracking
from read_api.graphql import playground
from read_api.graphql import refusals as graphql_refusals
from read_api.graphql.app import Door
from read_api.graphql.compiled.queries import Queries
from read_api.graphql.context import Platform
from read_api.graphql.schema import build_schema
from read_api.graphql.subscriptions import Subscriptions
from read_api.kept.answers import Answers
from read_api.kept.changes import Changes
from read_api.kept.documents import Documents
from read_api.kept.front import Front, Questions
from read_api.rest import app as rest
from read_api.rest import pages
from read_api.rest import refusals as rest_refusals
from read_api.rest.operation import AsOf
from write_model.main import WriteModel, build, build_api

HOST = "127.0.0.1"
ORIGINS = ("https://telocompro.com", "https://admin.telocompro.com")
PATHS = ("/graphql", "/graphql/", "/api/v1/graphql", "/api/v1/graphql/")
SHOWN = ("Consistency-Token", "Retry-After", "X-Request-Id")  # to scripts of other origins
DRAIN_SECONDS = 5
REST, GRAPHQL = "rest", "graphql"
CANCEL_AGAIN_SECONDS = 0.2
REST_KEPT = Questions("GET", rest.kept)
GRAPHQL_KEPT = Questions("POST", lambda path: path if path in PATHS else None)


class Server(uvicorn.Server):
    """One of two in a process: signals are the main's business, so that both end and then the stores close."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def applications(settings: Settings) -> AsyncIterator[dict[str, ASGIApp]]:
    """Both doors over one write model and one set of readers. Raises SettingsMissing, SettingsInvalid."""
    async with AsyncExitStack() as stack:
        write = await stack.enter_async_context(build(settings))
        commands = await stack.enter_async_context(build_api(settings, write, origins=ORIGINS))
        readers = await stack.enter_async_context(open_readers(settings, SystemClock()))
        signing_key = SigningKey.from_pem(settings.secrets.signing_key_pem())
        verifier = Verifier(jwks.document([signing_key.public]))
        changes = Changes(touching(write.reader, write.decode), readers.freshness, SystemClock())
        await stack.enter_async_context(_following(changes))
        platform = Platform(readers, write.bus, write.clock, write.ids, as_of(write), Documents(readers, changes))
        ahead = partial(
            Front,
            answers=Answers(changes),
            verifier=verifier,
            clock=write.clock,
            new_id=write.ids.new,
            say=AccessLog(),
        )
        reads = rest.operations(readers, verifier, platform.as_of)
        contract = pages.merged(commands.openapi(), reads)
        pictures = settings.runtime.data / "images"
        commands.router.routes[:0] = [*pages.routes(contract, pictures), *rest.routes(reads), *rest.health(readers)]
        yield {
            REST: ahead(commands, questions=REST_KEPT),
            GRAPHQL: ahead(graphql(platform, verifier), questions=GRAPHQL_KEPT),
        }


@asynccontextmanager
async def _following(changes: Changes) -> AsyncIterator[None]:
    """Hear of changes while the block runs."""
    running = asyncio.create_task(changes.run())
    try:
        yield
    finally:
        while not running.done():  # drivers may swallow a cancellation
            running.cancel()
            await asyncio.wait([running], timeout=CANCEL_AGAIN_SECONDS)


def as_of(write: WriteModel) -> AsOf:
    """An order as it was known at a position or a moment."""

    async def at(order: OrderTracking, moment: int | datetime) -> Found[OrderTracking] | None:
        return await build_document_at(order.id, moment, write.reader, write.decode, order)

    return at


def graphql(platform: Platform, verifier: Verifier) -> Starlette:
    """The schema's door with its page, under the same headers and logs as REST."""
    schema = build_schema()
    subscriptions = Subscriptions(schema, platform, verifier, ORIGINS)
    door = Door(Queries(schema), platform, verifier, playground.PAGE, subscriptions)

    async def start(request: Request) -> Response:
        return Response(playground.START, media_type="text/javascript")

    return Starlette(
        routes=[
            Route(f"{playground.ASSETS}/start.js", start),
            Mount(playground.ASSETS, StaticFiles(directory=playground.assets())),
            *rest.health(platform.readers),
            *(route for path in PATHS for route in (Route(path, door), WebSocketRoute(path, door))),
        ],
        middleware=[
            Middleware(RequestLog, new_id=platform.ids.new),
            Middleware(SecurityHeaders),
            Middleware(
                CORSMiddleware,
                allow_origins=ORIGINS,
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=SHOWN,
            ),
        ],
    )


async def serve(settings: Settings, wanted: Sequence[str]) -> None:
    """Until SIGTERM or SIGINT; then requests under way are finished."""
    ports = {REST: settings.ports.rest, GRAPHQL: settings.ports.graphql}
    load = Load(settings.limits.at_once, lambda refused: logger().warning("too much to do", refused=refused))
    async with applications(settings) as applied:
        doors = shedding(settings, load, applied)
        servers = [Server(config(doors[name], ports[name])) for name in wanted]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, servers)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(load.watch())
            serving = [tasks.create_task(server.serve()) for server in servers]
            for server in servers:
                await server.up.wait()
            settle()
            print("ready http", flush=True)  # noqa: T201 the runner waits for this line
            await asyncio.wait(serving)
            watching.cancel()


def shedding(settings: Settings, load: Load, doors: Mapping[str, ASGIApp]) -> dict[str, ASGIApp]:
    """Both share what this process can do, and what each client may ask for."""
    limits = settings.limits
    people = Buckets(limits.person_rate, limits.person_burst)
    addresses = Buckets(limits.address_rate, limits.address_burst)
    always = [f"{prefix}{path}" for prefix in ("", rest.PREFIX) for path in HEALTH]
    told = {REST: rest_refusals.told, GRAPHQL: graphql_refusals.told}
    return {
        name: Shedding(app, load, people, addresses, told[name], origins=ORIGINS, always=always)
        for name, app in doors.items()
    }


def config(app: ASGIApp, port: int) -> uvicorn.Config:
    """How both are served."""
    return uvicorn.Config(
        app,
        host=HOST,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws_max_size=65_536,
    )


def _end(servers: Sequence[Server]) -> None:
    for server in servers:
        server.should_exit = True


def main() -> None:
    """Read the settings, serve, end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=(REST, GRAPHQL), help="one of the two doors")
    only = parser.parse_args().only
    configure("http", batched=True)
    allow_most()
    uvloop.run(serve(read_settings(), [only] if only else [REST, GRAPHQL]))


if __name__ == "__main__":
    main()
