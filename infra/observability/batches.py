"""How do log lines go out without one write each? They wait for a moment and go out together.

A line waits at most `seconds`. Failures go out at once with all that waits, and so does everything when the process
ends in order; a killed process takes the lines of its last moment with it.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

MOST_WAITING = 2_000  # lines; then whoever says one more writes them
BATCH_SECONDS = 0.2

Line = str | Callable[[], str]  # a callable is asked for its text when it goes out


class BatchedHandler(logging.Handler):
    """Takes records as a stream handler does, and lines that need no record. Its thread starts with the first line."""

    def __init__(self, stream: TextIO, seconds: float = BATCH_SECONDS) -> None:
        super().__init__()
        self._stream = stream
        self._seconds = seconds
        self._waiting: deque[Line] = deque()
        self._said = threading.Event()
        self._writing = threading.Lock()
        self._pid: int | None = None  # of the process whose thread writes

    def emit(self, record: logging.LogRecord) -> None:
        """Format now: what the record points to may change."""
        try:
            self.say(self.format(record))
            if record.levelno >= logging.ERROR:
                self.flush()
        except Exception:  # logging never ends what it tells about
            self.handleError(record)

    def say(self, line: Line) -> None:
        """One more line, without its end."""
        self._waiting.append(line)
        if not self._said.is_set():
            self._wake()
        if len(self._waiting) >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write all that waits. `logging.shutdown` calls it when the process ends."""
        with self._writing:
            lines: list[str] = []
            while self._waiting:
                line = self._waiting.popleft()
                lines.append(line if isinstance(line, str) else line())
            if lines:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()

    def _wake(self) -> None:
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._write_on, name="log lines", daemon=True).start()
        self._said.set()

    def _write_on(self) -> None:
        pause = threading.Event()
        while True:
            self._said.wait()
            pause.wait(self._seconds)
            self._said.clear()  # before the look: a line that comes after it wakes again
            try:
                self.flush()
            except (OSError, ValueError):  # nobody reads any more, or the stream is closed
                return
