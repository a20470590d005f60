"""A receiver of webhooks that keeps what comes, and may refuse the first ones."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response

from infra.stripe.webhook import verified

SECRET = "whsec_of_the_tests"


@dataclass
class Receiver:
    """`events` are verified with `secret`; `refuse` makes so many answers a 500."""

    events: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[bytes, str]] = field(default_factory=list)
    refuse: int = 0
    secret: str = SECRET

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/hook")
        async def hook(request: Request) -> Response:
            raw, header = await request.body(), request.headers["stripe-signature"]
            self.raw.append((raw, header))
            if self.refuse:
                self.refuse -= 1
                return Response(status_code=500)
            self.events.append(verified(raw, header, [self.secret], datetime.now(UTC), tolerance=10_000))
            return Response(status_code=200)

        return app

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    async def until(self, count: int, seconds: float = 5.0) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while len(self.events) < count:
            assert asyncio.get_running_loop().time() < deadline, f"only {self.types} came"
            await asyncio.sleep(0.01)
