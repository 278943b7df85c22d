"""An event loop's lag: near nothing where it is idle, and as long as it was held up where it was."""

import asyncio
import time
from pathlib import Path
from time import monotonic_ns

import pytest
import uvloop

from bench.workload import lag, timer
from bench.workload.lag import SECOND_NS, watching

RUN = pytest.mark.parametrize("run", [asyncio.run, uvloop.run])


async def seen(work, seconds=0.5):
    opens = monotonic_ns()
    with watching(opens, opens + round(seconds * SECOND_NS)) as watch:
        await work(opens + round(seconds * SECOND_NS))
    return watch.found()


async def idle(until):
    await asyncio.sleep((until - monotonic_ns()) / SECOND_NS)


async def held_up(until):
    while monotonic_ns() < until:
        time.sleep(0.04)
        await asyncio.sleep(0)


@RUN
def test_a_loop_that_is_held_up_for_40_ms_at_a_time_lags_by_half_of_that_and_more(run):
    found = run(seen(held_up))
    assert found.moments >= 3
    # What becomes ready amid a stretch of 40 ms waits for its end, and its task for the end of the next.
    assert found.lag_s / found.moments > 0.02
    assert found.most_s >= found.lag_s / found.moments
    assert found.blocked >= found.moments - 1


@RUN
def test_a_loop_that_has_nothing_to_do_lags_next_to_nothing_when_the_machine_lets_it(run, monkeypatch):
    monkeypatch.setattr(lag, "BLOCKED_NS", 0.01 * SECOND_NS)

    async def watched():
        opens = monotonic_ns()
        with watching(opens, opens + SECOND_NS) as watch:
            await idle(opens + SECOND_NS)
        return watch.found()

    found = run(watched())
    assert found.moments >= 3
    assert found.blocked < found.moments  # one was below


def test_what_lies_outside_the_window_does_not_count():
    async def early():
        opens = monotonic_ns() + 60 * SECOND_NS
        with watching(opens, opens + SECOND_NS) as watch:
            await asyncio.sleep(0.2)
        return watch.found()

    assert asyncio.run(early()).moments == 0


def test_nothing_of_it_is_left():
    async def twice():
        before = len(list(Path("/proc/self/fd").iterdir()))
        await seen(idle, 0.1)
        return before, len(list(Path("/proc/self/fd").iterdir()))

    before, after = asyncio.run(twice())
    assert before == after


def test_a_system_without_such_a_timer_is_not_watched(monkeypatch):
    monkeypatch.setattr(timer.ctypes, "CDLL", lambda *_, **__: object())

    async def watched():
        with watching(0, SECOND_NS) as watch:
            return watch

    assert asyncio.run(watched()) is None


@RUN
def test_a_look_that_is_under_way_as_it_ends_is_given_up(run):
    complaints = []

    async def cut_off():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        opens = monotonic_ns()
        with watching(opens, opens + 60 * SECOND_NS) as watch:
            time.sleep(0.2)  # by then the timer is due
            watch._ready()
        await asyncio.sleep(0.05)

    run(cut_off())
    assert complaints == []
