"""``sweep`` on a real server: a knee that is planted is found, and a run that was stopped is gone on with."""

import json
import signal

import pytest

from bench.plan.sweep import AUTOMATIC
from tests.integration.support import ONCE, Climb, added_folder, climbing, pgladder

AT_ONCE, SLEEP_S = 4, 0.02
LONGER_S = 0.2
"""Beside it a commit, and a client's turn until its next, take little even where other programs are busy."""
TABLE = """-- a table of whose rows each takes a while, MANY at a time
-- baseline: plain
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE OR REPLACE FUNCTION {schema}.sleep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF MANY < 1000 THEN
        -- a semaphore: the first of its locks that is free, and where none is, any
        FOR slot IN 1..MANY LOOP
            IF pg_try_advisory_xact_lock(slot) THEN
                PERFORM pg_sleep(SECONDS);
                RETURN NEW;
            END IF;
        END LOOP;
        PERFORM pg_advisory_xact_lock(1 + NEW.id % MANY);
    END IF;
    PERFORM pg_sleep(SECONDS);
    RETURN NEW;
END $$;
CREATE TRIGGER sleep BEFORE INSERT ON {schema}.events FOR EACH ROW EXECUTE FUNCTION {schema}.sleep();
"""
ANY_NUMBER = 1000
POOLS, BLOCKS = AUTOMATIC["pool"], 2
ASKED = ("--phases", "2-B", "--layouts", "sleeps", "--load", "closed", "--blocks", BLOCKS, *ONCE)
SHORT = ("--warm-up", 0.2, "--window", 0.5)
MOST_PER_S, RATE_BLOCKS = AT_ONCE / SLEEP_S, 2


@pytest.fixture(scope="module")
def swept(new_place) -> Climb:
    place = new_place()
    env = sleeping(place)
    # With so wide a margin a knee is found by few blocks, also where the neighbours take of the machine.
    with climbing(place, "--of", "pool=auto", *ASKED, *SHORT, "--margin", 0.5, question="sweep", env=env) as climb:
        climb.wait_record(BLOCKS * len(POOLS) + 2)
        climb.process.send_signal(signal.SIGINT)
        assert climb.end().code == 1
    resumed = pgladder("run", "--resume", climb.directory.path, "--data-dir", climb.data_dir, cwd=place, env=env)
    assert resumed.code in {0, 1}, resumed
    return climb


def sleeping(place, many=AT_ONCE, seconds=SLEEP_S) -> dict[str, str]:
    """Return the environment in which there is the layout that sleeps for each row, of so many at a time."""
    folder = place / "added"
    folder.mkdir()
    table = TABLE.replace("MANY", str(many)).replace("SECONDS", str(seconds))
    return {"PGLADDER_PATH": str(added_folder(folder, {"layouts/sleeps.sql": table}))}


def answer(climb: Climb, *asked) -> dict:
    return json.loads(pgladder("sweep", climb.directory.path, *asked, "--json", cwd=climb.place).out)


def test_a_planted_knee_is_found_to_a_step_by_points_around_it(swept):
    found = answer(swept)
    [curve] = found["curves"]
    assert (found["of"], found["complete"]) == (["pool"], True)
    rates = {point["values"]["pool"]: point["rows_per_s"]["estimate"] for point in curve["points"]}
    assert set(rates) > set(POOLS)
    assert rates[AT_ONCE] > 1.5 * rates[1]


def planted(place, of, many, *asked) -> dict:
    """Return the values of the knee that a sweep finds on a server that takes so many rows at a time."""
    # A step before the knee less is done by a sixth or more, and two steps by a third; after it no more is.
    usual = ("--phases", "2-B", "--layouts", "sleeps", "--load", "closed", *ONCE)
    margin = ("--margin", 0.2)
    longer = ("--blocks", 4, "--warm-up", 0.5, "--window", 4)
    env = sleeping(place, many, LONGER_S)
    with climbing(place, "--of", of, *usual, *longer, *margin, *asked, question="sweep", env=env) as climb:
        ended = climb.end()
        assert ended.code in {0, 1}
        assert f"\nPage: {climb.directory.path / 'report.html'}\n" in ended.out
        [curve] = answer(climb, *margin)["curves"]
    assert curve["knee"] is not None, curve["sentence"]
    return curve["points"][curve["knee"]]["values"]


@pytest.mark.slow
def test_a_pool_that_an_advisory_semaphore_caps_is_found_to_a_step(new_place):
    found = planted(new_place(), "pool=2,3,4,5,6,8", AT_ONCE, "--in-flight", 64)
    assert found["pool"] in {3, 4, 5}


