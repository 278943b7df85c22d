"""One client process: takes a job on standard input, writes rows until told, reports what became of them.

The conversation, a JSON line each: job → ``Ready`` (connections open) → window → ``Result``s → end of input. Until that
end connections stay open, so that the CPU time of this process and of its backends can be read. The agent's side of it
is ``processes``. Whatever goes wrong with a commit ends the trial here: closed loops that retry hide what they measure.

On a client box (``client_boxes``) it is asked what its clock shows too, before the window by ``null``, and by any line
after its results; it answers with the nanoseconds of its monotonic clock.
"""

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from select import select
from time import monotonic_ns
from typing import Any

import msgspec

from bench.model.endpoint import CONNECT_TIMEOUT_S
from bench.model.plan import POISSON
from bench.model.table import Table
from bench.seams import users
from bench.workload.arrivals import Came, Coming, Share, moments, surge_of, with_surge
from bench.workload.client_boxes import LEFT_ALONE_S, WINDOW_WITHIN_S, OwnTime
from bench.workload.driver import (
    HOW,
    AsyncDriver,
    Pool,
    ProgramDriver,
    ResettingDriver,
    SyncDriver,
    TellingDriver,
    WhenReady,
    drivers,
)
from bench.workload.lag import watching
from bench.workload.load import Commit, Load, Running, loads
from bench.workload.messages import DRAIN_TIMEOUT_S, Job, LoopLag, Lost, OpenCounts, Ready, Result, Window
from bench.workload.phase import AsyncPhase, SyncPhase, ladder
from bench.workload.recorder import SECOND_NS, OpenRecorder, Recorder
from bench.workload.rows import Source
from bench.workload.timer import wake_at_once
from bench.workload.workers import Workers

YOUNG_OBJECTS = 50_000
"""The collector waits for so many new objects: made-up rows hold no cycles, and looking took a tenth of 2-G's CPU."""


class Client:
    """What both kinds of client share: rows, window, and the account of what was lost."""

    waits_for_pool = False
    high_water: int | None = None
    loop_lag: LoopLag | None = None
    coming: Coming | None = None
    """Of an open loop."""

    def __init__(self, job: Job, source: Callable[[int, int, int], Source]) -> None:
        self.job = job
        self.batch = job.parameters.batch
        self.source = source(job.writer, job.seed, job.parameters.payload_bytes)
        self.table = Table(schema=job.endpoint.schema)
        self.recorder: Recorder
        self.lost: list[Lost] = []
        self.errors: list[str] = []
        self.synchronous_commit: list[str] = []
        self.commits = 0

    def start(self, window: Window) -> None:
        """Begin the warm-up."""
        self.recorder = self._recorder(window)
        # What was made until now lives as long as this process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)

    def _recorder(self, window: Window) -> Recorder:
        parameters, opens, closes = self.job.parameters, window.opens_ns, window.closes_ns
        if parameters.due_per_s is None:
            return Recorder(opens, closes, self.batch)
        share = Share(
            per_s=parameters.due_per_s,
            arrivals=parameters.arrivals or POISSON,
            number=self.job.writer,
            of=parameters.processes,
            seed=self.job.seed,
        )
        begins_ns, surge = monotonic_ns(), surge_of(parameters, window)
        dues = moments(share, begins_ns)
        if surge is not None:
            dues = with_surge(dues, begins_ns, surge)
        self.coming = Coming(dues, parameters, window)
        return OpenRecorder(
            opens, closes, self.batch, collects=parameters.collects, limit_ns=self.coming.limit_ns, surge=surge
        )

    def count_of(self, came: Came | None) -> int:
        """Return how many rows a commit has."""
        if came is None or isinstance(came, int):
            return self.batch
        dues, _ = came
        return len(dues)

    def open_loop(self) -> OpenCounts | None:
        """Return what became of what was due; None: it is no open loop."""
        if self.coming is None:
            return None
        assert isinstance(self.recorder, OpenRecorder)
        coming = self.coming
        return self.recorder.open_loop(
            waiting=coming.close(), skipped=coming.skipped, late_while_free=coming.late_while_free
        )

    def running(self) -> bool:
        """Return whether another commit may start."""
        return monotonic_ns() < self.recorder.closes_ns and not self.errors

    def fail(self, error: BaseException) -> None:
        """Note an error; the first ends the trial."""
        # A server's message may be a page long, and each commit in flight has one.
        self.errors.append(" ".join(f"{type(error).__name__}: {error}".split())[:300])

    def lose(self, first: int, rows: int, error: BaseException, *, in_doubt: bool) -> None:
        """Account for a commit that was not acknowledged."""
        self.lost.append(Lost(first=first, rows=rows, in_doubt=in_doubt))
        self.fail(error)

    def result(self) -> Result:
        """Sum up."""
        recorder, open_loop = self.recorder, self.open_loop()
        recorder.fold()
        wait_s = recorder.wait_ns / SECOND_NS
        return Result(
            writer=self.job.writer,
            attempted=self.source.taken,
            acknowledged=recorder.acknowledged,
            commits=self.commits,
            lost=self.lost,
            errors=self.errors,
            commits_per_second=recorder.commits_per_second(),
            rows_per_second=recorder.rows_per_second(),
            prepare_s=recorder.prepare_ns / SECOND_NS,
            connect_s=0 if self.waits_for_pool else wait_s,
            pool_wait_s=wait_s if self.waits_for_pool else 0,
            insert_s=recorder.insert_ns / SECOND_NS,
            release_s=recorder.release_ns / SECOND_NS,
            cycle_s=recorder.cycle_ns / SECOND_NS,
            rounds=recorder.rounds,
            rounds_s=recorder.rounds_ns / SECOND_NS,
            pool_high_water=self.high_water,
            latency_hdr=recorder.histogram().encode().decode(),
            gaps=recorder.gaps(),
            synchronous_commit=self.synchronous_commit,
            open_loop=open_loop,
            loop_lag=self.loop_lag,
        )


