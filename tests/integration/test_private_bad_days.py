"""What goes wrong on a private server: each a void trial with its reason, and the run goes on."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.support import Climb, Ended, Meddler, assert_nothing_left, climbing, meddling, pgladder

WINDOW = ("--warm-up", "0.2", "--window", "2")


def drift(meddler: Meddler) -> None:
    """Change the configuration under the run."""
    meddler.ask("ALTER SYSTEM SET checkpoint_timeout = '7min'")
    meddler.ask("SELECT pg_reload_conf()")


MISFORTUNES: dict[str, Callable[[Meddler], object]] = {
    "a backend is terminated": lambda meddler: os.kill(meddler.backend(), signal.SIGTERM),
    "a backend is killed": lambda meddler: os.kill(meddler.backend(), signal.SIGKILL),
    "the table is dropped": lambda meddler: meddler.ask("DROP TABLE pgladder.events"),
    "the server is stopped": lambda meddler: os.kill(meddler.postmaster, signal.SIGINT),
    "the server is killed": lambda meddler: os.kill(meddler.postmaster, signal.SIGKILL),
    "nothing": lambda _: None,
    "the configuration drifts": drift,
}
NAMES = list(MISFORTUNES)


@dataclass
class BadDay:
    """A run that ended; the journal's lines after each trial; the run that went on with it."""

    climb: Climb
    ended: Ended
    lines: list[list[bytes]]
    shown: Ended


@pytest.fixture(scope="module")
def bad_day(new_place) -> BadDay:
    """Let one misfortune a trial befall a run; the last stops it, with one trial left."""
    lines = []
    with climbing(new_place(), "--phases", "2-C", *WINDOW, "--blocks", len(MISFORTUNES) + 1) as climb:
        for trial, misfortune in enumerate(MISFORTUNES.values(), 1):
            climb.wait_trial(trial)
            with meddling(climb) as meddler:
                meddler.wait_window()
                misfortune(meddler)
            climb.wait_record(trial)
            lines.append(climb.lines())
        ended = climb.end()
    return BadDay(climb, ended, lines, pgladder("ladder", climb.directory.path, cwd=climb.place))


def reasons(day: BadDay, name: str) -> dict[str, str]:
    """Return the reasons recorded for a trial, by code."""
    record = day.climb.records()[NAMES.index(name)]
    return {reason.code: reason.detail for reason in record.validity.reasons}


def test_a_trial_without_misfortune_is_not_void_whatever_befell_those_before(bad_day):
    record = bad_day.climb.records()[NAMES.index("nothing")]
    assert record.validity.state != "void"
    assert record.verified.found == record.verified.acknowledged > 0


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("a backend is terminated", "client-error", "Error: "),
        ("the table is dropped", "client-error", 'relation "pgladder.events" does not exist'),
        ("the table is dropped", "not-verified", 'relation "pgladder.events" does not exist'),
        ("the server is stopped", "server-trouble", "failed: "),
        ("the server is killed", "server-trouble", "failed: "),
        ("the configuration drifts", "configuration-drifted", "checkpoint_timeout: 300 → 420"),
    ],
)
def test_a_misfortune_voids_its_trial_with_the_reason(bad_day, name, code, words):
    record = bad_day.climb.records()[NAMES.index(name)]
    assert record.validity.state == "void"
    assert code in reasons(bad_day, name)
    assert words in reasons(bad_day, name)[code]


def test_a_crash_of_one_backend_is_told_as_the_restart_it_causes(bad_day):
    assert "server-trouble" in reasons(bad_day, "a backend is killed") or "server-restarted" in reasons(
        bad_day, "a backend is killed"
    )


def test_every_row_is_accounted_for_when_a_connection_is_lost(bad_day):
    """In doubt or not: PostgreSQL finishes a commit it has begun before it obeys, and most of the time is commits."""
    verified = bad_day.climb.records()[NAMES.index("a backend is terminated")].verified
    assert 0 < verified.acknowledged <= verified.found <= verified.attempted
    assert verified.attempted == verified.acknowledged + verified.in_doubt


def test_lines_once_written_are_never_touched_again(bad_day):
    for number, lines in enumerate(bad_day.lines, 1):
        assert len(lines) == number
        assert bad_day.climb.lines()[:number] == lines


def test_drift_stops_the_run_and_says_what_changed(bad_day):
    assert bad_day.ended.code == 1
    assert "checkpoint_timeout" in bad_day.ended.err
    assert "Traceback" not in bad_day.ended.err
    assert len(bad_day.climb.records()) == len(MISFORTUNES)


def test_the_ladder_says_which_trials_are_void_and_why(bad_day):
    text = " ".join(bad_day.shown.out.split())
    assert bad_day.shown.code == 1
    assert 'relation "pgladder.events" does not exist' in text
    assert "trials void, trial" in text
    assert f"{len(MISFORTUNES)} of its {len(MISFORTUNES) + 1} trials" in text


def test_nothing_is_left(bad_day):
    assert_nothing_left(bad_day.climb.place)
