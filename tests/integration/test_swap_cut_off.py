"""Power lost in the middle of a swap: whatever step it had reached, the next start is on one of the two variants.

As if at once, the postmaster and the process that swaps are killed; what was flushed is there, as what was not may be.
"""

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.proof import not_in_force
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.staging import Staging
from bench.engines.postgresql.swap import Swapping
from bench.engines.postgresql.variants import harness_for
from tests.integration.support import PATIENCE_S, CopiedServer, processes_in, wait_for

HARNESS = harness_for(40, tls=False)
BEFORE = as_variant("before", "work_mem = 5MB\nwal_buffers = 1MB\n")
RESTARTED = as_variant("restarted", "work_mem = 7MB\nwal_buffers = 2MB\n")
RELOADED = as_variant("reloaded", "work_mem = 7MB\nwal_buffers = 1MB\nmax_wal_size = 2GB\n")

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

Cut = tuple[type, str, bool]
"""Where the power goes: a method, and whether before it or after."""
STEPS: dict[str, tuple[Cut, str]] = {
    "before the server is stopped": ((PrivateServer, "stop", False), "old"),
    "before the new text is there": ((PrivateServer, "write_variant", False), "old"),
    "before the file is replaced": ((Owner, "replace", False), "old"),
    "after the file is replaced": ((Owner, "replace", True), "new"),
    "before the server is started": ((PrivateServer, "start", False), "new"),
    "after the server is started": ((PrivateServer, "start", True), "new"),
    "before it is proved": ((Swapping, "_objections", False), "new"),
    "after it is proved": ((Swapping, "_objections", True), "new"),
}
RELOADING: dict[str, tuple[Cut, str]] = {
    **{step: STEPS[step] for step in STEPS if "start" not in step and "stop" not in step},
    "before the files are read again": ((Swapping, "reload", False), "new"),
    "after the files are read again": ((Swapping, "reload", True), "new"),
}
FIRST = {
    (RESTARTED.name, "before the file is replaced"),
    (RESTARTED.name, "after the file is replaced"),
    (RESTARTED.name, "before the server is started"),
    (RELOADED.name, "before the files are read again"),
    (RELOADED.name, "after it is proved"),
}
"""Where `make test` cuts; `make test-slow` does at every step."""


@pytest.fixture(autouse=True)
def _reaper() -> Iterator[None]:
    """Have what is orphaned handed to us, who bury it: after a boot there is no process of those numbers."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    yield
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


def buried(place: Path) -> bool:
    """Bury what is dead of PostgreSQL; tell whether there was nothing of it, dead or alive."""
    left = [child for child in psutil.Process().children() if child.name().startswith("postgres")]
    for child in left:
        if child.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(child.pid, 0)
    return not left and not processes_in(place)


def lose_power(server: PrivateServer) -> None:
    """Kill PostgreSQL and this process."""
    if (postmaster := server.postmaster()) is not None:
        for process in (psutil.Process(postmaster), *psutil.Process(postmaster).children()):
            with suppress(psutil.NoSuchProcess):  # a backend whose session was closed may just have ended
                process.kill()
    os.kill(os.getpid(), signal.SIGKILL)


def swap_until(server: PrivateServer, new, where: Cut) -> None:
    """Bring the first variant into force, then lose the power on the way to the next."""
    server.create(HARNESS, tls=False)
    server.apply(BEFORE)
    kind, name, after = where
    original: Callable = getattr(kind, name)

    def cut(*arguments):
        if after:
            original(*arguments)
        lose_power(server)

    setattr(kind, name, cut)
    server.apply(new)


def in_force(server: PrivateServer, swapping: Swapping, variants) -> list[str]:
    """Tell under which of the variants nothing is to be objected to."""
    with closing(server.connect()) as session:
        return [
            each.name
            for each in variants
            if not list(not_in_force(session, swapping.check(each), server.configuration))
        ]


@pytest.mark.parametrize(
    ("new", "where", "side"),
    [
        pytest.param(
            new, *steps[step], id=f"{new.name}, {step}", marks=() if (new.name, step) in FIRST else pytest.mark.slow
        )
        for new, steps in ((RESTARTED, STEPS), (RELOADED, RELOADING))
        for step in steps
    ],
)
def test_the_next_start_is_on_one_of_the_two_variants_and_the_proof_says_on_which(place, new, where, side):
    server = CopiedServer(place / "data", find_binaries())
    cut_off = get_context("fork").Process(target=swap_until, args=(server, new, where))
    cut_off.start()
    cut_off.join(PATIENCE_S)
    assert cut_off.exitcode == -signal.SIGKILL
    try:
        wait_for(lambda: buried(place), "all of PostgreSQL is gone")
        staged = place / "data" / "server" / "staged-again"
        swapping = Swapping(
            server,
            Staging(staged, server.data_directory(), server.configuration, find_binaries(), server._owner),
            HARNESS,
        )
        server.start()
        assert in_force(server, swapping, (BEFORE, new)) == [BEFORE.name if side == "old" else new.name]
        swapping.apply(BEFORE)  # and from there it goes on
        assert in_force(server, swapping, (BEFORE, new)) == [BEFORE.name]
    finally:
        server.close()
