"""One session's side of PostgreSQL's protocol 3.0, without a socket: bytes from a client in, bytes for it out.

Lengths are walked and rows counted, so that a client waits for true acknowledgements; values are not looked at.
Source: PostgreSQL 17 manual, 55 (frontend/backend protocol) and COPY (binary format).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct

from bench.engines.null.introspection import COLUMN, COLUMNS, INT8, INT8_ARRAY
from bench.engines.null.statements import (
    BEGINS,
    BIGINT,
    ENDS,
    ROLLBACK,
    SEARCH_PATH,
    TEXT,
    Kind,
    Statement,
    UnansweredError,
    understand,
)

PROTOCOL, CANCEL, SSL, GSS = 196608, 80877102, 80877103, 80877104
INT16, INT32, HEAD, ARRAY = Struct("!h"), Struct("!i"), Struct("!ci"), Struct("!iiIii")
REPORTED = {
    "server_version": "15.0 (pgladder null server)", "server_encoding": "UTF8", "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY", "TimeZone": "UTC", "integer_datetimes": "on", "standard_conforming_strings": "on",
}  # fmt: skip
COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
NOT_SUPPORTED, SYNTAX = "0A000", "08P01"


class EndedError(Exception):
    """The client ended the session."""


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Frame a message for the client."""
    return HEAD.pack(kind, len(body) + 4) + body


PARSED, BOUND, CLOSED, NO_DATA = message(b"1"), message(b"2"), message(b"3"), message(b"n")
COPY_IN = message(b"G", b"\0" + INT16.pack(0))
COPY_IN_BINARY = message(b"G", b"\1" + INT16.pack(0))


def complete(tag: str) -> bytes:
    """Acknowledge a statement."""
    return message(b"C", tag.encode() + b"\0")


def columns(statement: Statement) -> bytes:
    """Describe what rows a statement answers, if any."""
    described = [(name, TEXT, -1) for name, _ in statement.values]
    if statement.kind is Kind.TYPES:
        described = list(COLUMNS)
    if statement.kind is Kind.TABLE:
        described = [("device_id", BIGINT, 8), ("payload", TEXT, -1)]
    if not described:
        return NO_DATA
    fields = (name.encode() + b"\0" + COLUMN.pack(0, 0, kind, size, -1, 0) for name, kind, size in described)
    return message(b"T", INT16.pack(len(described)) + b"".join(fields))


def row(values: Sequence[bytes | None]) -> bytes:
    """Frame a row; None is null."""
    fields = (INT32.pack(-1) if value is None else INT32.pack(len(value)) + value for value in values)
    return message(b"D", INT16.pack(len(values)) + b"".join(fields))


@dataclass(slots=True)
class Copy:
    """Rows that arrive by COPY, counted as they do."""

    binary: bool
    extended: bool
    rows: int = 0
    rest: bytes = b""
    head: bool = True

    def take(self, data: bytes) -> None:
        """Count the rows of a piece; one that is cut goes on in the next."""
        if not self.binary:
            self.rows += data.count(b"\n")
            return
        data = self.rest + data
        at = 0
        if self.head:
            at = len(COPY_SIGNATURE) + 8
            if len(data) < at:
                self.rest = data
                return
            at += INT32.unpack_from(data, at - 4)[0]
            self.head = False
        self.rest = data[self._walk(data, at) :]

    def _walk(self, data: bytes, at: int) -> int:
        """Return where the last whole row ends."""
        size, length = len(data), INT32.unpack_from
        while at + 2 <= size:
            fields = INT16.unpack_from(data, at)[0]
            if fields < 0:  # the trailer
                return size
            end = at + 2
            for _ in range(fields):
                if end + 4 > size:
                    return at
                end += 4 + max(length(data, end)[0], 0)
            if end > size:
                return at
            self.rows += 1
            at = end
        return at


def _elements(body: bytes, at: int, *, binary: bool) -> int:
    """Count the elements of an array of numbers."""
    if binary:
        dimensions, _, _, elements, _ = ARRAY.unpack_from(body, at + 4)
        return int(elements) if dimensions else 0
    begin, end = at + 4, at + 4 + INT32.unpack_from(body, at)[0]
    return 0 if body[begin:end] == b"{}" else body.count(b",", begin, end) + 1


