"""The null server's process: a process a session, as PostgreSQL has them, so that clients meet no queue of ours.

    python -m bench.engines.null.server DIRECTORY PORT      a socket in DIRECTORY, and the port on loopback

It asks for no password and stores nothing. It ends with its input, and its sessions with it.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from bench.engines.null.conversation import Conversation, EndedError

CHUNK_BYTES = 1 << 18
BACKLOG = 512


def serve(connection: socket.socket) -> None:
    """Answer one client until it goes."""
    conversation = Conversation()
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


def main() -> None:
    """Serve until the input ends."""
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    sockets = listen(directory, port)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a session: the kernel clears it away
    os.setpgid(0, 0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with DefaultSelector() as selector:
        for listener in (*sockets, sys.stdin):
            selector.register(listener, EVENT_READ)
        while True:
            for key, _ in selector.select():
                if not isinstance(key.fileobj, socket.socket):
                    os.killpg(0, signal.SIGTERM)
                    return
                connection, _ = key.fileobj.accept()
                if os.fork() == 0:
                    for listener in sockets:
                        listener.close()
                    serve(connection)
                    os._exit(0)
                connection.close()


if __name__ == "__main__":
    main()
