"""What pgbench wrote, by its log and its messages: each commit accounted for, and at a rate each that was due.

How it is started, held up and ended is ``pgbench_run``'s.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import monotonic_ns

from bench.model.errors import PgladderError
from bench.stats.histogram import new_histogram
from bench.workload.arrivals import LATE_NS, MILLISECOND_NS, limit_ns
from bench.workload.messages import Job, Lost, OpenCounts, Result, Window
from bench.workload.phase import Phase, SyncPhase
from bench.workload.recorder import SECOND_NS, OpenRecorder, Recorder

CONNECTED = re.compile(rb"initial connection time = ([\d.]+) ms")
SKIPPED = b"skipped"
"""In its log in place of a latency."""
JUST_NS = 20_000_000
"""Of a client that was free for less before pgbench was told to end nobody knows whether it would have waited."""
LINGER_NS = 100_000_000
"""It writes for so long after the window: the agent reads the CPU time of its connections while they stand."""
ABORTED = re.compile(r"client (?P<client>\d+) (?:script \d+ )?aborted(?P<how>.*)")
REFUSED = re.compile(r" in command \d+ query \d+: ERROR: ")
CONNECTING = " while establishing connection"


class PgbenchError(PgladderError, RuntimeError):
    """pgbench did not come to its end."""


def connects(phase: Phase) -> bool:
    """Return whether each commit has a connection of its own."""
    return isinstance(phase, SyncPhase) and phase.connects


def writer_of(job: Job, client: int) -> int:
    """Return the number of a client of pgbench among all writers: each counts its rows by itself."""
    return (job.writer - 1) * job.parameters.in_flight + client + 1


class Writer:
    """What became of the rows of one client of pgbench: one of each commit, in their order."""

    def __init__(self) -> None:
        self.attempted = self.acknowledged = 0
        self.lost: list[Lost] = []
        self.ended: int | None = None
        """When its last commit was acknowledged."""

    def acknowledge(self, ended: int) -> None:
        """Account for a commit."""
        self.attempted += 1
        self.acknowledged += 1
        self.ended = ended

    def lose(self, *, in_doubt: bool) -> None:
        """Account for a commit that was not acknowledged."""
        self.lost.append(Lost(first=self.attempted, rows=1, in_doubt=in_doubt))
        self.attempted += 1


class Account:
    """What pgbench wrote, by what it logs and what it complains of."""

    def __init__(self, job: Job, phase: Phase, window: Window, ahead_ns: int) -> None:
        self.job, self.connects = job, connects(phase)
        self.recorder = Recorder(window.opens_ns, window.closes_ns)
        self.writers = [Writer() for _ in range(job.parameters.in_flight)]
        self.errors: list[str] = []
        self._aborted: list[tuple[Writer, bool]] = []
        """Who ended with a row in hand, and whether it is in doubt."""
        self.ahead_ns, self.begins_ns = ahead_ns, monotonic_ns()
        """How far the log's time of day is ahead of the monotonic clock, and from when on there is something in it."""

    def take(self, lines: Iterable[bytes]) -> None:
        """Take note of commits: of each its client, number, latency, script, when it ended, and at a rate its lag."""
        for line in lines:
            client, _, took, _, seconds, micros, *lag = line.split()
            writer = self.writers[int(client)]
            at = int(seconds) * SECOND_NS + int(micros) * 1000 - self.ahead_ns
            if took.isdigit():
                self._acknowledge(writer, at, int(took) * 1000, lag)
                writer.acknowledge(at)
            elif took == SKIPPED:
                self._skip(at)
            else:
                writer.lose(in_doubt=False)
                self.errors.append(f"pgbench: a commit was refused: {took.decode()}")

    def _acknowledge(self, writer: Writer, ended: int, took: int, lag: Sequence[bytes]) -> None:  # noqa: ARG002
        # The first commit of all is said to have begun before the gate.
        sent = max(ended - took, self.begins_ns)
        # Between two commits it connects, if it does so for each; else it waits until pgbench has served others.
        began = writer.ended or sent
        asked = began if self.connects else sent
        self.recorder.acknowledge(began, asked, sent, ended, ended)

    def _skip(self, at: int) -> None:  # noqa: ARG002 - of a rate
        raise PgbenchError("pgbench skipped what it was to begin at once")

    def hear(self, lines: Iterable[bytes]) -> None:
        """Take note of what it reports on its output."""

    def complain(self, lines: Iterable[bytes]) -> None:
        """Take note of clients that ended before their time; the first of them ends the trial."""
        for line in lines:
            text = " ".join(line.decode(errors="replace").split())
            found = ABORTED.search(text)
            if found:
                self.errors.append(text[:300])
            # While it connects it has no row in hand.
            if found and not found["how"].startswith(CONNECTING):
                self._aborted.append((self.writers[int(found["client"])], not REFUSED.match(found["how"])))

    def close(self) -> None:
        """Account for the rows in hand: they come after those of the log, which is written later than an error."""
        for writer, in_doubt in self._aborted:
            writer.lose(in_doubt=in_doubt)

    def open_loop(self) -> OpenCounts | None:
        """Return what became of what was due; None: nothing was due at a rate."""
        return None

    def results(self, committing: Sequence[str]) -> list[Result]:
        """Return one of each writer; what is of the process as a whole is the first one's."""
        recorder, first, open_loop = self.recorder, self.writers[0], self.open_loop()
        recorder.fold()
        whole = Result(
            writer=writer_of(self.job, 0),
            attempted=first.attempted,
            acknowledged=first.acknowledged,
            commits=first.acknowledged,
            lost=first.lost,
            errors=self.errors,
            commits_per_second=recorder.commits_per_second(),
            rows_per_second=recorder.rows_per_second(),
            prepare_s=recorder.prepare_ns / SECOND_NS,
            connect_s=recorder.wait_ns / SECOND_NS,
            pool_wait_s=0,
            insert_s=recorder.insert_ns / SECOND_NS,
            release_s=0,
            cycle_s=recorder.cycle_ns / SECOND_NS,
            rounds=0,
            rounds_s=0,
            pool_high_water=None,
            latency_hdr=recorder.histogram().encode().decode(),
            gaps=recorder.gaps(),
            synchronous_commit=list(committing),
            open_loop=open_loop,
            one_payload=True,
        )
        return [whole, *(self._of_writer(number, whole) for number in range(1, len(self.writers)))]

    def _of_writer(self, number: int, whole: Result) -> Result:
        writer, none = self.writers[number], [0] * len(whole.commits_per_second)
        return replace(
            whole,
            writer=writer_of(self.job, number),
            attempted=writer.attempted,
            acknowledged=writer.acknowledged,
            commits=writer.acknowledged,
            lost=writer.lost,
            errors=[],
            commits_per_second=none,
            rows_per_second=none,
            prepare_s=0,
            connect_s=0,
            insert_s=0,
            cycle_s=0,
            latency_hdr=new_histogram().encode().decode(),
            gaps=None,
            synchronous_commit=[],
            open_loop=None,
        )


