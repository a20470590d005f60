"""Run the Stripe stand-in: `python -m tools.standins.stripe.main --port P --data FILE [--webhook-url URL]`."""

import argparse
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from infra.collector import settle
from tools.standins.stripe.app import Webhook, build

HOST = "127.0.0.1"
SECRET_VARIABLE = "STRIPE_WEBHOOK_SECRET"  # noqa: S105  (a name, so that the secret stands in no process list)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    webhook = None
    if options.webhook_url:
        webhook = Webhook(options.webhook_url, options.webhook_secret, options.webhook_type or ("*",))
    options.data.parent.mkdir(parents=True, exist_ok=True)
    app = build(options.data, webhook)
    Server(uvicorn.Config(app, host=HOST, port=options.port, log_level="critical", ws="none", loop="uvloop")).run()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A double of Stripe's API on 127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="SQLite file, made when it is not there")
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-type", action="append", help="of the events that it wants; none given: all")
    parser.add_argument(
        "--webhook-secret", default=os.environ.get(SECRET_VARIABLE), help=f"or in {SECRET_VARIABLE} (better)"
    )
    options = parser.parse_args(arguments)
    if options.webhook_url and not options.webhook_secret:
        parser.error("a webhook URL needs a secret: nobody may take an unsigned webhook")
    return options


class Server(uvicorn.Server):
    """Says when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            settle()
            print("ready stripe", flush=True)


if __name__ == "__main__":
    main()
