"""Does the sink keep what it takes, within its bounds?"""

from collections.abc import Iterator

import httpx2
import pytest

from infra.mail.smtp import SmtpMailer
from infra.ports import Mail
from tests.standins.mail.sink import KEPT, Sink, running_sink


@pytest.fixture(scope="module")
def shared() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


@pytest.fixture
def sink(shared: Sink) -> Sink:
    httpx2.delete(f"{shared.http}/messages")
    return shared


def a_mail(to: str = "ana@example.test", subject: str = "Hola") -> Mail:
    return Mail(to, subject, "texto", "<p>texto</p>")


async def test_a_message_is_found_by_its_recipient(sink: Sink) -> None:
    mailer = SmtpMailer(sink.smtp, "shop@example.test")
    await mailer.send(a_mail(), "k1")
    await mailer.send(a_mail("leo@example.test"), "k2")
    [message] = sink.messages("ANA@example.test")["messages"]
    assert (message["recipients"], message["subject"], message["text"]) == (["ana@example.test"], "Hola", "texto\n")
    assert sink.messages("nobody@example.test")["messages"] == []


async def test_a_repeat_is_counted_and_not_kept_twice(sink: Sink) -> None:
    mailer = SmtpMailer(sink.smtp, "shop@example.test")
    for _ in range(3):
        await mailer.send(a_mail(), "k1")
    found = sink.messages()
    assert (found["messages"][0]["deliveries"], found["repeated"], len(found["messages"])) == (3, 2, 1)


async def test_only_the_newest_are_kept(sink: Sink) -> None:
    mailer = SmtpMailer(sink.smtp, "shop@example.test")
    for number in range(KEPT + 5):
        await mailer.send(a_mail(subject=f"n{number}"), f"k{number}")
    subjects = [message["subject"] for message in sink.messages()["messages"]]
    assert subjects == [f"n{number}" for number in range(KEPT + 4, 4, -1)]


async def test_people_see_the_letters_and_no_script_runs(sink: Sink) -> None:
    mailer = SmtpMailer(sink.smtp, "shop@example.test")
    await mailer.send(Mail("ana@example.test", "<b>s</b>", "t", "<p>hola</p><script>x</script>"), "k1")
    page = httpx2.get(f"{sink.http}/")
    assert "&lt;b&gt;s&lt;/b&gt;" in page.text
    number = sink.messages()["messages"][0]["id"]
    letter = httpx2.get(f"{sink.http}/messages/{number}/html")
    assert "hola" in letter.text
    assert letter.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    ("path", "status"), [("/messages/99999", 404), ("/messages/x", 422), ("/messages?limit=0", 422)]
)
def test_what_is_not_there_is_said(sink: Sink, path: str, status: int) -> None:
    assert httpx2.get(f"{sink.http}{path}").status_code == status