class OpenAccount(Account):
    """What pgbench wrote of what was due at a rate.

    What is due is one queue: a client that is free takes what is next, and waits for it. So once one waits, or has
    begun what was due after the window, nothing is left of what was due before. Where all were busy until the end,
    nobody knows how much was.
    """

    def __init__(self, job: Job, phase: Phase, window: Window, ahead_ns: int) -> None:
        super().__init__(job, phase, window, ahead_ns)
        self.opens_ns, self.closes_ns = window.opens_ns, window.closes_ns
        self.limit_ns = limit_ns(job.parameters)
        self.open_recorder = OpenRecorder(self.opens_ns, self.closes_ns, 1, collects=False, limit_ns=self.limit_ns)
        self.recorder = self.open_recorder
        self.skipped = self.late_while_free = 0
        self.waiting: list[int] = []
        """Since when is due what was not begun when the window closed."""
        self._beyond = self._unclear = False
        """Whether something due after the window was begun, and whether what was skipped before that may be of it."""
        self._connecting_ns = self._begun_ns = 0
        """From when on it connected, and took from the queue; 0: not known yet."""

    def hear(self, lines: Iterable[bytes]) -> None:
        """Take note of when it began: its first line comes before it connects, among its last is how long that took."""
        for line in lines:
            if not self._connecting_ns:
                self._connecting_ns = monotonic_ns()
            if found := CONNECTED.match(line):
                self._begun_ns = self._connecting_ns + round(float(found[1]) * MILLISECOND_NS)
        if self.connects:
            self._begun_ns = self._connecting_ns

    def _acknowledge(self, writer: Writer, ended: int, took: int, lag: Sequence[bytes]) -> None:
        due = ended - took
        sent = due + int(lag[0]) * 1000
        could = max(due, writer.ended or 0)
        # Where each commit connects, its lag holds that too.
        began, ready = min(could, sent) if self.connects else sent, due
        if self._inside(due):
            if began >= self.closes_ns:
                self.waiting.append(due)
                ready = began
            elif could == due and began - due >= LATE_NS:
                self.late_while_free += 1
        self._beyond |= due >= self.closes_ns
        self.recorder.acknowledge(began, began, sent, ended, ended, ready)

    def _skip(self, at: int) -> None:
        """Take note of what was skipped: the log tells when, and it was due longer ago than the limit."""
        assert self.limit_ns is not None
        due_before = at - self.limit_ns
        if self._inside(at):
            self.skipped += 1
        elif at >= self.closes_ns and self._inside(due_before):
            self.waiting.append(due_before)
        elif due_before >= self.closes_ns:
            self._unclear |= not self._beyond

    def _inside(self, moment: int) -> bool:
        return self.opens_ns <= moment < self.closes_ns

    def close(self) -> None:
        """See ``Account.close``; that it began too late is an error, too."""
        super().close()
        if self.errors:
            return
        if not self._begun_ns:
            self.errors.append("pgbench did not report how long it took to connect")
        elif (late_ns := self._begun_ns - self.opens_ns) > 0:
            self.errors.append(
                f"pgbench was connected {late_ns / SECOND_NS:.2f} s after the window had opened: ask for a longer"
                " --warm-up"
            )

    def open_loop(self) -> OpenCounts:
        """See ``Account.open_loop``."""
        known = self._all_logged()
        counts = self.open_recorder.open_loop(
            waiting=self.waiting if known else (), skipped=self.skipped, late_while_free=self.late_while_free
        )
        return counts if known else replace(counts, waiting=None)

    def _all_logged(self) -> bool:
        """Return whether all that was due in the window is in the log."""
        free_ns = self.closes_ns + LINGER_NS - JUST_NS
        waited = any((writer.ended or 0) < free_ns for writer in self.writers)
        return (self._beyond or waited) and not self._unclear