class Conversation:
    """What one client said so far, and what it is answered.

    Attributes:
        rows: that were acknowledged as committed; those of a transaction that failed or was given up never are.
        transactions: that committed any.

    """

    def __init__(self) -> None:
        self.rows = self.transactions = 0
        self._uncommitted = 0
        self._data = b""
        self._started = False
        self._failed = self._in_transaction = False
        self._settings = {"current_schema()": "public", "synchronous_commit": "off", "pg_advisory_unlock_all()": ""}
        self._statements: dict[bytes, Statement] = {}
        self._portals: dict[bytes, tuple[Statement, int]] = {}
        self._copy: Copy | None = None
        self._answers: dict[int, Callable[[bytes], bytes]] = {
            ord("Q"): self._query, ord("P"): self._parse, ord("B"): self._bind, ord("D"): self._describe,
            ord("E"): self._execute, ord("S"): self._sync, ord("C"): self._close, ord("H"): lambda _: b"",
            ord("d"): self._copy_data, ord("c"): self._copy_done, ord("f"): self._copy_fail, ord("X"): self._end,
        }  # fmt: skip

    def take(self, data: bytes) -> bytes:
        """Return the answers to what has arrived whole.

        Raises:
            EndedError: the client has ended the session, or speaks another protocol.

        """
        self._data = data = self._data + data
        answers: list[bytes] = []
        at, size = 0, len(data)
        while size - at >= 5 + 3 * (not self._started):
            head = at + self._started
            end = head + INT32.unpack_from(data, head)[0]
            if end > size:
                break
            if self._started:
                answers.append(self._answer(data[at], data[at + 5 : end]))
            else:
                answers.append(self._start(data[at + 4 : end]))
            at = end
        self._data = data[at:]
        return b"".join(answers)

    def _answer(self, kind: int, body: bytes) -> bytes:
        # After an error the extended protocol is deaf until the next Sync.
        if self._failed and kind not in b"SX":
            return b""
        if kind not in self._answers:
            raise EndedError
        try:
            return self._answers[kind](body)
        except UnansweredError as error:
            return self._fail(NOT_SUPPORTED, str(error), simple=kind == ord("Q"))

    def _start(self, body: bytes) -> bytes:
        code = INT32.unpack_from(body)[0]
        if code in {SSL, GSS}:
            return b"N"
        if code >> 16 != PROTOCOL >> 16:  # a cancel request too: there is nothing to cancel
            raise EndedError
        self._started = True
        self._set_schema(body[4:].decode(errors="replace"))
        reported = b"".join(message(b"S", f"{name}\0{value}\0".encode()) for name, value in REPORTED.items())
        return message(b"R", INT32.pack(0)) + reported + message(b"K", Struct("!ii").pack(1, 1)) + self._ready()

    def _ready(self) -> bytes:
        """End what was asked, and with it a transaction that nobody began."""
        if not self._in_transaction:
            self._commit()
        return message(b"Z", b"T" if self._in_transaction else b"I")

    def _commit(self) -> None:
        """Count what the transaction that ends here wrote."""
        if self._uncommitted:
            self.rows += self._uncommitted
            self.transactions += 1
            self._uncommitted = 0

    def _fail(self, code: str, text: str, *, simple: bool) -> bytes:
        self._failed, self._copy, self._uncommitted = not simple, None, 0
        error = message(b"E", f"SERROR\0VERROR\0C{code}\0M{text}\0\0".encode())
        return error + (self._ready() if simple else b"")

    def _set_schema(self, text: str) -> None:
        if found := SEARCH_PATH.search(text):
            self._settings["current_schema()"] = found[1].split("\0")[0]

    def _query(self, body: bytes) -> bytes:
        answers: list[bytes] = []
        # asyncpg resets a session by several statements at once; none of the ladder's has a semicolon inside.
        for sql in filter(None, map(str.strip, re.split(r";(?=(?:[^']*'[^']*')*[^']*$)", body[:-1].decode()))):
            statement = understand(sql, self._settings)
            if statement.kind in {Kind.COPY_BINARY, Kind.COPY_TEXT}:
                return b"".join(answers) + self._begin_copy(statement, extended=False)
            if statement.values:
                answers.append(columns(statement))
            self._set_schema(sql)
            answers.append(self._carry_out(statement, statement.rows))
        return (b"".join(answers) or message(b"I")) + self._ready()

    def _parse(self, body: bytes) -> bytes:
        name, sql, _ = body.split(b"\0", 2)
        self._statements[name] = understand(sql.decode(), self._settings)
        self._set_schema(sql.decode())
        return PARSED

    def _bind(self, body: bytes) -> bytes:
        portal_end = body.index(b"\0")
        name_end = body.index(b"\0", portal_end + 1)
        statement = self._statements[body[portal_end + 1 : name_end]]
        formats = INT16.unpack_from(body, name_end + 1)[0]
        at = name_end + 3 + 2 * formats
        parameters = INT16.unpack_from(body, at)[0]
        at += 2
        rows = statement.rows
        if statement.kind is Kind.UNNEST:
            binary = formats > 0 and INT16.unpack_from(body, name_end + 3)[0] == 1
            rows = _elements(body, at, binary=binary)
        for _ in range(parameters):
            at += 4 + max(INT32.unpack_from(body, at)[0], 0)
        self._portals[body[:portal_end]] = statement, rows
        return BOUND

    def _describe(self, body: bytes) -> bytes:
        named = body[1:-1]
        if body[:1] == b"P":
            return columns(self._portals[named][0])
        statement = self._statements[named]
        types = b"".join(map(INT32.pack, statement.parameters))
        described = message(b"t", INT16.pack(len(statement.parameters)) + types)
        return described + columns(statement)

    def _execute(self, body: bytes) -> bytes:
        statement, rows = self._portals[body[: body.index(b"\0")]]
        if statement.kind in {Kind.COPY_BINARY, Kind.COPY_TEXT}:
            return self._begin_copy(statement, extended=True)
        return self._carry_out(statement, rows)

    def _carry_out(self, statement: Statement, rows: int) -> bytes:
        if statement.kind is Kind.NOTHING:
            if statement.tag == ROLLBACK:
                self._uncommitted = 0
            elif statement.tag in ENDS:
                self._commit()
            self._in_transaction = (self._in_transaction or statement.tag in BEGINS) and statement.tag not in ENDS
            return complete(statement.tag)
        if statement.kind is Kind.VALUES:
            return row([value.encode() for _, value in statement.values]) + complete(statement.tag)
        if statement.kind is Kind.TYPES:
            return row(INT8) + row(INT8_ARRAY) + complete(statement.tag)
        self._uncommitted += rows
        return complete(f"{statement.tag} {rows}")

    def _sync(self, _: bytes) -> bytes:
        self._failed = False
        return self._ready()

    def _close(self, body: bytes) -> bytes:
        held: dict[bytes, object] = self._statements if body[:1] == b"S" else self._portals  # type: ignore[assignment]
        held.pop(body[1:-1], None)
        return CLOSED

    def _begin_copy(self, statement: Statement, *, extended: bool) -> bytes:
        binary = statement.kind is Kind.COPY_BINARY
        self._copy = Copy(binary, extended)
        return COPY_IN_BINARY if binary else COPY_IN

    def _copy_data(self, body: bytes) -> bytes:
        if self._copy:
            self._copy.take(body)
        return b""

    def _copy_done(self, _: bytes) -> bytes:
        copy, self._copy = self._copy, None
        if copy is None:
            return b""
        self._uncommitted += copy.rows
        return complete(f"COPY {copy.rows}") + (b"" if copy.extended else self._ready())

    def _copy_fail(self, _: bytes) -> bytes:
        return self._fail("57014", "COPY was ended by the client", simple=not (self._copy and self._copy.extended))

    def _end(self, _: bytes) -> bytes:
        raise EndedError