@pytest.mark.slow
def test_of_a_server_that_sleeps_a_pool_as_large_as_what_is_in_flight_is_found_to_a_step(new_place):
    found = planted(new_place(), "pool=3,4,5,6,7,9", ANY_NUMBER, "--in-flight", 6)
    assert found["pool"] in {5, 6, 7}


@pytest.mark.slow
def test_the_knee_of_a_grid_is_found(new_place):
    found = planted(new_place(), "pool=2,4,8 in_flight=2,4,8", AT_ONCE)
    assert found == {"pool": AT_ONCE, "in_flight": AT_ONCE}


def test_points_between_are_measured_in_the_later_blocks_alone_and_none_that_the_first_leave_out(swept):
    plan, records = swept.directory.plan(), swept.records()
    measured = {record.trial.number for record in records}
    later = [trial for trial in plan.trials if trial.block > BLOCKS]
    assert plan.refines.first_blocks == BLOCKS
    assert 0 < sum(trial.number in measured for trial in later) < len(later)
    pools = {record.trial.parameters.pool_max for record in records if record.trial.block <= BLOCKS}
    assert pools == set(POOLS)


def test_the_same_run_is_a_comparison_too_of_pools(swept):
    asked = ("compare", swept.directory.path, "--across", "pool", "--baseline", "pool=8", "--json")
    compared = json.loads(pgladder(*asked, cwd=swept.place).out)
    assert compared["across"] == "pool"
    [cell] = compared["cells"]
    assert {f"pool={pool}" for pool in POOLS} < {arm["name"] for arm in cell["arms"]}
    said = pgladder("compare", swept.directory.path, "--across", "pool_max", cwd=swept.place)
    assert (said.code, "vary together: compare --across pool" in said.err) == (2, True)


def test_the_same_run_is_a_ladder_too_and_its_page_shows_the_curve(swept):
    page = swept.place / "page.html"
    assert pgladder("report", swept.directory.path, "--out", page, cwd=swept.place).code in {0, 1}
    assert "Which is faster?" not in page.read_text()
    assert answer(swept)["sentence"] in page.read_text()
    told = pgladder("ladder", swept.directory.path, cwd=swept.place)
    assert told.code in {0, 1}
    assert told.out.count("2-B") >= len(POOLS)


def test_a_run_that_sweeps_nothing_is_refused_before_anything_is_measured(place):
    refused = pgladder("sweep", "--phases", "2-B", cwd=place)
    assert (refused.code, "Say what to sweep" in refused.err) == (2, True)
    refused = pgladder("sweep", "--phases", "1-B", "--of", "batch=1,2", cwd=place)
    assert (refused.code, "means nothing to the phases asked for" in refused.err) == (2, True)
    assert not (place / "results").exists()


def test_rates_are_chosen_by_a_closed_loop_and_refined_where_the_server_ceases_to_keep_up(new_place):
    place = new_place()
    asked = ("--of", "rate=auto", "--phases", "2-B", "--layouts", "sleeps", "--in-flight", 8, "--blocks", RATE_BLOCKS)
    longer = ("--warm-up", 0.3, "--window", 1)
    with climbing(place, *asked, *longer, question="sweep", env=sleeping(place)) as climb:
        assert climb.end().code in {0, 1}
    alone, closed, *others = climb.records()
    assert (alone.trial.engine, closed.trial.capacity, closed.trial.parameters.rate) == ("null", True, None)
    assert 0 < closed.rows_per_s <= 1.1 * MOST_PER_S
    first = {each.trial.parameters.rate for each in others if each.trial.block <= RATE_BLOCKS}
    later = {each.trial.parameters.rate for each in others if each.trial.block > RATE_BLOCKS}
    assert len(first) == 5
    assert 1.2 * closed.rows_per_s <= max(first) < 1.5 * closed.rows_per_s
    assert later - first
    found = answer(climb)
    [curve] = found["curves"]
    assert (found["of"], found["complete"]) == (["rate"], True)
    assert {point["values"]["rate"] for point in curve["points"]} == first | later
    # A busy machine may leave rates behind that the server could take, and never has it take more than it can.
    assert curve["points"][-1]["kept"]["estimate"] < 0.99
    assert curve["kept_up"] is None or curve["points"][curve["kept_up"]]["values"]["rate"] <= 1.2 * MOST_PER_S