class AsyncClient(Client):
    """Climbs a rung of coroutines, by a driver with a pool."""

    waits_for_pool = True

    def __init__(self, job: Job, phase: AsyncPhase, driver: AsyncDriver, load: Load) -> None:
        super().__init__(job, phase.source)
        self.high_water: int = 0
        self.phase, self.driver, self.load = phase, driver, load
        self.barrier = load.barrier
        self.pool: Pool
        self.in_use = 0
        self.under_way = self.round_began = 0

    async def commit(self, came: Came | None = None, began: int = 0) -> None:
        """Make one commit and take note of it; never raises, so that the others in flight are drained.

        It is under way since ``began``, 0: since now.
        """
        began = began or monotonic_ns()
        if self.barrier:
            self.under_way += 1
            if self.under_way == 1:
                self.round_began = began
        first, count = self.source.taken, self.count_of(came)
        rows = self.source.take(count)
        asked = monotonic_ns()
        try:
            connection = await self.pool.acquire()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - accounted for, ends the trial
            return self.lose(first, count, error, in_doubt=False)
        connected, answered = monotonic_ns(), 0
        self.in_use += 1
        if self.in_use > self.high_water:  # noqa: PLR1730 - max() costs three times as much
            self.high_water = self.in_use
        try:
            await self.phase.insert(connection, rows, self.table)
            answered = monotonic_ns()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - accounted for, ends the trial
            self.lose(first, count, error, in_doubt=not self.driver.refused(error))
        self.in_use -= 1
        # Giving it back is timed by itself: asyncpg's pool resets the session, which is a round trip.
        try:
            await self.pool.release(connection)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the rows are safe, the trial is not
            self.fail(error)
        released = monotonic_ns()
        if answered:
            self.commits += 1
            self.recorder.acknowledge(began, asked, connected, answered, released, came)
        if self.barrier:
            self.under_way -= 1
            if not self.under_way:
                self.recorder.round(self.round_began, released)
        return None

    async def run(self, ready: Callable[[], Window], finish: Callable[[Sequence[Result]], None]) -> None:
        """Open the pool, follow the load model until the window closes, drain."""
        parameters = self.job.parameters
        self.pool = await self.open_pool()
        await self.ask()
        self.start(ready())
        commit: Commit = self.commit
        running: Running = self.running
        workers = None
        if self.coming is not None:
            workers = Workers(self.coming, self.recorder.closes_ns, self.errors, self.commit)
            commit, running = workers.commit, workers.running
        drive = self.load.drive(commit, running, parameters.in_flight)
        left = (self.recorder.closes_ns - monotonic_ns()) / SECOND_NS + DRAIN_TIMEOUT_S
        with watching(self.recorder.opens_ns, self.recorder.closes_ns) as watch:
            try:
                await asyncio.wait_for(drive, left)
                if not self.errors:
                    await self.ask()
            except Exception as error:  # noqa: BLE001 - of a user's load model, too: what was written is accounted for
                self.fail(error)
        if workers is not None:
            workers.close()
        self.loop_lag = watch.found() if watch else None
        return finish([self.result()])

    def open_pool(self) -> Awaitable[Pool]:
        """Open the pool as the trial has it."""
        parameters = self.job.parameters
        endpoint, least, most = self.job.endpoint, parameters.pool_min or 1, parameters.pool_max or 1
        if parameters.reset == "none" and isinstance(self.driver, ResettingDriver):
            return self.driver.pool(endpoint, least, most, "none")
        return self.driver.pool(endpoint, least, most)

    async def ask(self) -> None:
        """Note how a session of the pool commits."""
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            connection = await self.pool.acquire()
            self.synchronous_commit.append(await self.driver.value(connection, HOW))
            await self.pool.release(connection)


