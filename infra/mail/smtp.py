"""Mail by SMTP: handed to the next server once, recognisable when it is handed over again."""

import asyncio
import hashlib
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import formatdate, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from infra.ports import Mail, OutcomeUnknown, ProviderRefused, ProviderUnavailable

if TYPE_CHECKING:
    import aiosmtplib

TEMPORARY = range(400, 500)
TLS_PORT, PLAIN_PORT = 465, 25


class SmtpMailer:
    """`url` is smtp://[user:password@]host[:port], or smtps:// for TLS from the first byte.

    Plain connections take STARTTLS where the server offers it. Raises, beside the port's errors, ProviderRefused when
    the server (or the address itself) says no for good.
    """

    def __init__(self, url: str, sender: str, *, domain: str = "telocompro.local", seconds: float = 3.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the mail server's URL must begin with smtp:// or smtps:// and name a host")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (TLS_PORT if self._tls else PLAIN_PORT)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._domain = domain
        self._seconds = seconds

    def message_id(self, key: str) -> str:
        """The same key always gives the same id, and tells nothing of the key."""
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{self._domain}>"

    async def send(self, mail: Mail, key: str) -> None:
        import aiosmtplib

        letter = self._letter(mail, key)
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=self._seconds,
        )
        handing_over = False
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.mail(parseaddr(self._sender)[1])
                await client.rcpt(mail.to)
                handing_over = True
                await client.data(letter)
                handing_over = False
        except aiosmtplib.SMTPResponseException as answered:
            raise _said(answered) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as failed:
            if handing_over:
                raise OutcomeUnknown(f"mail: {type(failed).__name__} while the message was handed over") from None
            raise ProviderUnavailable(f"mail: {type(failed).__name__}", 1.0) from None
        finally:
            await _hang_up(client)

    def _letter(self, mail: Mail, key: str) -> bytes:
        """Raises ProviderRefused."""
        address = parseaddr(mail.to)[1]
        if address != mail.to or not address.isascii() or address.count("@") != 1:
            raise ProviderRefused("mail.address_invalid")
        letter = EmailMessage(policy=POLICY)
        try:
            letter["From"] = self._sender
            letter["To"] = mail.to
            letter["Subject"] = mail.subject
            letter["Date"] = formatdate()
            letter["Message-ID"] = self.message_id(key)
            letter.set_content(mail.text, charset="utf-8")
            letter.add_alternative(mail.html, subtype="html", charset="utf-8")
            return letter.as_bytes()
        except (ValueError, HeaderParseError, MessageError):
            raise ProviderRefused("mail.header_invalid") from None


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
