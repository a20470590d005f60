"""What the SMTP mailer and its twin promise alike, and what the wire looks like."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from infra.mail.smtp import SmtpMailer
from infra.memory.mail import MemoryMailer
from infra.ports import Mail, Mailer, OutcomeUnknown, ProviderRefused, ProviderUnavailable
from tests.standins.mail.sink import Sink, running_sink

SENDER = "Te Lo Compro <shop@example.test>"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@pytest.fixture
def sink(shared: Sink) -> Sink:
    httpx2.delete(f"{shared.http}/messages")
    return shared


class Post:
    """A mailer and what has arrived through it."""

    def __init__(self, mailer: Mailer, sink: Sink | None) -> None:
        self.mailer = mailer
        self._sink = sink

    def arrived(self, to: str) -> list[tuple[str, int]]:
        """Subjects, and how often each was delivered."""
        if isinstance(self.mailer, MemoryMailer):
            found = self.mailer.delivered.items()
            return [(mail.subject, self.mailer.attempts[key]) for key, mail in found if mail.to == to]
        assert self._sink is not None
        return [(each["subject"], each["deliveries"]) for each in self._sink.messages(to)["messages"]]


@pytest.fixture(params=["twin", "real"])
def post(request: pytest.FixtureRequest, sink: Sink) -> Post:
    return Post(MemoryMailer() if request.param == "twin" else SmtpMailer(sink.smtp, SENDER), sink)


async def test_a_letter_arrives(post: Post) -> None:
    await post.mailer.send(Mail("ana@example.test", "Tu pedido está en camino ✓", "texto", "<p>h</p>"), "k1")
    assert post.arrived("ana@example.test") == [("Tu pedido está en camino ✓", 1)]


async def test_a_repeat_of_the_same_key_is_recognised(post: Post) -> None:
    for key in ("k1", "k1", "k2"):
        await post.mailer.send(Mail("ana@example.test", key, "texto", "<p>h</p>"), key)
    assert sorted(post.arrived("ana@example.test")) == [("k1", 2), ("k2", 1)]


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("ana", "mail.address_invalid"),
        ("ana@example.test, leo@example.test", "mail.address_invalid"),
        ("ana@example.test\r\nBcc: all@example.test", "mail.address_invalid"),
        ("añá@example.test", "mail.address_invalid"),
    ],
)
async def test_what_is_no_single_address_is_refused(post: Post, to: str, code: str) -> None:
    with pytest.raises(ProviderRefused, match=code):
        await post.mailer.send(Mail(to, "s", "t", "h"), "k1")


async def test_a_subject_can_not_bring_headers(post: Post) -> None:
    with pytest.raises(ProviderRefused, match=r"mail\.header_invalid"):
        await post.mailer.send(Mail("ana@example.test", "s\r\nBcc: all@example.test", "t", "h"), "k1")
    assert post.arrived("all@example.test") == []


async def test_text_and_html_travel_as_utf_8(sink: Sink) -> None:
    await SmtpMailer(sink.smtp, SENDER).send(Mail("ana@example.test", "s", "¡Añá! 😀", "<p>¡Añá! 😀</p>"), "k1")
    [message] = sink.messages("ana@example.test")["messages"]
    assert (message["text"], message["html"]) == ("¡Añá! 😀\n", "<p>¡Añá! 😀</p>\n")


def test_the_message_id_comes_from_the_key_and_does_not_show_it() -> None:
    one, other = (SmtpMailer("smtp://127.0.0.1:1", SENDER) for _ in range(2))
    assert one.message_id("order-1") == other.message_id("order-1") != one.message_id("order-2")
    assert "order-1" not in one.message_id("order-1")


async def test_a_dead_address_is_refused_for_good(sink: Sink) -> None:
    with pytest.raises(ProviderRefused, match=r"mail\.status_550") as refused:
        await SmtpMailer(sink.smtp, SENDER).send(Mail("refused@example.test", "s", "t", "h"), "k1")
    assert "refused@" not in str(refused.value)


async def test_a_server_that_is_not_there_did_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mailer = SmtpMailer(f"smtp://127.0.0.1:{unused.getsockname()[1]}", SENDER)
        with pytest.raises(ProviderUnavailable):
            await mailer.send(Mail("ana@example.test", "s", "t", "h"), "k1")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([], ProviderUnavailable),  # says nothing at all
        (["220 ready", "250 hello", "451 try later"], ProviderUnavailable),
        (["220 ready", "250 hello", "250 ok", "250 ok", "354 go on"], OutcomeUnknown),  # never says that it has it
        (["220 ready", "250 hello", "250 ok", "250 ok", "354 go on", "452 full"], ProviderUnavailable),
        (["220 ready", "250 hello", "250 ok", "250 ok", "354 go on", "554 spam"], ProviderRefused),
    ],
)
async def test_what_the_server_says_last_decides(script: list[str], error: type[Exception]) -> None:
    async with _scripted(script) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER, seconds=0.3)
        with pytest.raises(error):
            await mailer.send(Mail("ana@example.test", "s", "t", "h"), "k1")


async def test_the_next_letter_takes_the_same_connection() -> None:
    script = ["220 ready", "250 hello", *(["250 ok", "250 ok", "354 go on", "250 kept"] * 2)]
    async with _scripted(script) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER, seconds=2.0, kept=1)
        for key in ("k1", "k2"):
            await mailer.send(Mail("ana@example.test", "s", "t", "h"), key)
        await mailer.aclose()


async def test_a_connection_that_the_server_has_left_is_replaced(sink: Sink) -> None:
    mailer = SmtpMailer(sink.smtp, SENDER, kept=1)
    await mailer.send(Mail("ana@example.test", "s1", "t", "h"), "k1")
    mailer._resting[0][0].transport.abort()  # type: ignore[union-attr]  # as when the server restarts
    await mailer.send(Mail("ana@example.test", "s2", "t", "h"), "k2")
    await mailer.aclose()
    assert sorted(each["deliveries"] for each in sink.messages("ana@example.test")["messages"]) == [1, 1]


@pytest.mark.parametrize("url", ["", "http://host", "smtp://", "mail.example.test:25"])
def test_a_url_that_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        SmtpMailer(url, SENDER)


@asynccontextmanager
async def _scripted(script: list[str]) -> AsyncIterator[int]:
    """A server that says these lines, one for each thing that it is told, and then waits for the caller to hang up."""
    hung_up = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in script:
            writer.write(line.encode() + b"\r\n")
            end = b"\r\n.\r\n" if line.startswith("354") else b"\r\n"
            with suppress(asyncio.IncompleteReadError):
                await reader.readuntil(end)
        await reader.read()
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        yield port
        async with asyncio.timeout(2):
            await hung_up.wait()
