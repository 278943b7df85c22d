"""The life of one trial: same start, warm up, measure, settle, verify, judge.

Whatever goes wrong, there is a record: void, with its reason. The order of steps is Greg Smith's (pgbench-tools):
reset, CHECKPOINT, wait until done, baseline, run, capture before anything is touched.
"""

import os
import shutil
import time
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from bench.agent import observe
from bench.agent.made import check_table
from bench.agent.verify import check_commits_found, check_transactions, verify
from bench.engines.engine import Counters, Grade, Server, Session
from bench.engines.postgresql.layout import TableLayout, table_layout
from bench.engines.postgresql.session import DriftError, ServerError, VariantError
from bench.model import readings
from bench.model.fingerprint import Fingerprint, Unreadable
from bench.model.plan import Plan, Trial
from bench.model.record import ClientTime, Cpu, InFlight, Reason, Record, Samples, Start, Verified
from bench.plan.contrast import VARIANT, Cell, cell_of
from bench.plan.pieces import pieces_of, target_pieces
from bench.probes.block import data_device
from bench.probes.fsync import fsync_per_second
from bench.probes.programs import busiest
from bench.probes.sensors import Sensors
from bench.stats.gaps import longest_gap
from bench.stats.histogram import decode, merge, percentiles, row_latency_ms
from bench.stats.rates import window_rates
from bench.stats.steadiness import assess
from bench.store.run_directory import now
from bench.validity import judge
from bench.validity.flushes import PROMISED, check_flush_rate, check_no_flush, flushes_at_start, flushes_needed
from bench.validity.standstill import check_pauses
from bench.workload.client import DRAIN_TIMEOUT_S
from bench.workload.load import loads
from bench.workload.messages import Job, Result, Window
from bench.workload.processes import ClientFailedError, Clients

