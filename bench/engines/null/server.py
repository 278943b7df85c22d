"""The null server's process: a process a session, as PostgreSQL has them, so that clients meet no queue of ours.

    python -m bench.engines.null.server DIRECTORY PORT      a socket in DIRECTORY, and the port on loopback

It asks for no password and stores nothing. Each line of its input asks how many rows and transactions it has
acknowledged, of how many sessions; it answers as soon as no session is open, as each tells so when it ends. It ends
with its input, and with it its sessions, its socket and the directory where that is empty then: so it does after an
agent that was killed. ``bench.engines.null.measured`` starts it.
"""

import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from struct import Struct

from bench.engines.null.conversation import Conversation, EndedError

CHUNK_BYTES = 1 << 18
BACKLOG = 512
STDIN = 0
LINE_BYTES = 64
COUNTS = Struct("!qq")
"""Rows and transactions of a session: written to a pipe in one piece."""


def serve(connection: socket.socket, conversation: Conversation) -> None:
    """Answer one client until it goes."""
    try:
        while data := connection.recv(CHUNK_BYTES):
            if answer := conversation.take(data):
                connection.sendall(answer)
    except (EndedError, ConnectionError):
        pass
    connection.close()


def listen(directory: Path, port: int) -> list[socket.socket]:
    """Return what to accept sessions from."""
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(directory / f".s.PGSQL.{port}"))
    loopback = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    # Inherited by each session's socket: answers are small, and waited for.
    loopback.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    local.listen(BACKLOG)
    return [local, loopback]


class Sessions:
    """The processes that answer clients, and what those that ended have acknowledged."""

    def __init__(self, listeners: list[socket.socket]) -> None:
        self._listeners = listeners
        self.reports, self._report = os.pipe()
        self.rows = self.transactions = self.begun = self.ended = 0

    def begin(self, connection: socket.socket) -> None:
        """Answer a client in a process of its own."""
        self.begun += 1
        if os.fork():
            connection.close()
            return
        conversation = Conversation()
        try:
            for listener in self._listeners:
                listener.close()
            serve(connection, conversation)
        except Exception:  # noqa: BLE001 - whatever it is, it ends this session alone
            traceback.print_exc()
        finally:
            os.write(self._report, COUNTS.pack(conversation.rows, conversation.transactions))
            os._exit(0)

    def end(self) -> None:
        """Take note of a session that ends."""
        rows, transactions = COUNTS.unpack(os.read(self.reports, COUNTS.size))
        self.rows += rows
        self.transactions += transactions
        self.ended += 1
        # Waited for, not ignored: so their CPU time is added to ours. One that has not quite ended is the next one's.
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def answer(listeners: list[socket.socket]) -> None:
    """Begin sessions, and tell what they acknowledged, until the input ends."""
    sessions, asked = Sessions(listeners), 0
    print("ready", flush=True)  # noqa: T201
    with DefaultSelector() as selector:
        for listener in listeners:
            selector.register(listener, EVENT_READ)
        selector.register(sessions.reports, EVENT_READ)
        selector.register(STDIN, EVENT_READ)
        while True:
            for key, _ in selector.select():
                if isinstance(key.fileobj, socket.socket):
                    connection, _ = key.fileobj.accept()
                    sessions.begin(connection)
                elif key.fileobj == sessions.reports:
                    sessions.end()
                elif line := os.read(STDIN, LINE_BYTES):
                    asked += line.count(b"\n")
                else:
                    return
            if asked and sessions.begun == sessions.ended:
                asked -= 1
                print(sessions.rows, sessions.transactions, sessions.begun, flush=True)  # noqa: T201


def main() -> None:
    """Serve until the input ends, and leave nothing."""
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    listeners = listen(directory, port)
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    try:
        answer(listeners)
    finally:
        (directory / f".s.PGSQL.{port}").unlink()
        with suppress(OSError):  # somebody keeps more there
            directory.rmdir()
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    main()
