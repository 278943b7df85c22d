"""Power: a box's part in cuts of its own power: private servers, made and started, and looked at after it has booted.

Who cuts, and keeps the ledger, is the control machine (``bench.targets.box_power``). The servers lie beside the box's
cluster, which is not touched, and belong to the same user. They go when the control machine hangs up; what a cut left
of a run that nobody went on with goes when the next begins.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from select import select
from typing import Any, TypeVar

import msgspec
import psycopg2

from bench.agent.lock import one_run_at_a_time
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.session import ServerError
from bench.model.box import Provisioned
from bench.model.codec import DAMAGED
from bench.model.cuts import CutPlan
from bench.model.errors import DataError, HostError, PgladderError
from bench.model.signals import stoppable, undisturbed
from bench.power.cut import Made, make
from bench.power.server import JUDGES, PoweredServer
from bench.power.wire import SYSTEM, Answer, Hello, Order, Reached, There
from bench.store.files import make_directories

T = TypeVar("T")
PLACE = "power"
"""In the directory of the box's private servers."""
NEVER_FLUSHED = "never-flushed"
BOOT = Path("/proc/sys/kernel/random/boot_id")
BEAT_S = 0.1


def power(box: Provisioned) -> None:
    """Do what comes on standard input until it ends; then nothing is left of it.

    Raises:
        HostError: a run is under way, or something is not there that is needed.
        DataError: what comes is no order.

    """
    place = box.cluster.private_directory / PLACE
    with one_run_at_a_time(), stoppable(), suppress(KeyboardInterrupt):
        hello = _decoded(sys.stdin.buffer.readline(), Hello)
        programs = _programs(hello.plan.version)
        with _servers(place, programs, hello) as servers:
            _say(There(boot=BOOT.read_text().strip(), last=servers.beats.last()))
            while (order := servers.beats.until_ordered()) is not None:
                servers.ordered = True
                _say(_done(servers, order))


def _programs(version: str) -> Path:
    programs = find_binaries(version, [])
    for name in JUDGES:
        if not (programs / name).is_file():
            raise HostError(f"{name}, which judges what a cut leaves, is not in {programs}: make provision")
    return programs


class Beats:
    """A file that is written to and never flushed: what is lost of it shows that the power went."""

    def __init__(self, place: Path) -> None:
        self._path = place / NEVER_FLUSHED
        self._file: int | None = None
        self._number = 0

    def last(self) -> int | None:
        """Return the last whole number in the file, 0: there is none; None: there is no file."""
        if not self._path.exists():
            return None
        whole, _, _ = self._path.read_bytes().rpartition(b"\n")
        # What a file system has of what was not flushed may be zeros.
        numbers = [int(word) for word in whole.split() if word.isdigit()]
        return max(numbers, default=0)

    def begin(self) -> None:
        """Begin anew; the file is empty on the disk once the disk is flushed."""
        self.end()
        self._path.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._number = 0

    def end(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def forget(self) -> None:
        """Remove the file."""
        self.end()
        self._path.unlink(missing_ok=True)

    def until_ordered(self) -> Order | None:
        """Return the next order, and write until it comes; None: there is none any more."""
        while not select([sys.stdin], [], [], None if self._file is None else BEAT_S)[0]:
            self._beat()
        # One order is under way at a time: nothing waits in a buffer that select does not see.
        line = sys.stdin.buffer.readline()
        return _decoded(line, Order) if line else None

    def _beat(self) -> None:
        assert self._file is not None
        # The disk may be gone already while we still run.
        with suppress(OSError):
            os.write(self._file, f"{self._number + 1}\n".encode())
            self._number += 1
            _write(str(self._number).encode())


class Servers:
    """The private servers of a run, made or taken over from before the cut."""

    def __init__(self, place: Path, programs: Path, hello: Hello) -> None:
        self.plan, self.beats = hello.plan, Beats(place)
        self._place, self._programs, self._password = place, programs, hello.password
        self.ordered = False
        """Who said Hello has heard what this box is."""
        self._known: dict[int, PoweredServer] = {}

    def at(self, number: int) -> PoweredServer:
        """Return one by its number."""
        if number not in self._known:
            home = self._place / str(number)
            self._known[number] = PoweredServer(home, self._programs, self._password)
        return self._known[number]

    def remove(self) -> None:
        """Stop and remove all that is there, whoever made it; first what would prove a cut: this is none."""
        self.beats.forget()
        with ExitStack() as all_of_them:
            for home in self._place.glob("[0-9]*"):
                number = int(home.name)
                left = number not in self._known
                all_of_them.callback(self.at(number).close)
                if left:
                    self.at(number).end_left()
        self._known.clear()


@contextmanager
def _servers(place: Path, programs: Path, hello: Hello) -> Iterator[Servers]:
    make_directories(place, 0o700)
    servers = Servers(place, programs, hello)
    try:
        if hello.begins:
            servers.remove()
            make_directories(place, 0o700)
        yield servers
    finally:
        # Lost before the first order, a connection is made anew: what is here is still waited for.
        if hello.begins or servers.ordered:
            _remove(place, servers)


def _remove(place: Path, servers: Servers) -> None:
    with undisturbed():
        servers.remove()
        with suppress(OSError):
            place.rmdir()


def _done(servers: Servers, order: Order) -> Answer:
    """Do what is ordered; return what comes of it."""
    try:
        return Answer(value=_carried_out(servers, order))
    except (PgladderError, psycopg2.Error, OSError) as error:
        return Answer(error=str(error), of_server=isinstance(error, ServerError | psycopg2.Error))


def _carried_out(servers: Servers, order: Order) -> Any:
    if order.do == "over":
        return None
    server = servers.at(order.number)
    match order.do:
        case "make":
            return _make(servers.plan, server, order.number)
        case "begin":
            servers.beats.begin()
            server.begin("machine")
            return _reached(server, 0)
        case "restart":
            server.forget("machine", 0)
            return _reached(server, server.restart())
        case "check":
            return list(server.damage())
        case "end":
            server.end()
        case "remade":
            servers.beats.end()
            server.remade()
    return None


def _make(plan: CutPlan, server: PoweredServer, number: int) -> Made:
    variant, layout = divmod(number, len(plan.layouts))
    return make(server, plan, plan.variants[variant], table_layout(plan.layouts[layout]))


def _reached(server: PoweredServer, seconds: float) -> Reached:
    endpoint = server.endpoint("tcp")
    with closing(server.connect()) as session:
        directory, system = session.setting("data_directory"), session.value(SYSTEM)
    return Reached(
        port=endpoint.port,
        user=endpoint.user,
        database=endpoint.database,
        schema=endpoint.schema,
        data_directory=directory,
        system=system,
        seconds=seconds,
    )


# --- lines -----------------------------------------------------------------------------------------------------------


def _decoded(line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except DAMAGED as error:
        raise DataError(f"standard input is no order: {error}") from error


def _say(what: There | Answer) -> None:
    _write(msgspec.json.encode(what))


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
