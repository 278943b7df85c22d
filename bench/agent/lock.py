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
from bench.model.language import tr

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
            who = holder() or tr("it is just starting or ending")
            raise HostError(tr("A run is under way on this box: {who}. Wait for it, or end it.", who=who)) from error
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
            return tr("a run that has been asked about too often to tell who it is")
        pid, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    try:
        process = psutil.Process(pid)
        since = datetime.fromtimestamp(process.create_time(), tz=UTC)
        # Not its arguments: they hold secrets.
        user = process.username()
        return tr("process {pid} of user {user}, since {since:%H:%M:%S} UTC", pid=pid, user=user, since=since)
    except psutil.Error:
        return tr("process {pid}", pid=pid)
