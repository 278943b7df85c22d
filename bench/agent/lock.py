"""One run at a time on a box: two would measure each other.

The lock is an abstract Unix socket (unix(7)): it belongs to the machine (its network namespace), needs no writable
directory, and is gone with its holder however that ends. The kernel tells who listens (SO_PEERCRED).
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psutil

from bench.model.errors import HostError

NAME = b"\0pgladder-run"


@contextmanager
def one_run_at_a_time() -> Iterator[None]:
    """Hold the lock.

    Raises:
        HostError: another run holds it; names its process and user.

    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(NAME)
        except OSError as error:
            raise HostError(
                f"A run is under way on this box: {holder() or 'it is just starting or ending'}."
                " Wait for it, or end it."
            ) from error
        # Nobody takes up those who ask: they must not fill the queue.
        lock.listen(socket.SOMAXCONN)
        yield


def holder() -> str | None:
    """Return who holds the lock; None: nobody."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(1)
        try:
            peer.connect(NAME)
        except ConnectionRefusedError:
            return None
        except OSError:
            return "a run that has been asked about too often to tell who it is"
        pid, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        process = psutil.Process(pid)
        since = datetime.fromtimestamp(process.create_time(), tz=UTC)
        # Not its arguments: they hold secrets.
        return f"process {pid} of user {process.username()}, since {since:%H:%M:%S} UTC"
    except psutil.Error:
        return f"process {pid}"
