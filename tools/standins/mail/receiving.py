"""The SMTP side of the sink: takes every message for everybody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.standins.mail.inbox import Inbox

LARGEST = 10_000_000
REFUSED = "refused@"  # a recipient that begins so is refused for good, as a dead address is


class Receiver:
    """What aiosmtpd calls, by its names."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith(REFUSED):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        self._inbox.keep(envelope.mail_from or "", envelope.rcpt_tos, raw)
        return "250 OK: kept"


@asynccontextmanager
async def receiving(inbox: Inbox, host: str, port: int) -> AsyncIterator[None]:
    """Listen while the block runs."""
    receiver = Receiver(inbox)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(receiver, hostname="mail.sink", ident="mail sink", data_size_limit=LARGEST, enable_SMTPUTF8=True),
        host,
        port,
    )
    try:
        yield
    finally:
        server.close()