class SyncClient(Client):
    """Climbs a rung of plain functions, one commit at a time, by a driver that connects one by one."""

    def __init__(self, job: Job, phase: SyncPhase, driver: SyncDriver) -> None:
        super().__init__(job, phase.source)
        self.phase, self.driver = phase, driver
        self.connected = 0

    def connect(self) -> Any:
        """Connect, and note when that was done."""
        connection = self.driver.connect(self.job.endpoint)
        self.connected = monotonic_ns()
        return connection

    def connect_proved(self) -> Any:
        """Connect, and prove where that came to."""
        connection = self.connect()
        self.driver.prove(connection, self.job.endpoint)
        return connection

    def commit(self, kept: Any, came: Came | None = None, began: int = 0) -> None:
        """Make one commit, under way since ``began`` (0: since now), and take note of it."""
        began = began or monotonic_ns()
        first, count = self.source.taken, self.count_of(came)
        rows = self.source.take(count)
        asked = monotonic_ns()
        self.connected = 0
        try:
            self.phase.insert(kept, rows, self.table)
        except Exception as error:  # noqa: BLE001 - accounted for, ends the trial
            reached = self.connected or not self.phase.connects
            return self.lose(first, count, error, in_doubt=bool(reached) and not self.driver.refused(error))
        answered = monotonic_ns()
        self.commits += 1
        return self.recorder.acknowledge(began, asked, self.connected or asked, answered, answered, came)

    def run(self, ready: Callable[[], Window], finish: Callable[[Sequence[Result]], None]) -> None:
        """Open what is kept, write until the window closes.

        Where each commit connects anew, one connection proves for all that will be made alike: asking each would be
        measured with it.
        """
        kept = self.phase.open(self.connect if self.phase.connects else self.connect_proved)
        self.ask(kept)
        self.start(ready())
        if self.coming is None:
            while self.running():
                self.commit(kept)
        else:
            self.serve(self.coming, kept)
        if not self.errors:
            self.ask(kept)
        finish([self.result()])

    def serve(self, coming: Coming, kept: Any) -> None:
        """Commit what comes, and sleep while nothing does."""
        was_free, closes_ns = False, self.recorder.closes_ns
        wake_at_once()
        while (now := monotonic_ns()) < closes_ns and not self.errors:
            came = coming.take(now, was_free=was_free)
            if came is not None:
                self.commit(kept, came, now)
            else:
                time.sleep(max(min(coming.ready_ns, closes_ns) - now, 0) / SECOND_NS)
            was_free = came is None

    def ask(self, kept: Any) -> None:
        """Note how a session commits: the one kept, or where none is, one like those that write."""
        connection = self.connect_proved() if self.phase.connects else kept
        how = self.driver.how if isinstance(self.driver, TellingDriver) else HOW
        self.synchronous_commit.append(self.driver.value(connection, how))
        if self.phase.connects:
            connection.close()


