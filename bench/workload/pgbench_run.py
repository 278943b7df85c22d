"""One client process whose rows pgbench writes: tells it what to do, reads its log as it is written, accounts for it.

pgbench dies with this process, however that ends. Its log is a pipe: nothing of it takes memory, or goes to the disk
that is measured. By the signal of its own timer it ends in order: it finishes the commits under way and logs them.
Killed it takes with it what it had not logged; then nobody can account for its rows, and the trial is void.

At a rate (``--rate``, ``--latency-limit``) it reckons what is due from its start on, so nothing holds it up: it starts
before the warm-up. What its log and its messages come to is ``pgbench_account``'s. Source: PostgreSQL 15 to 18 manual,
"pgbench", and CSTATE_PREPARE_THROTTLE of pgbench.c: who is free has what is due next, and skips what is later than the
limit.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic_ns, sleep, time_ns
from types import TracebackType
from typing import Self

from psycopg2.extensions import make_dsn

from bench.model.endpoint import Endpoint
from bench.model.table import Table
from bench.probes.pgbench import pgbench_program
from bench.workload.driver import HOW, WhenReady, set_search_path
from bench.workload.drivers.psycopg2 import DRIVER as LIBPQ
from bench.workload.messages import DRAIN_TIMEOUT_S, Job, Result, Window
from bench.workload.pgbench_account import LINGER_NS, Account, OpenAccount, PgbenchError, connects, writer_of
from bench.workload.phase import Phase, SyncPhase
from bench.workload.recorder import SECOND_NS
from bench.workload.rows import SEQUENCE_BITS, first_stamp, payloads

SCRIPT, LOG = "script", "log"
"""Names of files in a folder that is gone before anything is measured or, at a rate, in the end."""
START = 'read -r seconds && program=$1 && shift && exec "$program" "--time=$seconds" "$@"'
WAITING = ("setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", START, "sh")
"""Becomes the program that follows, under the same number, once it reads for how long: its log's name has that number.
"""
READY, GATE = b"ready\n", r"\shell echo ready; cat"
"""The first thing that pgbench does once all its connections are open: it waits for the end of its input."""
LONGEST_S = 100_000_000
"""After which pgbench's own timer would end it, where nothing is due at a rate."""
LEAST_LIMIT_MS = 0.001
"""It takes limits in whole microseconds, and none for no limit."""
SEED_BITS = 64
"""Of pgbench's random numbers."""
SEEDED = b"pgbench: setting random seed to "
"""No complaint, though it is told as those are."""
PAUSE_NS = 100_000_000
"""The most it waits before it starts, so that its timer ends when it should."""
LOG_BYTES, READ_BYTES = 1 << 20, 1 << 16
"""What may wait to be read, so that pgbench does not wait for us, and what is read at once."""
LATER = {"gssdelegation": "0", "load_balance_hosts": "disable", "sslcertmode": "allow", "sslnegotiation": "postgres"}
"""Parameters that libpq has since 16 and 17, with the values by which it does as before: pgbench's may be an older."""
PROVE = (
    "SELECT CASE current_schema() WHEN '{schema}' THEN 0 ELSE ('a connection came to the schema '"
    " || coalesce(current_schema(), 'none') || ', not to {schema}: nothing is written there')::int END;"
)
"""Fails in any other schema: pgbench itself compares no texts."""


def climb(job: Job, phase: Phase, ready: WhenReady, finish: Callable[[Sequence[Result]], None]) -> None:
    """Run one job: prove where connections come to, let pgbench write until the window has closed, report.

    Raises:
        PgbenchError: nobody knows what it wrote.

    """
    began = monotonic_ns()
    committing = [how_it_commits(job.endpoint)]
    one_ns = monotonic_ns() - began
    account: Account
    with Pgbench(job, phase) as pgbench:
        if job.parameters.rate is None:
            ahead_ns = pgbench.connect()
            account = Account(job, phase, ready(), ahead_ns)
        else:
            window = ready(connecting_s(job, phase, one_ns))
            account = OpenAccount(job, phase, window, pgbench.start_at_rate(window))
        pgbench.run(account)
    if not account.errors:
        committing.append(how_it_commits(job.endpoint))
    finish(account.results(committing))


def how_it_commits(endpoint: Endpoint) -> str:
    """Prove by a connection like those of pgbench where they come to, and return how they commit."""
    with closing(LIBPQ.connect(endpoint)) as connection:
        LIBPQ.prove(connection, endpoint)
        return LIBPQ.value(connection, HOW)


