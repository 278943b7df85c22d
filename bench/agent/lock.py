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

from bench.model import WrongUseError

NAME = b"\0pgladder-run"


@contextmanager
def one_run_at_a_time() -> Iterator[None]:
    """Hold the lock.

    Raises:
        WrongUseError: another run holds it; names its process and user.

    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(NAME)
        except OSError as error:
            raise WrongUseError(f"A run is under way on this box: {_holder()}. Wait for it, or end it.") from error
        lock.listen(1)
        yield


def _holder() -> str:
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(NAME)
        except OSError:
            return "it is just starting or ending"
        pid, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        process = psutil.Process(pid)
        since = datetime.fromtimestamp(process.create_time(), tz=UTC)
        return f"process {pid} of user {process.username()}, since {since:%H:%M:%S} UTC"  # its arguments hold secrets
    except psutil.Error:
        return f"process {pid}"