def climb(job: Job, ready: WhenReady, finish: Callable[[Sequence[Result]], None]) -> None:
    """Run one job in this process; ``ready`` is called with connections open and returns the window."""
    phase, driver = ladder()[job.phase], drivers()[job.driver]
    if isinstance(driver, ProgramDriver):
        return driver.climb(job, phase, ready, finish)
    if isinstance(phase, SyncPhase) and isinstance(driver, SyncDriver):
        return SyncClient(job, phase, driver).run(ready, finish)
    if not isinstance(phase, AsyncPhase) or not isinstance(driver, AsyncDriver):
        raise TypeError(f"phase {job.phase} and driver {job.driver} are not of one kind")
    client = AsyncClient(job, phase, driver, loads()[job.parameters.load])
    if job.parameters.event_loop == "uvloop":
        # Late: where it is not asked for it shall not take memory either.
        import uvloop

        return uvloop.run(client.run(ready, finish))
    return asyncio.run(client.run(ready, finish))


def main() -> None:
    """Hold the conversation over standard input and output.

    What goes wrong before it is ready is of connecting, and reported; after that it is our own mistake: a traceback.
    """
    line = sys.stdin.buffer.readline()
    if not line:
        return  # nobody wants anything: it was seen that a client starts here
    job = msgspec.json.decode(line, type=Job)
    announced = False
    own: OwnTime | None = None
    end = threading.Thread(target=_end_with_input, daemon=True)

    def ready(connecting_s: float = 0) -> Window:
        nonlocal announced, own
        announced = True
        _say(Ready(connecting_s=connecting_s))
        window = _window(WINDOW_WITHIN_S if job.elsewhere else None)
        end.start()
        if job.elsewhere:
            own = OwnTime(window)
        return window

    def finish(results: Sequence[Result]) -> None:
        if own is None:
            _say(results)
            end.join()
            return
        _say(own.add_to(results))
        end.join(LEFT_ALONE_S)
        os._exit(0)

    if changed := _changed(job):
        _say(Ready(error=f"{changed} is not the file that was planned"))
        return
    try:
        climb(job, ready, finish)
    except drivers()[job.driver].errors as error:
        if announced:
            raise
        _say(Ready(error=" ".join(f"{type(error).__name__}: {error}".split())))


def _changed(job: Job) -> str:
    """Return a file of the user's that is another than when the plan was made; empty where none is."""
    files = (ladder().files[job.phase], drivers().files[job.driver], loads().files[job.parameters.load])
    changed = users(files).items() - job.pieces.items()
    return " and ".join(sorted(name for name, _ in changed))


def _window(patience_s: float | None) -> Window:
    """Wait for the window, and answer what our clock shows as often as that is asked.

    Raises:
        TimeoutError: it did not come in time.

    """
    window: Window | None = None
    while window is None:
        if not select([sys.stdin], [], [], patience_s)[0]:
            raise TimeoutError(f"no window came within {patience_s} s")
        window = msgspec.json.decode(sys.stdin.buffer.readline(), type=Window | None)
        if window is None:
            _say(monotonic_ns())
    return window


def _end_with_input() -> None:
    """End with our input, which is open as long as the agent lives and wants us; it costs nothing to wait for it.

    At once: connections are dropped by the kernel, there is nothing to tidy up. A line asks what our clock shows.
    """
    while os.read(sys.stdin.fileno(), 64):
        _say(monotonic_ns())
    os._exit(0)


def _say(thing: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(thing) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
