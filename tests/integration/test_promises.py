"""``slo`` on a real server: what all keep, what none keeps, a run that was stopped and goes on."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.codec import from_json, to_json
from bench.model.plan import Plan
from bench.plan.promise import blocks_of, played
from bench.store.run_directory import PLAN
from tests.integration.support import Climb, climbing, pgladder
from tests.studies.open_loop import write_layout

ASKED = ("--phases", "2-D", "--batch", 2, "--warm-up", 0.2, "--window", 0.5, "--yes")
"""Batches of two: of few commits a share is told in half a second."""


def answer(climb: Climb) -> dict:
    return json.loads(pgladder("slo", climb.directory.path, "--json", cwd=climb.place).out)


@pytest.fixture(scope="module")
def hopeless(new_place) -> Climb:
    """No server answers within a microsecond."""
    with climbing(new_place(), *ASKED, "--p50", "0.001ms", "--rate", 200, question="slo") as climb:
        climb.end()
        yield climb


@pytest.fixture(scope="module")
def searched(hopeless, new_place) -> Climb:
    """Half of the rows within a second: whatever a server takes, it keeps. Stopped once, and gone on with."""
    place = new_place()
    file = place / "plan.json"
    file.write_bytes(to_json(of_few_repeats(hopeless.directory.path / PLAN)))
    with climbing(place, "--plan", file, question="slo") as climb:
        climb.wait_record(4)
        climb.process.send_signal(signal.SIGINT)
        stopped = climb.end()
        assert stopped.code == 1, stopped
        so_far = pgladder("slo", climb.directory.path, cwd=climb.place)
        assert "the search has not come to its end" in so_far.out, so_far
        with climbing(climb.place, "--resume", climb.directory.path, question="slo") as resumed:
            ended = resumed.end()
            assert ended.code == 0, ended
            assert "2-D keeps 50 % of rows within 1 s at 200 rows/s (" in " ".join(ended.out.split())
            yield resumed


def of_few_repeats(file: Path) -> Plan:
    """A promise that is kept, and quickly confirmed though others take the processor, in place of a plan's."""
    plan = from_json(file.read_bytes(), Plan, str(file))
    promise = replace(plan.promise, percentile="p50", ms=1000.0, repeats=4, least_kept=2)
    _, *before = blocks_of(plan.promise)
    _, *after = blocks_of(promise)
    blocks = {block: block for block in range(1, 6)} | dict(zip(before, after, strict=True))
    trials = [replace(trial, block=blocks[trial.block]) for trial in plan.trials if trial.block in blocks]
    return replace(plan, run=f"{plan.run}-2", promise=promise, trials=tuple(trials))


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(searched):
    records = searched.records()
    attempts = [record.attempt for record in records]
    assert attempts.count(2) <= 1
    [search] = played(searched.directory.plan(), records)
    assert search.found.ended
    assert len(records) == 1 + len(search.done) + attempts.count(2)


@pytest.mark.slow
def test_the_highest_rate_that_a_server_takes_is_found_and_more_is_not_kept(searched):
    found = answer(searched)
    [of_2d] = found["answers"]
    assert (found["complete"], found["percentile"], found["within_ms"], found["rate"]) == (True, "p50", 1000, 200)
    assert of_2d["asked"]["kept"] >= 2
    assert of_2d["highest"]["kept"] >= 2
    assert of_2d["highest"]["rate"] >= 200
    if of_2d["not_offered"] is None:  # where the server, not its clients, is the limit
        assert of_2d["highest"]["rate"] < 2 * of_2d["capacity_rows_per_s"]
        assert of_2d["overload"] is not None
    # Beside other programs a flush can't always be timed, which proves that commits wait for it.
    assert set(of_2d["durability"]) <= {"durable", "unknown"}


@pytest.mark.slow
def test_of_a_server_whose_capacity_is_known_it_is_found_to_a_tenth(place):
    """A trigger sleeps 200 ms a row: 16 connections write 80 rows/s, beside which a commit takes little.

    Rows come at equal distances, so that a window of four seconds has as many as its rate says. A rate is asked for, as
    those that are tried unasked are of faster servers.
    """
    write_layout(place / "added", "sleeps", 0.2)
    asked = ("--phases", "2-B", "--layouts", "sleeps", "--p50", "1s", "--warm-up", 0.5, "--window", 4, "--yes")
    at_once = ("--pool-min", 16, "--pool-max", 16, "--in-flight", 16, "--arrivals", "even", "--rate", 50)
    with climbing(place, *asked, *at_once, question="slo", env={"PGLADDER_PATH": str(place / "added")}) as climb:
        ended = climb.end()
        assert ended.code == 0, ended
    [found] = answer(climb)["answers"]
    # Beside other programs it takes less, in a closed loop too.
    assert 0.9 * min(80, found["capacity_rows_per_s"]) <= found["highest"]["rate"] <= 1.1 * 80


@pytest.mark.slow
def test_each_record_counts_what_took_longer_than_is_promised(searched):
    records = [record for record in searched.records() if record.open_loop]
    assert records
    for record in records:
        assert record.open_loop.beyond_promise is not None
        if record.latency_ms.p50 is not None and record.latency_ms.p50 < 1000:
            assert record.open_loop.beyond_promise < 0.5 * record.open_loop.due


@pytest.mark.slow
def test_the_same_run_has_a_page_and_a_ladder_and_is_compared_with_nothing(searched):
    page = searched.place / "page.html"
    assert pgladder("report", searched.directory.path, "--out", page, cwd=searched.place).code in {0, 1}
    assert "Which is faster?" not in page.read_text()
    told = pgladder("ladder", searched.directory.path, cwd=searched.place)
    assert "is a rung here. 2-D keeps 50 % of rows within 1 s" in " ".join(told.out.split())
    for question in ("compare", "reproduce"):
        refused = pgladder(question, searched.directory.path, cwd=searched.place)
        assert (refused.code, "pgladder slo" in refused.err) == (2, True), refused


def test_what_no_server_keeps_is_told_and_a_rate_that_is_asked_for_makes_the_exit_code(hopeless):
    ended = hopeless.end()
    assert ended.code == 1, ended
    told = "2-D does not keep 50 % of rows within 0.001 ms at 200 rows/s (0 of 2 repeats), nor at any other down to"
    assert told in " ".join(ended.out.split())
    assert answer(hopeless)["answers"][0]["highest"] is None
    page = hopeless.directory.path / "report.html"
    assert f"\nPage: {page}\n" in ended.out
    assert "<title>What is the highest rate on" in page.read_text()
    assert told in page.read_text()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--phases", "2-D"), "Say what is promised: --p99 50ms"),
        (("--p50", "1s", "--p99", "2s"), "two promises"),
        (("--p99", "soon"), "is no time such as 50ms"),
        (("--p99", "50ms", "--phases", "2-B", "--rate", "20 devices at 1 Hz"), "ask for --window 57"),
    ],
)
def test_what_can_not_be_searched_is_refused_before_anything_is_measured(place, asked, why):
    refused = pgladder("slo", *asked, cwd=place)
    assert (refused.code, why in refused.err) == (2, True), refused
    assert not (place / "results").exists()
