"""The life of one trial: same start, warm up, measure, settle, verify, judge.

Whatever goes wrong, there is a record: void, with its reason. The order of steps is Greg Smith's (pgbench-tools):
reset, CHECKPOINT, wait until done, baseline, run, capture before anything is touched.
"""

import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.agent import evidence, observe
from bench.agent.made import check_table
from bench.agent.mixed import commits_cut, reads_of, retention_of
from bench.agent.observers import Observers
from bench.agent.outcome import Outcome
from bench.agent.record import SECOND_NS, check_window, record_of, reported, samples_of
from bench.agent.verify import NONE_DELETED, check_commits_found, check_transactions, verify, verify_counts
from bench.engines.engine import Counted, Server, Session, Standby
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.session import DriftError, RefusedError, ServerError
from bench.model import readings
from bench.model.fingerprint import Fingerprint, Unreadable, known
from bench.model.plan import NO_REPLICA, Arm, Plan, Trial
from bench.model.record import Reason, Record, Samples, Start
from bench.model.values import Replica
from bench.plan.contrast import VARIANT, Cell, cell_of
from bench.plan.pieces import pieces_of, target_pieces
from bench.probes.block import data_device
from bench.probes.fsync import fsync_per_second
from bench.probes.probe import Asked, Scene
from bench.probes.programs import busiest, titles
from bench.store.run_directory import now
from bench.validity import judge
from bench.validity.client_boxes import check_clocks, check_kept_busy
from bench.validity.flushes import PROMISED, check_no_flush, flushes_at_start
from bench.validity.mixed import check_reads, check_retention
from bench.validity.replica import check_level, check_replication
from bench.workload.beside import Beside, BesideJob, RetentionResult
from bench.workload.messages import DRAIN_TIMEOUT_S, Job, Window
from bench.workload.processes import ClientFailedError, Clients

READY_TIMEOUT_S = 60
DRAIN_ALLOWED_S = 0.5
"""For commits under way when the window closes, before settling is timed."""
RESTART_S, RESTART_STEP_S = 5, 0.1
HOST = "host"
"""The probe whose readings the judges need."""
WINDOW_NOT_COMPLETED = Unreadable(unreadable="the window was not completed")


def made_of(trial: Trial) -> tuple[str, int]:
    """Return of a trial which layout its table is made in, and how many partitions are asked for."""
    return trial.layout, trial.parameters.partitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """What the server said just before the clients started, and when."""

    transaction: int | None
    server_started: str
    configuration_loaded: str
    wal_position: int | None
    at_s: float


def _used(before: int | None, now: int | None) -> int | None:
    """Return how many transactions there were in between, where they can be told."""
    return None if before is None or now is None else now - before


