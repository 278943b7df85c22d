"""One run at a time on a box: two would measure each other. Clients of another box's run keep a box's own away, too.

The lock is an abstract Unix socket (unix(7)): it belongs to the machine (its network namespace), needs no writable
directory, and is gone with its holder however that ends. The kernel tells who listens (SO_PEERCRED). Each client of
another box's run holds a name of its own below the lock's, with that box's address, for a run has several clients.
"""

import os
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.model.errors import HostError
from bench.model.language import tr

NAME = b"\0pgladder-run"
CLIENT = b"/client-of-"
SOCKETS = Path("/proc/net/unix")
"""Where the kernel lists bound sockets, an abstract one as ``@`` and its name (proc(5))."""


@contextmanager
def one_run_at_a_time() -> Iterator[None]:
    """Hold the lock.

    Raises:
        HostError: another run holds it, or clients of another box's run work here; says who.

    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(NAME)
        except OSError as error:
            raise _refused(_own_run() or tr("it is just starting or ending")) from error
        # Nobody takes up those who ask: they must not fill the queue.
        lock.listen(socket.SOMAXCONN)
        # After the lock: clients look for it after they hold their names, so that one of both finds the other.
        if who := _clients():
            raise _refused(who)
        yield


@contextmanager
def client_of(address: str) -> Iterator[None]:
    """Keep runs of this box's own away while a client works here for a run of the box at that address.

    Raises:
        HostError: a run of this box's own is under way; names its process and user.

    """
    with socket.socket(socket.AF_UNIX) as lock:
        lock.bind(NAME + CLIENT + f"{address}/{os.getpid()}".encode())
        if who := _own_run():
            raise HostError(
                tr("a run of this client box's own is under way: {who}; wait for it, or end it there", who=who)
            )
        yield


def holder() -> str | None:
    """Return who keeps a run from beginning; None: nobody."""
    return _own_run() or _clients()


def _refused(who: str) -> HostError:
    return HostError(tr("A run is under way on this box: {who}. Wait for it, or end it.", who=who))


def _own_run() -> str | None:
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


def _clients() -> str | None:
    """Return whose clients work here; None: nobody's."""
    name = re.escape(b"@" + NAME[1:] + CLIENT) + rb"([\w.:%-]+)/\d+$"
    try:
        sockets = SOCKETS.read_bytes()
    except OSError:
        # Where sockets can't be listed is a sandbox, and no client box.
        return None
    found = re.search(name, sockets, re.MULTILINE)
    if found is None:
        return None
    return tr("clients of a run of the box at {address}", address=found[1].decode())