# --- what pgbench is told --------------------------------------------------------------------------------------------


def command(job: Job, phase: Phase, folder: Path) -> list[str]:
    """Return pgbench's command; a password is in its environment."""
    payload = the_payload(job)
    mode = "prepared"
    if isinstance(phase, SyncPhase):
        # As psycopg2 does: values stand in the statement's text, into which a variable is put as it is.
        mode, payload = "simple", f"'{payload}'"
    arguments = [
        str(pgbench_program() or "pgbench"),
        "--no-vacuum",
        f"--protocol={mode}",
        f"--client={job.parameters.in_flight}",
        "--jobs=1",
        *throttle(job),
        "--log",
        f"--log-prefix={folder / LOG}",
        f"--define=first={first_stamp(writer_of(job, 0))}",
        f"--define=payload={payload}",
        "--define=n=0",
        f"--file={folder / SCRIPT}",
        connection_string(job.endpoint),
    ]
    if connects(phase):
        arguments.insert(1, "--connect")
    return arguments


def throttle(job: Job) -> list[str]:
    """Return what pgbench is told of a rate: its process's share of it, and from when on it is too late to begin.

    Of one seed what is due is always the same.
    """
    parameters = job.parameters
    if parameters.rate is None:
        return []
    seed = ((job.seed << 16) + job.writer) % (1 << SEED_BITS)
    told = [f"--rate={parameters.rate / parameters.processes!r}", f"--random-seed={seed}"]
    if parameters.latency_limit is not None:
        told.append(f"--latency-limit={max(parameters.latency_limit, LEAST_LIMIT_MS)!r}")
    return told


def connection_string(endpoint: Endpoint) -> str:
    """Return what pgbench's libpq is told, without the password."""
    given = endpoint.psycopg2_arguments() | {"password": None}
    for name, by_itself in LATER.items():
        if given.get(name) == by_itself:
            del given[name]
    return str(make_dsn(**given))


def script(job: Job, phase: Phase) -> str:
    """Return what each client of pgbench does again and again; its variable ``n`` stays from commit to commit.

    A connection that is kept proves itself before it writes; of those that are made anew the first, as elsewhere.
    """
    assert phase.script is not None
    endpoint = job.endpoint
    first = [f"{set_search_path(endpoint)};"] if endpoint.options_lost else []
    gate = [r"\if :n = 0 and :client_id = 0", GATE, r"\endif"]
    lines = [
        *(gate if job.parameters.rate is None else ()),
        r"\if :n = 0",
        *first,
        PROVE.format(schema=endpoint.schema.replace("'", "''")),
        r"\endif",
        rf"\set device_id :first + :client_id * {1 << SEQUENCE_BITS} + :n",
        r"\set n :n + 1",
        phase.script.format(table=Table(schema=endpoint.schema).sql),
    ]
    return "\n".join(lines) + "\n"


def the_payload(job: Job) -> str:
    """Return what every row of the trial holds: the first payload of its first writer."""
    return next(payloads(1, job.seed, job.parameters.payload_bytes))


# --- how it is run ---------------------------------------------------------------------------------------------------


def timed(window: Window, now_ns: int) -> tuple[int, int]:
    """Return after which pause in ns pgbench is to start, and for how many seconds.

    It takes whole ones, and a client that waits for what is due beyond them ends at once; told to end, it waits for
    that. So they end with the lingering after the window or, where the pause would be a long one, up to 1 s later.
    """
    seconds, pause_ns = divmod(window.closes_ns + LINGER_NS - now_ns, SECOND_NS)
    if pause_ns > PAUSE_NS:
        return 0, seconds + 1
    return pause_ns, seconds