class TrialRunner:
    """Runs the trials of one plan on one server, one at a time."""

    def __init__(self, plan: Plan, server: Server, host: Fingerprint | None = None) -> None:
        self.plan, self.server = plan, server
        self._trouble: tuple[type[BaseException], ...] = (ServerError, ClientFailedError, OSError, *server.errors)
        self._fsync_at_start = flushes_at_start(host)
        self._variants = plan.variants_by_arm
        self._data: dict[str | None, Path | Unreadable] = {}
        data = server.data_place()
        device: str | Unreadable = Unreadable(unreadable="the server's data directory can't be seen from here")
        if directory := server.data_directory():
            device = data_device(directory)
        elif isinstance(data, Unreadable):
            device = data
        self._probes = Observers(Scene(device=device, data=data))
        self._flush_us: dict[Arm, float | Unreadable] = {}
        """What waiting for its flush costs a commit."""
        self._settings: dict[tuple[Arm, Replica], dict[str, str]] = {}
        """What was in force when it was first proved."""
        self._standby: Standby | None = None
        """What follows the server in the trial under way."""
        self._layouts = {made_of(trial): table_layout(*made_of(trial)) for trial in plan.trials}
        target = target_pieces(plan.pieces)
        self._pieces = {trial.number: pieces_of([trial], plan.engine) | target for trial in plan.trials}
        """By trial: the user's files that it is measured with, as they were when the run began."""
        self._wal_used: dict[Cell, int] = {}
        """The most bytes of WAL that a trial wrote so far, whatever its variant."""

    def run(self, trial: Trial, attempt: int, doubts: Iterable[Reason] = ()) -> tuple[Record, Samples]:
        """Run one trial; an interruption is recorded like any other end, the caller sees it by its reason.

        ``doubts`` are what is known against it beforehand: one that voids it leaves it unmeasured.
        """
        outcome = Outcome(started=now("milliseconds"))
        outcome.reasons += doubts
        if judge.state_of(outcome.reasons) == "void":
            return self.record(trial, attempt, outcome)
        clock, began = observe.wall_clock_ahead(), time.monotonic()
        try:
            self._live(trial, outcome)
        except RefusedError as error:
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
        """Tell trouble of the trial's own from a server that somebody restarted: a restart takes a second or two.

        Where it goes down with the whole machine, we are asked to stop meanwhile: then the trial was interrupted.
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

        Trouble is not reported here: the next trial meets it, and has a record.
        """
        with suppress(*self._trouble), closing(self.server.session()) as session:
            session.drop_table()
            session.settle()

    def _live(self, trial: Trial, outcome: Outcome) -> None:
        self.server.apply(self._variants[self.plan.arm_of(trial)])
        outcome.reasons += self.server.doubts
        self._standby = None
        if not trial.parameters.replicated:
            # Before anything is written, which it would follow.
            self.server.replicate(NO_REPLICA)
        with closing(self.server.session()) as session:
            if not self._prepare(session, trial, outcome):
                return
            begin = Begin(
                transaction=session.next_transaction(),
                server_started=session.started(),
                configuration_loaded=self._configuration_loaded(session, trial),
                wal_position=session.wal_position(),
                at_s=time.monotonic(),
            )
            outcome.server_started = begin.server_started
            self._measure(session, trial, outcome)
        # Another session: the server may have been restarted meanwhile.
        asked_at = time.monotonic()
        with closing(self.server.session()) as session:
            loading_s = time.monotonic() - asked_at if self.server.loads_engine else 0.0
            self._settle(session, trial, begin, outcome, loading_s)
            self._verify(session, trial, begin, outcome)

    # --- the steps ---------------------------------------------------------------------------------------------------

    def _prepare(self, session: Session, trial: Trial, outcome: Outcome) -> bool:
        """Bring the server to the same start; return whether the table is the one that was asked for."""
        layout = self._layouts[made_of(trial)]
        session.reset(layout, self.plan.preload_rows, trial.parameters.payload_bytes)
        if self.server.exclusive:
            used = self._wal_used.get(cell_of(trial, VARIANT))
            session.prepare_wal(self.plan.warm_up_s + self.plan.window_s, used, self._free_bytes())
        made = session.made()
        altered = check_table(layout, made, "at the start of the trial")
        if layout.reads_back and altered:
            outcome.reasons += altered
            return False
        session.settle()  # returns when it is done
        if trial.parameters.replicated:
            # Only now: WAL files that are made ready are more than its slot may keep.
            self._standby = self.server.replicate(trial.parameters.replica)
        self._settings.setdefault(self._proved(trial), session.settings())
        self._grade(session, trial, made, outcome)
        if outcome.grade.word in PROMISED and self.plan.arm_of(trial) not in self._flush_us:
            self._flush_us[self.plan.arm_of(trial)] = session.flush_us()
        self._note_start(session, outcome)
        return True

    def _configuration_loaded(self, session: Session, trial: Trial) -> str:
        """Return when the server last read its configuration; of a session that read it anew, too, a new one tells."""
        if not trial.parameters.replicated:
            return session.configuration_loaded()
        with closing(self.server.session()) as new:
            return new.configuration_loaded()

    def _proved(self, trial: Trial) -> tuple[Arm, Replica]:
        """Return what decides the settings of the server."""
        return self.plan.arm_of(trial), trial.parameters.replica

    def _note_start(self, session: Session, outcome: Outcome) -> None:
        """Note in what starts differ all the same."""
        outcome.counters = session.counters()
        baseline = session.baseline()
        # Read once before the window: a user's probe that is slow is found out here, where it disturbs nothing.
        temperature = readings.reading_of(self._probes.begin()[HOST]).temperature_c
        outcome.start = Start(
            wal_segments=baseline.wal_segments,
            free_disk_bytes=self._free_bytes(),
            temperature_c=known(temperature),
            table_bytes=baseline.table_bytes,
            index_bytes=baseline.index_bytes,
        )
        outcome.beside.append(self._probes.read("trial", time.monotonic()))

    def _data_of(self, version: str | None) -> Path | Unreadable:
        """Return where the data of the server that is measured lies: of several versions each has its own."""
        if version not in self._data:
            self._data[version] = self.server.data_place()
        return self._data[version]

    def _grade(self, session: Session, trial: Trial, made: Collection[str] | None, outcome: Outcome) -> None:
        """Say what a crash would take, and measure what the disk under the WAL gives: before and after the writing."""
        data = self._data_of(trial.version)
        outcome.grade = session.grade(self._layouts[made_of(trial)], made or (), data, outcome.of_clients)
        wal = self.server.wal_place(data)
        if self.server.exclusive and isinstance(wal, Path):
            rate = fsync_per_second(wal)
            if not isinstance(rate, Unreadable):
                outcome.fsync_per_s.append(rate)

    def _free_bytes(self) -> int | None:
        directory = self.server.data_directory()
        return shutil.disk_usage(directory).free if directory else None

    def _count_wal(self, session: Session, trial: Trial, before: int | None, outcome: Outcome) -> None:
        """Note what a trial wrote, and whether files had to be created for it."""
        cell, position = cell_of(trial, VARIANT), session.wal_position()
        if position is not None and before is not None:
            self._wal_used[cell] = max(position - before, self._wal_used.get(cell, 0))
        there = session.wal_segments()
        if there is not None and outcome.start and outcome.start.wal_segments is not None:
            outcome.wal_files_created = max(there - outcome.start.wal_segments, 0)

    def _seed(self, trial: Trial) -> int:
        """Return what its payloads are made from."""
        return self.plan.seed + trial.number

    def _jobs(self, trial: Trial) -> list[Job]:
        """Return what each client process is to do."""
        endpoint = self.server.endpoint(trial.transport)
        level = trial.parameters.commit_level or endpoint.synchronous_commit
        first = Job(
            phase=trial.phase,
            driver=trial.driver,
            parameters=trial.parameters,
            endpoint=replace(endpoint, synchronous_commit=level),
            writer=1,
            seed=self._seed(trial),
            pieces=self._pieces[trial.number],
        )
        return [replace(first, writer=writer) for writer in range(1, trial.parameters.processes + 1)]

    def _job_beside(self, trial: Trial) -> BesideJob:
        """Return what works beside them."""
        layout, readers_endpoint = self._layouts[made_of(trial)], None
        if self._standby is not None and trial.parameters.reads_standby:
            readers_endpoint = self._standby.endpoint(trial.transport)
        return BesideJob(
            parameters=trial.parameters,
            endpoint=self.server.endpoint(trial.transport),
            seed=self._seed(trial),
            readers_endpoint=readers_endpoint,
            partitions_by_time=layout.partitions if layout.by_time else 0,
        )

    def _measure(self, session: Session, trial: Trial, outcome: Outcome) -> None:
        """Open the window, watch, and collect what the clients have to say."""
        errors: list[str] = []
        jobs, client_boxes = self._jobs(trial), self.server.client_boxes(trial.parameters.client_boxes)
        with self._guarded(outcome), Beside(self._job_beside(trial)) as beside:
            beside.wait_ready(READY_TIMEOUT_S)
            # The probes' session comes before those of the clients that write: they are known by it.
            with self._asked() as asked, Clients(jobs, client_boxes) as clients:
                window = self._begun(clients, beside)
                outcome.complete = self._watch(session, asked, clients, beside, window, outcome)
                outcome.results = clients.results(DRAIN_TIMEOUT_S + 10)
                if clients.elsewhere:
                    outcome.cpu = observe.with_client_boxes(outcome.cpu, outcome.results)
                    outcome.reasons += check_clocks(clients.clock_checks)
                    if trial.parameters.rate is not None:
                        outcome.reasons += check_kept_busy(clients.kept_busy)
            read, outcome.deleted = beside.results()
        for result in (*outcome.results, read, outcome.deleted):
            errors += result.errors if result else []
        outcome.reasons += check_level(jobs[0].endpoint.synchronous_commit, outcome.of_clients)
        if outcome.complete:
            outcome.reads = reads_of(read, self.plan.window_s)
            outcome.retention = retention_of(outcome.deleted)
        if len(errors) > 1:
            outcome.doubt("client-error", f"{errors[0]} (and {len(errors) - 1} more)")
        elif errors:
            outcome.doubt("client-error", errors[0])

    def _begun(self, clients: Clients, beside: Beside) -> Window:
        """Have all begin to warm up, once each is ready; return when the window is."""
        connecting_s = clients.wait_ready(READY_TIMEOUT_S)
        clients.look_at_clocks()
        opens = time.monotonic_ns() + round((connecting_s + self.plan.warm_up_s) * SECOND_NS)
        window = Window(opens_ns=opens, closes_ns=opens + round(self.plan.window_s * SECOND_NS))
        beside.go(window)
        clients.go(window)
        return window

    @contextmanager
    def _guarded(self, outcome: Outcome) -> Iterator[None]:
        """Have the standby looked after, if there is one: nobody waits for one that is gone."""
        if self._standby is None:
            yield
            return
        try:
            with self._standby.guarded():
                yield
        finally:
            if self._standby.trouble is not None:
                outcome.complete = False
                outcome.doubt("standby-gone", self._standby.trouble)

    @contextmanager
    def _asked(self) -> Iterator[Asked | Unreadable]:
        """Yield what probes ask the server by, or why they can't."""
        asked = self.server.asked()
        with nullcontext() if isinstance(asked, Unreadable) else closing(asked):
            yield asked

    def _watch(
        self,
        session: Session,
        asked: Asked | Unreadable,
        clients: Clients,
        beside: Beside,
        window: Window,
        outcome: Outcome,
    ) -> bool:
        """Read once a second while the window is open; return whether it stayed open until its end."""
        own = self.server.postmaster()
        postmasters = [] if own is None else [own, *self.server.further_postmasters()]
        standby = self._standby.postmaster() if self._standby else None
        if clients.wait_until(window.opens_ns):
            return False
        first = observe.usage_so_far(clients.pids, postmasters, self.server.others(session), beside.pids, standby)
        first_late_s = first.at_s - window.opens_ns / SECOND_NS
        with self._probes.sampling(asked):
            for moment in (*range(window.opens_ns, window.closes_ns, SECOND_NS), window.closes_ns):
                if clients.wait_until(moment):
                    break
                at_s = (time.monotonic_ns() - window.opens_ns) / SECOND_NS
                server = outcome.counters.read(session)
                outcome.readings.append({"at_s": at_s, "server": server} | self._probes.read("second", at_s))
        last = observe.usage_so_far(clients.pids, postmasters, self.server.others(session), beside.pids, standby)
        late_s = max(first_late_s, last.at_s - window.closes_ns / SECOND_NS)
        ours = {os.getpid(), *clients.pids, *beside.pids, *postmasters, standby}
        self._note_usage(first, last, late_s, ours, outcome)
        outcome.server_cpu = observe.server_cpu_between(
            first, last, outcome.cpu.server_cores, titles(last.children(postmasters)), outcome.cpu_unknown
        )
        if clients.elsewhere:
            # Those that were read are of this machine, which they are not on.
            outcome.quotas = evidence.of_server(first.quotas), evidence.of_server(last.quotas)
        outcome.closes_s = window.closes_ns / SECOND_NS
        return last.at_s >= outcome.closes_s

    def _note_usage(
        self, first: observe.Usage, last: observe.Usage, late_s: float, ours: Collection[int | None], outcome: Outcome
    ) -> None:
        """Note who used what of the processors in between, where it was read in time."""
        # What is judged is what the samples keep: whoever reads them comes to the same.
        outcome.moments = [readings.moment_of(reading) for reading in outcome.readings]
        outcome.busiest = busiest(first.processes, last.processes, ours, last.others)
        outcome.quotas = first.quotas, last.quotas
        late = judge.check_late("CPU was read", late_s, self.plan.window_s)
        outcome.reasons += late
        if not late:
            outcome.cpu = observe.cpu_between(first, last, outcome.moments)
            outcome.cpu_unknown = observe.why_unknown(first, last, outcome.moments)

    def _settle(self, session: Session, trial: Trial, begin: Begin, outcome: Outcome, loading_s: float) -> None:
        """Close with a CHECKPOINT, and look whether server and table still are what the trial began with."""
        # Where the standby is gone, the server was told so by us.
        as_told = self._standby is None or self._standby.trouble is None
        if session.started() != begin.server_started:
            outcome.doubt("server-restarted", "the server was restarted during the trial")
        elif as_told and session.configuration_loaded() != begin.configuration_loaded:
            outcome.doubt("configuration-loaded", "the server read its configuration anew during the trial")
        if outcome.complete:
            late_s = time.monotonic() - outcome.closes_s - DRAIN_ALLOWED_S - loading_s
            outcome.reasons += judge.check_late("the closing CHECKPOINT was made", late_s, self.plan.window_s)
        self._count_wal(session, trial, begin.wal_position, outcome)
        outcome.checkpoint_s = session.settle()
        # Only now: what a probe does here may write, and the CHECKPOINT is timed.
        outcome.beside.append(self._probes.read("trial", time.monotonic()))
        if outcome.complete:
            outcome.observed = self._probes.observed()
            outcome.observed.add("event_loop", evidence.event_loop(outcome.results))
            outcome.observed.add("server_cpu", outcome.server_cpu)
            outcome.observed.add("quota", evidence.quota(*outcome.quotas))
        layout, made = self._layouts[made_of(trial)], session.made()
        self._grade(session, trial, made, outcome)
        outcome.reasons += check_no_flush(outcome.grade.word, self._flush_us.get(self.plan.arm_of(trial)))
        outcome.reasons += check_table(layout, made, "at the end of the trial")
        outcome.reasons += session.doubts()
        if as_told:
            outcome.reasons += judge.check_settings(self._settings[self._proved(trial)], session.settings())

    def _verify(self, session: Session, trial: Trial, begin: Begin, outcome: Outcome) -> None:
        """Compare what the clients claim with what the server has."""
        outcome.transactions = _used(begin.transaction, session.next_transaction())
        if not outcome.results:
            return
        deleted = outcome.deleted or NONE_DELETED
        if not self._verify_rows(session, trial, deleted, outcome):
            return
        outcome.reasons += check_transactions(
            outcome.transactions,
            outcome.results,
            time.monotonic() - begin.at_s,
            exclusive=self.server.exclusive,
            steps=deleted.steps,
            more=deleted.transactions,
        )

    def _verify_rows(self, session: Session, trial: Trial, deleted: RetentionResult, outcome: Outcome) -> bool:
        """Look for every row; return whether that can be told."""
        of_rows = outcome.results, self._seed(trial), trial.parameters.payload_bytes
        try:
            arrived = session.found(*of_rows)
            marked = session.marked(*of_rows) if outcome.deleted else None
        except self.server.errors as error:
            outcome.doubt("not-verified", error)
            return False
        if isinstance(marked, Unreadable):
            outcome.doubt("not-verified", marked.unreadable)
            return False
        if isinstance(arrived, Counted):
            outcome.verified, reasons = verify_counts(outcome.results, arrived)
        else:
            outcome.verified, reasons = verify(outcome.results, arrived, deleted, marked)
            reasons += check_commits_found(arrived, outcome.results, deleted, commits_cut(trial.parameters, deleted))
        outcome.reasons += reasons
        return True

    # --- the record --------------------------------------------------------------------------------------------------

    def record(self, trial: Trial, attempt: int, outcome: Outcome) -> tuple[Record, Samples]:
        """Return what is kept of a trial, judged."""
        clients = reported(trial, outcome.results, self.plan.window_s if outcome.complete else 0.0)
        energy_j: float | Unreadable = WINDOW_NOT_COMPLETED
        if outcome.complete:
            energy_j = readings.energy_j(outcome.moments, self._probes.opened(HOST).energy_range_uj)
            outcome.reasons += check_window(trial, clients, outcome, self._fsync_at_start)
            outcome.reasons += check_reads(trial.parameters, outcome.reads, clients.rows)
            outcome.reasons += check_retention(trial.parameters, outcome.retention, clients.rows, clients.seconds)
            counters = readings.counters_between(outcome.moments, outcome.counters.missing)
            observed = outcome.observed.figures
            outcome.reasons += check_replication(trial.parameters, observed, counters, clients.seconds)
        outcome.reasons += outcome.observed.reasons
        pieces = self._pieces[trial.number]
        record = record_of(
            self.plan,
            trial,
            attempt,
            outcome,
            clients,
            variant_sha256=self._variants[self.plan.arm_of(trial)].sha256,
            energy_j=energy_j,
            pieces=pieces,
        )
        return record, samples_of(trial, attempt, outcome, clients)
