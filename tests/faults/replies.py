"""Which bytes from a server say that something was done for good? For PostgreSQL's appends, and for HTTP commands.

PostgreSQL speaks in frames: one letter, four bytes of length, the rest. The append's connection is known by the
statement that it prepares; what it executes is committed at the next "ready" without an error before it. One row tells
the position; another row stands for each command that was not accepted.
"""

APPEND = b"from log.append("
EXECUTES = b"\x00append\x00"  # the unnamed portal, then the name of the statement
ROW, COMPLETE, FAILED, READY = b"D", b"C", b"E", b"Z"
HEADER = 5  # bytes
COMMANDS = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


class Appends:
    """Reads along on a connection to PostgreSQL."""

    def __init__(self) -> None:
        self._prepared = False
        self._under_way = 0
        self._rest = b""
        self._completed = self._failed = False
        self._rows = 0

    @property
    def awaits(self) -> bool:
        return self._under_way > 0

    def sent(self, data: bytes) -> None:
        if not self._prepared:
            self._prepared = APPEND in data
        else:
            self._under_way += data.count(EXECUTES)

    def heard(self, data: bytes) -> bool:
        """True when these bytes complete the answer to a batch that was accepted as a whole."""
        if not self._prepared:
            return False
        committed = False
        self._rest += data
        while len(self._rest) >= HEADER:
            length = 1 + int.from_bytes(self._rest[1:HEADER])
            if len(self._rest) < length:
                break
            committed |= self._frame(self._rest[:1])
            self._rest = self._rest[length:]
        return committed

    def _frame(self, kind: bytes) -> bool:
        if kind == ROW:
            self._rows += 1
        elif kind == COMPLETE:
            self._completed = True
        elif kind == FAILED:
            self._failed = True
        elif kind == READY:
            committed = self._completed and not self._failed and self._rows == 1 and self._under_way > 0
            self._completed, self._failed, self._rows = False, False, 0
            self._under_way = max(0, self._under_way - 1)
            return committed
        return False


class HttpCommands:
    """Reads along on a connection to a door: which answers say that a command was accepted?"""

    def __init__(self) -> None:
        self._awaits = False

    @property
    def awaits(self) -> bool:
        return self._awaits

    def sent(self, data: bytes) -> None:
        self._awaits = self._awaits or data.startswith(COMMANDS)

    def heard(self, data: bytes) -> bool:
        """True at the first bytes of an answer of 2xx to a command: it is stored by then."""
        if not self._awaits or not data.startswith(b"HTTP/1.1 "):
            return False
        self._awaits = False
        return data[9:10] == b"2"
