"""Mail by SMTP: handed to the next server once, recognisable when it is handed over again."""

import asyncio
import hashlib
import time
from binascii import b2a_qp
from collections import deque
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from infra.ports import Mail, OutcomeUnknown, ProviderRefused, ProviderUnavailable

if TYPE_CHECKING:
    import aiosmtplib

TEMPORARY = range(400, 500)
_LINE = "\r\n"
TLS_PORT, PLAIN_PORT = 465, 25
_CLOSING = 421  # the server ends the connection: it has taken nothing
_KEPT_SECONDS = 20.0  # that a connection may have rested: servers wait for minutes


class SmtpMailer:
    """`url` is smtp://[user:password@]host[:port], or smtps:// for TLS from the first byte.

    Plain connections take STARTTLS where the server offers it. Raises, beside the port's errors, ProviderRefused when
    the server (or the address itself) says no for good. `kept` connections stay open for the next letters: whoever
    wants that calls `aclose` at the end.
    """

    def __init__(
        self, url: str, sender: str, *, domain: str = "telocompro.local", seconds: float = 3.0, kept: int = 0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the mail server's URL must begin with smtp:// or smtps:// and name a host")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (TLS_PORT if self._tls else PLAIN_PORT)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._from = formataddr(parseaddr(sender))
        self._domain = domain
        self._seconds = seconds
        self._kept = kept
        self._resting: deque[tuple[aiosmtplib.SMTP, float]] = deque()  # since when

    async def aclose(self) -> None:
        """Leave all connections."""
        while self._resting:
            await _hang_up(self._resting.pop()[0])

    def message_id(self, key: str) -> str:
        """The same key always gives the same id, and tells nothing of the key."""
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{self._domain}>"

    async def send(self, mail: Mail, key: str) -> None:
        letter = self._letter(mail, key)
        until = asyncio.get_running_loop().time() + self._seconds
        while (resting := self._rested()) is not None:
            if await self._hand_over(resting, mail.to, letter, until, is_new=False):
                return
        await self._hand_over(self._client(), mail.to, letter, until, is_new=True)

    async def _hand_over(
        self, client: "aiosmtplib.SMTP", to: str, letter: bytes, until: float, *, is_new: bool
    ) -> bool:
        """False: the connection that had rested is no more, and nothing was handed over."""
        import aiosmtplib

        handing_over = done = False
        try:
            async with asyncio.timeout_at(until):
                if is_new:
                    await client.connect()
                await client.mail(parseaddr(self._sender)[1])
                await client.rcpt(to)
                handing_over = True
                await client.data(letter)
            done = True
        except aiosmtplib.SMTPResponseException as answered:
            if answered.code == _CLOSING and not is_new and not handing_over:
                return False
            raise _said(answered) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as failed:
            if handing_over:
                raise OutcomeUnknown(f"mail: {type(failed).__name__} while the message was handed over") from None
            if not is_new:
                return False
            raise ProviderUnavailable(f"mail: {type(failed).__name__}", 1.0) from None
        finally:
            if done and len(self._resting) < self._kept:
                self._resting.append((client, time.monotonic()))
            else:
                await _hang_up(client)
        return True

    def _client(self) -> "aiosmtplib.SMTP":
        import aiosmtplib

        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=self._seconds,
        )

    def _rested(self) -> "aiosmtplib.SMTP | None":
        """The connection that was used last, if there is one that may still be good."""
        while self._resting:
            client, since = self._resting.pop()
            if client.is_connected and since > time.monotonic() - _KEPT_SECONDS:
                return client
            client.close()
        return None

    def _letter(self, mail: Mail, key: str) -> bytes:
        """Raises ProviderRefused."""
        address = parseaddr(mail.to)[1]
        if address != mail.to or not address.isascii() or address.count("@") != 1:
            raise ProviderRefused("mail.address_invalid")
        if any(ord(each) < ord(" ") for each in mail.subject):
            raise ProviderRefused("mail.header_invalid")
        boundary = f"=_{hashlib.sha256(key.encode()).hexdigest()[:32]}_="
        head = (
            f"From: {self._from}",
            f"To: {mail.to}",
            f"Subject: {_words(mail.subject)}",
            f"Date: {formatdate()}",
            f"Message-ID: {self.message_id(key)}",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
        )
        bodies = (("plain", mail.text), ("html", mail.html))
        parts = (f"--{boundary}{_LINE}{_part(kind, text)}" for kind, text in bodies)
        return _LINE.join((*head, "", *parts, f"--{boundary}--", "")).encode("ascii")


def _words(text: str) -> str:
    """As a header carries them: encoded where they are not ASCII, or would be taken for encoded ones."""
    charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, maxlinelen=76, header_name="Subject").encode(linesep=_LINE)


def _part(kind: str, text: str) -> str:
    """One part, in quoted-printable: it can be read, and its lines are short."""
    lines = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    body = b2a_qp(lines.encode(), istext=True).decode("ascii")
    head = (f'Content-Type: text/{kind}; charset="utf-8"', "Content-Transfer-Encoding: quoted-printable", "", "")
    return _LINE.join(head) + _LINE.join(body.splitlines()) + _LINE


def _said(answered: "aiosmtplib.SMTPResponseException") -> Exception:
    """The server's word, by its code only: its text may quote the address."""
    if answered.code in TEMPORARY:
        return ProviderUnavailable(f"mail: status {answered.code}", 1.0)
    return ProviderRefused(f"mail.status_{answered.code}")


async def _hang_up(client: "aiosmtplib.SMTP") -> None:
    """Politely when that is quick; what the server says to it changes nothing."""
    import aiosmtplib

    try:
        if client.is_connected:
            async with asyncio.timeout(0.5):
                await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()
