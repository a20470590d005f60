"""Does the checker read every letter of a sink whose numbers have gaps? What comes again takes a number, too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.checker.outside import PAGE, read_mails


@contextmanager
def a_sink(numbers: list[int]) -> Iterator[str]:
    """As the mail stand-in answers: the newest page, and each letter by its number."""

    class Sink(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, _ = self.path.partition("?")
            number = path.removeprefix("/messages").strip("/")
            newest = [{"id": each} for each in sorted(numbers, reverse=True)[:PAGE]]
            said = {"id": int(number)} if number else {"messages": newest, "kept": len(numbers)}
            self.send_response(404 if number and int(number) not in numbers else 200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_letters_before_the_newest_page_are_read_across_gaps() -> None:
    numbers = [1, 2, 4, *range(7, 7 + PAGE)]

    with a_sink(numbers) as url:
        read = read_mails(url)

    assert sorted(message["id"] for message in read.arrived) == numbers
    assert read.is_all


def test_an_empty_sink_has_no_letters() -> None:
    with a_sink([]) as url:
        assert read_mails(url).arrived == []
