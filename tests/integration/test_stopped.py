"""A run that is told to stop in each step of a trial, or killed, and goes on where it was."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from bench.model.record import Record
from tests.integration.support import (
    Climb,
    Ended,
    Meddler,
    assert_nothing_left,
    climbing,
    meddling,
    pgladder,
    processes_in,
    wait_for,
)

WARM_UP_S, WINDOW_S = 0.6, 2.0
ASKED = ("--phases", "1-B", "--warm-up", WARM_UP_S, "--window", WINDOW_S, "--blocks", 2, "--preload-rows", 60_000)
PROMPTLY_S = 25
"""A busy machine takes seconds; clients are given 30 s to drain and the server 60 s to stop, which nobody waits for."""
STEPS = ("preparation, twice", "warm-up", "window", "verification, by SIGTERM", "window, by SIGKILL")


def wait_step(step: str, meddler: Meddler) -> None:
    """Wait until the trial under way has reached a step."""
    if step.startswith("preparation"):
        wait_for(lambda: meddler.active("INSERT INTO %.events%generate_series%"), "rows are preloaded")
        return
    meddler.wait_inserting()
    if step.startswith("window"):
        meddler.wait_window()
    if step.startswith("verification"):
        checkpointer = meddler.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")[0][0]
        os.kill(checkpointer, signal.SIGSTOP)  # so that the table can be locked between window and verification
        try:
            wait_for(lambda: meddler.active("CHECKPOINT"), "the closing checkpoint is asked for")
            meddler.ask("BEGIN; LOCK TABLE pgladder.events")
        finally:
            os.kill(checkpointer, signal.SIGCONT)
        wait_for(meddler.waiting, "the table is looked at")


def stop(step: str, climb: Climb) -> None:
    """Tell the run to stop, the way the step says."""
    if step.endswith("SIGKILL"):
        climb.process.kill()
    elif step.endswith("SIGTERM"):
        climb.process.terminate()
    else:
        climb.process.send_signal(signal.SIGINT)
    if step.endswith("twice"):
        sleep(0.15)
        climb.process.send_signal(signal.SIGINT)


@dataclass
class Stop:
    """What one stop left."""

    ended: Ended
    took_s: float
    lines: list[bytes]
    left: list[str]


@dataclass
class Stopped:
    """A run that was stopped in every step of its first trial, then came to its end."""

    place: Path
    stops: dict[str, Stop]
    last: Climb
    ended: Ended
    records: list[Record]


@pytest.fixture(scope="module")
def stopped(new_place) -> Stopped:
    """Stop a run, go on with it and stop it again, until every step had its turn."""
    place, stops = new_place(), {}
    for attempt, step in enumerate(STEPS, 1):
        asked = ASKED if attempt == 1 else ("--resume", place / "out")
        with climbing(place, *asked) as climb:
            climb.wait_trial(1, attempt)
            with meddling(climb) as meddler:
                wait_step(step, meddler)
                stop(step, climb)
                began = monotonic()
                ended = climb.end()
            took_s = monotonic() - began
            wait_for(lambda: not processes_in(place), f"nothing runs: {processes_in(place)}")
            left = [str(path) for path in climb.data_dir.rglob("*")]
            stops[step] = Stop(ended, took_s, climb.lines(), left)
    with climbing(place, "--resume", place / "out") as last:
        return Stopped(place, stops, last, last.end(), last.records())


@pytest.mark.parametrize("step", STEPS)
def test_a_stop_is_prompt_and_its_exit_code_says_so(stopped, step):
    one = stopped.stops[step]
    assert one.ended.code == (-signal.SIGKILL if step.endswith("SIGKILL") else 1)
    assert one.took_s < PROMPTLY_S
    assert "Traceback" not in one.ended.err


@pytest.mark.parametrize("step", STEPS[:-1])
def test_nothing_runs_and_no_data_is_left_after_a_stop(stopped, step):
    assert stopped.stops[step].left == []


def codes(record: Record) -> set[str]:
    """Return the codes of a record's reasons."""
    return {reason.code for reason in record.validity.reasons}


@pytest.mark.parametrize("step", STEPS[:-1])
def test_the_trial_that_was_stopped_is_void_as_interrupted(stopped, step):
    record = stopped.records[STEPS.index(step)]
    assert record.key == (1, STEPS.index(step) + 1)
    assert record.validity.state == "void"
    assert codes(record) & ({"interrupted", "agent-ended"} if step.endswith("twice") else {"interrupted"})


def test_the_step_that_was_reached_shows_in_the_record(stopped):
    reached = {step.partition(",")[0]: record for step, record in zip(STEPS[:-1], stopped.records, strict=False)}
    assert reached["preparation"].start is None
    assert reached["warm-up"].start is not None
    assert reached["window"].seconds == 0
    assert reached["verification"].rows > 0
    assert reached["verification"].verified.found is None


def test_the_trial_of_a_killed_agent_is_recorded_by_the_next_as_cut_short(stopped):
    record = stopped.records[STEPS.index("window, by SIGKILL")]
    assert record.validity.state == "void"
    assert codes(record) == {"agent-ended"}


def test_every_other_trial_has_exactly_one_record_and_the_cut_one_a_good_last(stopped):
    attempts = [record.key for record in stopped.records]
    assert attempts == [*((1, attempt) for attempt in range(1, len(STEPS) + 2)), (2, 1)]
    assert {record.validity.state for record in stopped.records[-2:]} <= {"valid", "suspect"}


def test_lines_once_written_are_byte_for_byte_what_they_were(stopped):
    for one in stopped.stops.values():
        assert stopped.last.lines()[: len(one.lines)] == one.lines


def test_the_ladder_counts_the_last_attempt_only(stopped):
    shown = pgladder("ladder", stopped.last.directory.path, cwd=stopped.place)
    assert (stopped.ended.code, shown.code, shown.err) == (0, 0, "")
    assert "void" not in shown.out.lower()


def test_nothing_is_left_in_the_end(stopped):
    assert_nothing_left(stopped.place)
