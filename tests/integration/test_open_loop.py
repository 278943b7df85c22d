"""``--rate`` on a real server: what came is written, and a server that stands still is not spared."""

from time import sleep

import pytest

from bench.model.record import Record
from tests.examples import one_of
from tests.integration.support import climbing, meddling, pgladder, stopped
from tests.studies.open_loop import write_layout

WINDOW_S, STILL_S = 2, 1.0
ASKED = ("--warm-up", 0.3, "--window", WINDOW_S, "--blocks", 1)


def measured(place, *asked) -> dict[str, Record]:
    """Return the trial of each phase, but for those on the null server."""
    with climbing(place, *asked, *ASKED) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended
        return {record.trial.phase: record for record in climb.records() if record.trial.engine is None}


@pytest.mark.parametrize("phases", one_of(["1-B", "2-D"], ["1-B", "2-B", "2-D"]))
def test_rows_come_at_the_rate_whatever_writes_them(place, phases):
    found = measured(place, "--phases", *phases, "--rate", 500, "--batch", 50)
    for record in found.values():
        assert not record.void, record.validity.why
        assert record.trial.parameters.load == "open"
        assert record.verified.found == record.verified.acknowledged
        assert record.open_loop is not None
        assert record.in_flight_check is None
    for phase in phases[:-1]:
        # Poisson: of 1,000 the standard deviation is 32.
        assert found[phase].open_loop.due == pytest.approx(500 * WINDOW_S, abs=200)
        # A busy machine may leave some waiting: no more is written than came.
        assert 0 < found[phase].rows <= 500 * WINDOW_S + 250
    assert found["2-D"].open_loop.due == pytest.approx(10 * WINDOW_S, abs=19)  # batches of 50


def test_the_clients_are_tried_first_and_a_rate_beyond_them_is_refused_or_forced(place):
    asked = ("--phases", "1-B", "--rate", 1_000_000, "--warm-up", 0.3, "--window", 1, "--blocks", 1)
    with climbing(place, *asked) as climb:
        assert climb.end().code == 1
        alone, refused = climb.records()
    assert (alone.trial.engine, alone.trial.parameters.rate) == ("null", None)
    assert "refused" in refused.validity.codes
    assert "ask for more --processes, or --force it" in refused.validity.why
    assert refused.verified.attempted in (0, None)
    (place / "forced").mkdir()
    with climbing(place / "forced", *asked, "--force") as climb:
        climb.end()
        _, forced = climb.records()
    assert {"client-capacity", "behind"} <= forced.validity.codes
    assert not forced.void
    assert forced.open_loop.waiting > 100_000


def test_rows_are_collected_into_commits(place):
    found = measured(place, "--phases", "2-D", "--rate", 2000, "--collect-rows", 100, "--collect-ms", 20)["2-D"]
    assert not found.void, found.validity.why
    assert found.trial.parameters.load == "accumulate"
    assert found.open_loop.due == pytest.approx(2000 * WINDOW_S, rel=0.1)
    # 41 rows in 20 ms: the time, not the batch, ends most of them, but where the machine is busy.
    assert 25 < found.rows / found.commits <= 100
    assert found.latency_ms.mean > 5
    assert found.verified.found == found.verified.acknowledged


def test_what_can_not_begin_in_time_is_skipped(place):
    found = measured(place, "--phases", "1-B", "--rate", 20_000, "--latency-limit", "5ms", "--force")["1-B"]
    assert not found.void, found.validity.why
    loop = found.open_loop
    assert loop.skipped > 0.1 * loop.due
    assert loop.beyond_limit < 0.5 * loop.due
    assert found.verified.attempted < 20_000 * (WINDOW_S + 0.3)


@pytest.mark.slow
def test_when_the_queue_of_a_surge_was_gone_is_told(place):
    """Up to 45 commits/s are taken: for 3 s 50 come, then 10."""
    write_layout(place / "added", "slow", 0.02)
    asked = ("--phases", "1-B", "--layouts", "slow", "--rate", 10, "--surge", 5, "--arrivals", "even", "--window", 6)
    with climbing(place, *asked, "--blocks", 1, "--warm-up", 0.3, env={"PGLADDER_PATH": str(place / "added")}) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended
        [record] = [each for each in climb.records() if each.trial.engine is None]
    assert not record.void, record.validity.why
    loop = record.open_loop
    assert loop.due == pytest.approx(180, abs=2)
    assert loop.waiting == 0
    assert 0 < loop.drained_s < 3
    assert "5 times as many in the first half of the window" in " ".join(ended.out.split())
    assert "the queue of that was gone" in " ".join(ended.out.split())


@pytest.mark.parametrize("phase", one_of("2-B", "1-B"))
def test_a_server_that_stands_still_shows_in_the_latency(place, phase):
    with climbing(place, "--phases", phase, "--rate", 200, *ASKED, "--window", 3) as climb:
        climb.wait_trial(2)
        with meddling(climb) as meddler:
            meddler.wait_window()
            sleep(0.3)
            with stopped(meddler.server()):
                sleep(STILL_S)
        climb.end()
        record = climb.records()[1]
    # A third of what came had to wait, evenly for up to a second.
    assert record.latency_ms.max > 900 * STILL_S
    assert record.latency_ms.mean > 50 * STILL_S
    assert "stalled" not in record.validity.codes


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--arrivals", "even"), "--arrivals goes with --rate"),
        (("--surge", 2), "--surge goes with --rate"),
        (("--rate", 100, "--surge", 1), "A surge of 1 times the rate is none"),
        (("--load", "open"), "the load model open takes a rate"),
        (("--rate", 100, "--load", "rounds"), "leave out --load"),
        (("--rate", 100, "--ceiling"), "leave out one"),
        (("--rate", 100, "--collect-rows", 10), "give --collect-ms"),
        (("--rate", "fast"), "is not a number"),
    ],
)
def test_what_means_nothing_is_refused_with_a_sentence(place, asked, why):
    ended = pgladder("run", "--phases", "2-D", *asked, cwd=place)
    assert ended.code == 2
    assert why in ended.err
