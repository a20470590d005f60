"""Run the mail sink: `python -m tools.standins.mail.main --smtp-port P --http-port H [--data FILE]`."""

import argparse
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from infra.collector import settle
from tools.standins.mail.app import build
from tools.standins.mail.inbox import Inbox
from tools.standins.mail.receiving import receiving

HOST = "127.0.0.1"


class Server(uvicorn.Server):
    """Says when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            settle()
            print("ready mail", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Takes mail for everybody and shows it")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="SQLite file, made when it is not there (else: in memory only)")
    options = parser.parse_args(arguments)
    if options.data is not None:
        options.data.parent.mkdir(parents=True, exist_ok=True)
    inbox = Inbox(options.data)
    app = build(inbox, lambda: receiving(inbox, HOST, options.smtp_port))
    Server(uvicorn.Config(app, host=HOST, port=options.http_port, log_level="critical", ws="none")).run()


if __name__ == "__main__":
    main()