def connecting_s(job: Job, phase: Phase, one_ns: int) -> float:
    """Return what pgbench needs for its connections if one takes so long, and so much that it pauses little after that.

    Its first connection is for itself.
    """
    several = 1 if connects(phase) else 1 + job.parameters.in_flight
    seconds = -(-(several * one_ns + PAUSE_NS) // SECOND_NS)
    return (seconds * SECOND_NS - LINGER_NS + PAUSE_NS // 2) / SECOND_NS


class Lines:
    """What a pipe brings, line by line."""

    def __init__(self, number: int) -> None:
        self._number, self._rest = number, b""
        self.first, self.ended = "", False
        """The first line, and whether no more will come."""

    def fileno(self) -> int:
        """Return the number by which it is waited for."""
        return self._number

    def read(self) -> list[bytes]:
        """Return the lines that are complete by now."""
        some = os.read(self._number, READ_BYTES)
        self.ended = not some
        *lines, self._rest = (self._rest + some).split(b"\n")
        if not self.first:
            self.first = next((line.decode(errors="replace") for line in lines if not line.startswith(SEEDED)), "")
        return lines


class Pgbench:
    """pgbench, from its start to its end; as a context manager it does not outlive it."""

    def __init__(self, job: Job, phase: Phase) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pgladder-")
        folder = Path(self._folder.name)
        (folder / SCRIPT).write_text(script(job, phase))
        password = {"PGPASSWORD": job.endpoint.password} if job.endpoint.password else {}
        self._process = subprocess.Popen(
            [*WAITING, *command(job, phase, folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"} | password,
            start_new_session=True,  # no terminal to ask for a password
        )
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._input, self._output = self._process.stdin, self._process.stdout
        self._complaints = Lines(self._process.stderr.fileno())
        log = folder / f"{LOG}.{self._process.pid}"
        os.mkfifo(log, 0o600)
        self._log = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        fcntl(self._log, F_SETPIPE_SZ, LOG_BYTES)

    def start_at_rate(self, window: Window) -> int:
        """Let it begin with the warm-up; return how far its time of day is ahead of the clock."""
        pause_ns, seconds = timed(window, monotonic_ns())
        sleep(pause_ns / SECOND_NS)
        return self.start(seconds)

    def start(self, seconds: int = LONGEST_S) -> int:
        """Let it begin, for so many seconds at most; return how far its time of day is ahead of the clock."""
        # It adds the time of day to the monotonic clock once, as it starts.
        ahead_ns = time_ns() - monotonic_ns()
        self._input.write(f"{seconds}\n".encode())
        self._input.flush()
        return ahead_ns

    def connect(self) -> int:
        """Let it open its connections and wait at the gate; return how far its time of day is ahead of the clock.

        Raises:
            PgbenchError: it could not.

        """
        ahead_ns = self.start()
        if READY not in self._output:
            self._complaints.read()
            raise PgbenchError(f"pgbench ended by {self._process.wait()}: {self._complaints.first}")
        self._folder.cleanup()
        return ahead_ns

    def run(self, account: Account) -> None:
        """Open the gate, end pgbench after the window or its first error, take note of what it says until it has ended.

        Raises:
            PgbenchError: it was killed or hangs: nobody knows what it wrote.

        """
        logged, complaints, reported = Lines(self._log), self._complaints, Lines(self._output.fileno())
        stop_ns = account.recorder.closes_ns + LINGER_NS
        self._input.close()
        self._hear(account, logged, reported, stop_ns)
        while not logged.ended:
            account.take(logged.read())
        while not reported.ended:
            account.hear(reported.read())
        code = self._process.wait()
        if code and not account.errors:
            raise PgbenchError(f"pgbench ended by {code}: {complaints.first}")
        account.close()
        # Where little is due it may have ended long ago, and who reports before the window closes reports an error.
        if not account.errors:
            sleep(max(stop_ns - monotonic_ns(), 0) / SECOND_NS)

    def _hear(self, account: Account, logged: Lines, reported: Lines, stop_ns: int) -> None:
        """Take note of what it says until it has ended, and tell it to when it is time; raises as ``run``."""
        complaints, told = self._complaints, False
        give_up_ns = stop_ns + DRAIN_TIMEOUT_S * SECOND_NS
        with DefaultSelector() as selector:
            selector.register(logged, EVENT_READ, lambda: account.take(logged.read()))
            selector.register(reported, EVENT_READ, lambda: account.hear(reported.read()))
            selector.register(complaints, EVENT_READ, lambda: account.complain(complaints.read()))
            while not complaints.ended:
                now = monotonic_ns()
                if not told and (account.errors or now >= stop_ns):
                    self._process.send_signal(signal.SIGALRM)  # as its own timer does
                    told = True
                if now >= give_up_ns:
                    raise PgbenchError(f"pgbench went on {DRAIN_TIMEOUT_S} s after it was told to end")
                for key, _ in selector.select(((give_up_ns if told else stop_ns) - now) / SECOND_NS):
                    key.data()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        with self._process:  # closes its pipes, and waits
            pass
        os.close(self._log)
        self._folder.cleanup()