READY_TIMEOUT_S = 60
DRAIN_ALLOWED_S = 0.5
"""For commits under way when the window closes, before settling is timed."""
RESTART_S, RESTART_STEP_S = 5, 0.1
SECOND_NS = 1_000_000_000
UNKNOWN = Verified(attempted=None, acknowledged=None, found=None, in_doubt=None)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What is known of a trial so far; what never came to be known stays None."""

    started: str
    reasons: list[Reason] = field(default_factory=list)
    grade: Grade = field(default_factory=Grade)
    fsync_per_s: list[float] = field(default_factory=list)
    start: Start | None = None
    results: Sequence[Result] = ()
    complete: bool = False
    """The window was open from its start to its end."""
    cpu: Cpu = field(default_factory=lambda: Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None))
    cpu_unknown: str = "it was read too late"
    busiest: list[str] = field(default_factory=list)
    """The programs of others that took most CPU time."""
    quotas: tuple[judge.Quotas, judge.Quotas] = ({}, {})
    """When the window opened, and when it closed."""
    closes_s: float = 0.0
    """When the window closed, on the monotonic clock."""
    counters: Counters = field(default_factory=lambda: Counters(expressions={}, missing={}))
    moments: list[readings.Moment] = field(default_factory=list)
    wal_files_created: int | None = None
    checkpoint_s: float | None = None
    transactions: int | None = None
    verified: Verified = UNKNOWN
    server_started: str | None = None
    """When the server that the trial began on had started."""

    def doubt(self, code: str, detail: object) -> None:
        """Add a reason."""
        self.reasons.append(Reason(code=code, detail=" ".join(str(detail).split())))


class TrialRunner:
    """Runs the trials of one plan on one server, one at a time."""

    def __init__(self, plan: Plan, server: Server, host: Fingerprint | None = None) -> None:
        self.plan, self.server = plan, server
        self._trouble: tuple[type[BaseException], ...] = (ServerError, ClientFailedError, OSError, *server.errors)
        self._fsync_at_start = flushes_at_start(host)
        self._variants = {variant.name: variant for variant in plan.variants}
        self._sensors = Sensors(_device(server))
        self._data = server.data_place()
        self._flush_us: dict[str, float | Unreadable] = {}
        """By variant: what waiting for its flush costs a commit."""
        self._settings: dict[str, dict[str, str]] = {}
        """By variant: what was in force when it was first proved."""
        self._layouts = {trial.layout: table_layout(trial.layout) for trial in plan.trials}
        self._target = target_pieces(plan.pieces)
        self._wal_used: dict[Cell, int] = {}
        """The most bytes of WAL that a trial wrote so far, whatever its variant."""

    def run(self, trial: Trial, attempt: int) -> tuple[Record, Samples]:
        """Run one trial; an interruption is recorded like any other end, the caller sees it by its reason."""
        outcome = Outcome(started=now("milliseconds"))
        clock, began = observe.wall_clock_ahead(), time.monotonic()
        try:
            self._live(trial, outcome)
        except VariantError as error:
            outcome.doubt("refused", f"refused: {error}")
        except DriftError as error:
            outcome.doubt("configuration-drifted", error)
        except self._trouble as error:
            outcome.doubt("client-error" if isinstance(error, ClientFailedError) else "server-trouble", error)
            self._find_restart(outcome)
        except KeyboardInterrupt:
            outcome.doubt("interrupted", "the run was told to stop during this trial")
        step = observe.wall_clock_ahead() - clock
        outcome.reasons += judge.check_clock(step, time.monotonic() - began)
        return self.record(trial, attempt, outcome)

    def _find_restart(self, outcome: Outcome) -> None:
        """Tell trouble that the trial made from a server that somebody restarted under it: that takes a second or two.

        Where it goes down with the whole machine, we are told to stop meanwhile: then the trial was interrupted.
        """
        deadline = time.monotonic() + RESTART_S
        try:
            while outcome.server_started and time.monotonic() < deadline:
                with suppress(*self._trouble), closing(self.server.session()) as session:
                    if session.started() != outcome.server_started:
                        outcome.doubt("server-restarted", "the server was restarted during the trial")
                    return
                time.sleep(RESTART_STEP_S)
        except KeyboardInterrupt:
            outcome.doubt("interrupted", "the run was told to stop during this trial")

    def rest(self) -> None:
        """Leave the server nothing to do until the next trial: no table to vacuum, no page to write.

        Trouble is not told here: the next trial meets it, and has a record.
        """
        with suppress(*self._trouble), closing(self.server.session()) as session:
            session.drop_table()
            session.settle()

    def _live(self, trial: Trial, outcome: Outcome) -> None:
        variant = self._variants[trial.variant]
        self.server.apply(variant)
        outcome.reasons += self.server.doubts
        with closing(self.server.session()) as session:
            if not self._prepare(session, trial, outcome):
                return
            before, started, loaded = session.next_transaction(), session.started(), session.configuration_loaded()
            wal_before, began = session.wal_position(), time.monotonic()
            outcome.server_started = started
            self._measure(session, trial, outcome)
        with closing(self.server.session()) as session:  # anew: the server may have been restarted
            if session.started() != started:
                outcome.doubt("server-restarted", "the server was restarted during the trial")
            elif session.configuration_loaded() != loaded:
                outcome.doubt("configuration-loaded", "the server read its configuration anew during the trial")
            if outcome.complete:
                late_s = time.monotonic() - outcome.closes_s - DRAIN_ALLOWED_S
                outcome.reasons += judge.check_late("the closing CHECKPOINT was made", late_s, self.plan.window_s)
            self._count_wal(session, trial, wal_before, outcome)
            outcome.checkpoint_s = session.settle()
            layout, made = self._layouts[trial.layout], session.made()
            self._grade(session, layout, made, outcome)
            outcome.reasons += check_no_flush(outcome.grade.word, self._flush_us.get(trial.variant))
            outcome.reasons += check_table(layout, made, "at the end of the trial")
            outcome.reasons += judge.check_settings(self._settings[variant.name], session.settings())
            self._verify(session, trial, before, began, outcome)

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _prepare(self, session: Session, trial: Trial, outcome: Outcome) -> bool:
        """Bring the server to the same start, and say in what starts differ all the same.

        Return whether the table is the one that was asked for.
        """
        layout = self._layouts[trial.layout]
        session.reset(layout, self.plan.preload_rows, trial.parameters.payload_bytes)
        if self.server.exclusive:
            used = self._wal_used.get(cell_of(trial, VARIANT))
            session.prepare_wal(self.plan.warm_up_s + self.plan.window_s, used, self._free_bytes())
        made = session.made()
        if layout.reads_back and (altered := check_table(layout, made, "at the start of the trial")):
            outcome.reasons += altered
            return False
        session.settle()  # returns when it is done
        self._settings.setdefault(trial.variant, session.settings())
        self._grade(session, layout, made, outcome)
        if outcome.grade.word in PROMISED and trial.variant not in self._flush_us:
            self._flush_us[trial.variant] = session.flush_us()
        outcome.counters = session.counters()
        baseline = session.baseline()
        temperature = self._sensors.read().temperature_c
        outcome.start = Start(
            wal_segments=baseline.wal_segments,
            free_disk_bytes=self._free_bytes(),
            temperature_c=None if isinstance(temperature, Unreadable) else temperature,
            table_bytes=baseline.table_bytes,
            index_bytes=baseline.index_bytes,
        )
        return True

    def _grade(self, session: Session, layout: TableLayout, made: Collection[str], outcome: Outcome) -> None:
        """Say what a crash would take, and measure what the disk under the WAL gives: before and after the writing."""
        of_clients = [word for result in outcome.results for word in result.synchronous_commit]
        outcome.grade = session.grade(layout, made, self._data, of_clients)
        wal = self.server.wal_place(self._data)
        if self.server.exclusive and isinstance(wal, Path):
            rate = fsync_per_second(wal)
            outcome.fsync_per_s += [] if isinstance(rate, Unreadable) else [rate]

    def _free_bytes(self) -> int | None:
        directory = self.server.data_directory()
        return shutil.disk_usage(directory).free if directory else None

    def _count_wal(self, session: Session, trial: Trial, before: int | None, outcome: Outcome) -> None:
        """Note what a trial wrote, and whether files had to be created for it."""
        cell, position = cell_of(trial, VARIANT), session.wal_position()
        if position is not None and before is not None:
            self._wal_used[cell] = max(position - before, self._wal_used.get(cell, 0))
        there, at_start = session.wal_segments(), outcome.start.wal_segments if outcome.start else None
        if there is not None and at_start is not None:
            outcome.wal_files_created = max(there - at_start, 0)

    def _seed(self, trial: Trial) -> int:
        """Return what its payloads are made from."""
        return self.plan.seed + trial.number

    def _measure(self, session: Session, trial: Trial, outcome: Outcome) -> None:
        """Open the window, watch, and collect what the clients have to say."""
        endpoint = self.server.endpoint(trial.transport)
        jobs = [
            Job(
                phase=trial.phase,
                driver=trial.driver,
                parameters=trial.parameters,
                endpoint=endpoint,
                writer=writer,
                seed=self._seed(trial),
                pieces=pieces_of([trial], self.plan.engine),
            )
            for writer in range(1, trial.parameters.processes + 1)
        ]
        with Clients(jobs) as clients:
            clients.wait_ready(READY_TIMEOUT_S)
            opens = time.monotonic_ns() + round(self.plan.warm_up_s * SECOND_NS)
            window = Window(opens_ns=opens, closes_ns=opens + round(self.plan.window_s * SECOND_NS))
            clients.go(window)
            outcome.complete = self._watch(session, clients, window, outcome)
            outcome.results = clients.results(DRAIN_TIMEOUT_S + 10)
        if errors := [error for result in outcome.results for error in result.errors]:
            outcome.doubt("client-error", errors[0] + (f" (and {len(errors) - 1} more)" if errors[1:] else ""))

    def _watch(self, session: Session, clients: Clients, window: Window, outcome: Outcome) -> bool:
        """Read once a second while the window is open; return whether it stayed open until its end."""
        postmaster = self.server.postmaster()
        if clients.wait_until(window.opens_ns):
            return False
        first = observe.spent_so_far(clients.pids, postmaster, self.server.others(session))
        first_late_s = first.at_s - window.opens_ns / SECOND_NS
        for moment in (*range(window.opens_ns, window.closes_ns, SECOND_NS), window.closes_ns):
            if clients.wait_until(moment):
                break
            at_s = (time.monotonic_ns() - window.opens_ns) / SECOND_NS
            server = outcome.counters.read(session)
            outcome.moments.append(readings.Moment(at_s=at_s, host=self._sensors.read(), server=server))
        last = observe.spent_so_far(clients.pids, postmaster, self.server.others(session))
        ours = {os.getpid(), *clients.pids, postmaster}
        outcome.busiest = busiest(first.processes, last.processes, ours, last.others)
        outcome.quotas = first.quotas, last.quotas
        outcome.closes_s = window.closes_ns / SECOND_NS
        if late := judge.check_late(
            "CPU was read", max(first_late_s, last.at_s - outcome.closes_s), self.plan.window_s
        ):
            outcome.reasons += late
        else:
            outcome.cpu = observe.cpu_between(first, last, outcome.moments)
            outcome.cpu_unknown = observe.why_unknown(first, last, outcome.moments)
        return last.at_s >= outcome.closes_s

    def _verify(self, session: Session, trial: Trial, before: int, began: float, outcome: Outcome) -> None:
        """Compare what the clients claim with what the server has."""
        outcome.transactions = session.next_transaction() - before
        if not outcome.results:
            return
        try:
            arrived = session.found(outcome.results, self._seed(trial), trial.parameters.payload_bytes)
        except self.server.errors as error:
            outcome.doubt("not-verified", error)
            return
        outcome.verified, reasons = verify(outcome.results, arrived)
        outcome.reasons += reasons
        outcome.reasons += check_commits_found(arrived, outcome.results)
        outcome.reasons += check_transactions(
            outcome.transactions, outcome.results, time.monotonic() - began, exclusive=self.server.exclusive
        )

    # --- the record --------------------------------------------------------------------------------------------------

    def record(self, trial: Trial, attempt: int, outcome: Outcome) -> tuple[Record, Samples]:
        """Return what is kept of a trial, judged."""
        results, parameters = outcome.results, trial.parameters
        rows = [sum(second) for second in zip(*(result.rows_per_second for result in results), strict=True)]
        commits = [sum(second) for second in zip(*(result.commits_per_second for result in results), strict=True)]
        seconds = self.plan.window_s if outcome.complete else 0.0
        histogram = merge(decode(result.latency_hdr) for result in results)
        latency = percentiles(histogram)
        check = in_flight(trial, results, seconds)
        steady = assess(rows[: int(seconds)]) if outcome.complete else None
        gaps = [result.gaps for result in results]
        energy = readings.energy_j(outcome.moments, self._sensors.energy_range_uj)
        if outcome.complete:
            outcome.reasons += judge.check_commits(sum(commits), parameters.in_flight if _barrier(trial) else 1)
            outcome.reasons += judge.check_steady(steady)
            outcome.reasons += judge.check_in_flight(check)
            needed = flushes_needed(
                parameters, readings.per_second(outcome.moments, "wal_sync"), sum(commits) / seconds
            )
            outcome.reasons += check_flush_rate(outcome.grade.word, needed, outcome.fsync_per_s, self._fsync_at_start)
            outcome.reasons += check_pauses(gaps, seconds, histogram)
            outcome.reasons += judge.check_steal(outcome.cpu.steal_pct, outcome.cpu_unknown)
            outcome.reasons += judge.check_others(
                outcome.cpu, psutil.cpu_count() or 1, outcome.cpu_unknown, outcome.busiest
            )
            outcome.reasons += judge.check_quotas(*outcome.quotas)
            outcome.reasons += judge.check_host(outcome.moments[0].host, outcome.moments[-1].host)
        burst, settled, commits_per_s = window_rates(sum(rows), sum(commits), seconds, outcome.checkpoint_s)
        waits = [result.pool_high_water for result in results if result.pool_high_water is not None]
        record = Record(
            run=self.plan.run,
            trial=trial,
            attempt=attempt,
            engine=self.plan.engine,
            variant_sha256=self._variants[trial.variant].sha256,
            pool_high_water=max(waits, default=None),
            preload_rows=self.plan.preload_rows,
            started=outcome.started,
            warm_up_s=self.plan.warm_up_s,
            seconds=seconds,
            checkpoint_s=outcome.checkpoint_s,
            rows=sum(rows),
            commits=sum(commits),
            errors=sum(len(result.errors) for result in results),
            rows_per_s=burst,
            settled_rows_per_s=settled,
            commits_per_s=commits_per_s,
            latency_ms=latency,
            row_latency_ms=row_latency_ms(histogram, parameters.batch),
            cpu=outcome.cpu,
            client_time=client_time(results),
            in_flight_check=check,
            steadiness=steady.label if steady else "not assessed",
            start=outcome.start,
            transactions=outcome.transactions,
            counters=readings.counters_between(outcome.moments, outcome.counters.missing),
            wal_files_created=outcome.wal_files_created,
            energy_j=None if isinstance(energy, Unreadable) or not outcome.complete else energy,
            longest_gap_s=longest_gap(gaps) / SECOND_NS if outcome.complete else None,
            not_counted=_not_counted(outcome, energy),
            durability=outcome.grade.word,
            durability_because=outcome.grade.because,
            fsync_per_s=tuple(outcome.fsync_per_s),
            pieces=pieces_of([trial], self.plan.engine) | self._target,
            verified=outcome.verified,
            validity=judge.validity(outcome.reasons),
        )
        samples = Samples(
            trial=trial.number,
            attempt=attempt,
            rows_per_second=rows,
            commits_per_second=commits,
            readings=msgspec.to_builtins(outcome.moments),
            latency_hdr=histogram.encode().decode(),
        )
        return record, samples


def _device(server: Server) -> str | Unreadable:
    directory = server.data_directory()
    if directory is None:
        return Unreadable(unreadable="the server's data directory can't be seen from here")
    return data_device(directory)


def _not_counted(outcome: Outcome, energy: float | Unreadable) -> dict[str, str]:
    """Return why figures of the window are null, by their names."""
    reasons = dict(outcome.counters.missing) if len(outcome.moments) > 1 else {}
    if isinstance(energy, Unreadable):
        reasons["energy_j"] = energy.unreadable
    return reasons


def client_time(results: Sequence[Result]) -> ClientTime:
    """Sum the workers' time over the processes."""
    names = ("prepare_s", "connect_s", "pool_wait_s", "insert_s", "release_s")
    return ClientTime(**{name: sum(getattr(result, name) for result in results) for name in names})


def _barrier(trial: Trial) -> bool:
    return loads()[trial.parameters.load].barrier


def in_flight(trial: Trial, results: Sequence[Result], seconds: float) -> InFlight | None:
    """Little's law, N = X · (R + Z): what was under way on average, from the cycles' time inside the window.

    Expected is what the phase keeps under way; behind a barrier, which a round's slowest commit holds up, that many
    times the mean cycle over the mean round.
    """
    if not seconds or not any(sum(result.commits_per_second) for result in results):
        return None
    cycles = sum(result.cycle_s for result in results)
    expected = float(trial.parameters.in_flight * trial.parameters.processes)
    if _barrier(trial) and (rounds := sum(result.rounds for result in results)):
        commits = sum(sum(result.commits_per_second) for result in results)
        spent = client_time(results)
        whole = spent.prepare_s + spent.connect_s + spent.pool_wait_s + spent.insert_s + spent.release_s
        expected *= (whole / commits) / (sum(result.rounds_s for result in results) / rounds)
    return InFlight(measured=cycles / seconds, expected=expected)
