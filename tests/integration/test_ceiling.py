"""Server-bound or client-bound: trials on the null server and twins beside a ladder, and what they tell of it."""

import json
import signal

import psutil
import pytest

from bench.analysis.bound import CEILING_UNDECIDED, HELD_UP, MORE_UNDECIDED, SHARED
from bench.model.plan import NULL
from bench.results.read import read
from tests.brakes import BRAKES, BURNING_LAYOUT, UNBRAKED, WAITING_LAYOUT
from tests.examples import one_of
from tests.integration.support import (
    BRIEF,
    SMALL,
    added_folder,
    assert_nothing_left,
    climbing,
    command_line,
    pgladder,
    wait_for,
)

SERVER = "bench.engines.null.server"
STORES_NOTHING = "the null server stores nothing"
EXAMPLE = "sleep-in-the-loop"
"""The brake that holds a client up as much on a busy machine."""
FEWEST, FEW, MANY = 3, 5, 15
"""Blocks: where so few leave it open, more are measured, as it is told."""
OPEN = {CEILING_UNDECIDED, HELD_UP, MORE_UNDECIDED, SHARED}
"""What a rung says that a busy machine leaves open."""


def null_servers(pid):
    return [each for each in psutil.Process(pid).children(recursive=True) if SERVER in command_line(each)]


def bounds(directory, place):
    [host] = json.loads(pgladder("ladder", directory, "--json", cwd=place).out)["hosts"]
    return {rung["phase"]: rung for ladder in host["ladders"] for rung in ladder["rungs"]}


@pytest.fixture(scope="module")
def climbed(new_place):
    asked = ("--ceiling", "--phases", "1,2-C", "--blocks", 2, *BRIEF, *SMALL)
    with climbing(new_place(), *asked) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, ""), ended
        assert_nothing_left(climb.place)
        yield climb, ended


def test_what_the_null_server_acknowledged_is_what_clients_claim_and_nothing_is_stored(climbed):
    records = [record for record in climbed[0].records() if record.trial.engine]
    assert len(records) == 2 * 2
    for record in records:
        assert (record.engine, record.void) == (NULL, False), record.validity
        found = record.verified
        assert found.found == found.acknowledged == found.attempted > record.rows > 0
        assert record.transactions == found.acknowledged / record.trial.parameters.batch
        assert (record.durability, record.durability_because) == ("not crash-safe", STORES_NOTHING)
        assert (record.checkpoint_s, record.settled_rows_per_s) == (None, None)
        assert record.not_counted["checkpoint_s"] == record.not_counted["wal_sync"] == STORES_NOTHING
        assert set(record.counters.values()) == {None}
        assert record.cpu.server_cores is None or record.cpu.server_cores > 0


def test_the_ladder_has_no_more_rungs_than_were_asked_for_and_a_comparison_does_not_see_them(climbed):
    climb, ended = climbed
    run = read(climb.directory)
    assert {record.trial.phase for record in run.records} == {"1", "2-C"}
    assert len(run.records) == 4
    assert len(run.experiments) == 8
    found = bounds(climb.directory.path, climb.place)
    assert {phase: rung["trials"] for phase, rung in found.items()} == {"1": 2, "2-C": 2}
    refused = pgladder("compare", climb.directory.path, "--across", "processes", cwd=climb.place)
    assert (refused.code, "does not vary processes" in refused.err) == (2, True)
    assert "null server" in ended.out
    assert "pgladder compare" not in ended.out


def test_each_rung_tells_by_which_of_both_it_is_bound_in_the_table_in_json_and_on_the_page(climbed):
    climb, ended = climbed
    for rung in bounds(climb.directory.path, climb.place).values():
        bound = rung["bound_by"]
        assert bound.keys() == {"verdict", "ceiling_rows_per_s", "more_clients", "why"}
        assert bound["verdict"] in {"server", "client", "unknown"}
        assert bound["ceiling_rows_per_s"].keys() == {"estimate", "low", "high"}
        assert bound["verdict"] != "unknown" or bound["why"] in " ".join(ended.out.split())
    page = climb.place / "page.html"
    pgladder("report", climb.directory.path, "--out", page, cwd=climb.place)
    assert "clients alone, rows/s" in page.read_text()


def test_a_killed_agent_leaves_no_null_server_and_the_run_goes_on(place):
    asked = ("--ceiling", "--phases", "2-C", "--blocks", 1, "--warm-up", 0.5, "--window", 2, "--seed", 1)
    short = place / "tmp"
    short.mkdir()
    with climbing(place, *asked, env={"TMPDIR": str(short)}) as climb:
        climb.wait_for(lambda: null_servers(climb.process.pid), "the null server runs")
        there = null_servers(climb.process.pid)
        climb.process.send_signal(signal.SIGKILL)
        climb.end()
        wait_for(lambda: not any(map(psutil.Process.is_running, there)), "the null server has ended")
    assert not list(short.iterdir())
    resumed = pgladder("run", "--resume", climb.directory.path, "--data-dir", climb.data_dir, cwd=place)
    assert resumed.code == 0, resumed
    last = {record.trial.number: record for record in climb.records()}
    assert len(last) == 3
    assert not any(record.void for record in last.values())
    assert_nothing_left(place)


@pytest.mark.parametrize(
    ("driver", "phases"),
    one_of(("psycopg", "2-B,2-F"), ("psycopg", "2-B,2-C,2-F,2-G"), ("asyncpg", "2-F,2-G,2-H")),
)
def test_every_way_of_writing_is_counted_truly_and_of_a_server_that_one_brings_the_schema_is_all_that_is_touched(
    place, theirs, driver, phases
):
    """Whatever the driver; by a socket."""
    before = theirs.dump()
    dsn = f"host={theirs.home} port={theirs.port} user=dba dbname=shop"
    asked = ("--dsn", dsn, "--ceiling", "--phases", phases, "--drivers", driver, "--pool-min", 2, "--pool-max", 5)
    with climbing(place, *asked, "--blocks", 1, *BRIEF, *SMALL) as climb:
        ended = climb.end()
        assert ended.code == 0, ended
        assert {record.trial.engine for record in climb.records()} == {None, NULL}
        for record in climb.records():
            assert record.trial.transport == "socket"
            assert not record.void, record
            assert record.verified.found == record.verified.acknowledged > 0
    assert theirs.dump() == before


def test_a_null_server_that_can_not_begin_voids_its_own_trials_alone(place):
    long = place / ("x" * 100)  # no socket has so long a path
    long.mkdir()
    asked = ("--ceiling", "--phases", "1-B", "--blocks", 1, "--warm-up", 0.3, "--window", 1)
    with climbing(place, *asked, env={"TMPDIR": str(long)}) as climb:
        ended = climb.end()
        assert ended.code == 0, ended
        [alone] = [record for record in climb.records() if record.trial.engine]
        assert alone.validity.why.startswith("The null server has ended: OSError: AF_UNIX path too long")
        assert {record.trial.number for record in climb.records() if record.void} == {alone.trial.number}
        bound = bounds(climb.directory.path, place)["1-B"]["bound_by"]
    assert (bound["verdict"], "is void, The null server has ended" in bound["why"]) == ("unknown", True)
    assert list(long.iterdir()) == []


# --- brakes ----------------------------------------------------------------------------------------------------------


def told(place, phases, blocks, *more):
    place = place / str(blocks)
    place.mkdir()
    files = {f"phases/{each.name}.py": each.file for each in phases}
    files |= {"layouts/burning.sql": BURNING_LAYOUT, "layouts/waiting.sql": WAITING_LAYOUT}
    folder = place / "added"
    folder.mkdir()
    env = {"PGLADDER_PATH": str(added_folder(folder, files))}
    names = ",".join(each.name for each in phases)
    asked = ("--ceiling", "--phases", names, "--blocks", blocks, "--warm-up", 0.3, "--window", 1, *more)
    with climbing(place, *asked, env=env) as climb:
        ended = climb.end()
        assert ended.code in {0, 1}, ended
        return bounds(climb.directory.path, place)


def test_a_client_that_brakes_itself_is_found_out(place):
    """On a busy machine it may be said that this can't be told; never that the server is the limit."""
    brakes = [each for each in BRAKES if each.name == EXAMPLE]
    bound = told(place, brakes, FEWEST)[EXAMPLE]["bound_by"]
    assert bound["verdict"] in {"client", "unknown"}, bound
    assert bound["verdict"] == "client" or bound["why"] in OPEN, bound


@pytest.mark.slow
def test_a_client_that_brakes_itself_is_found_out_however_it_does(place):
    left = list(BRAKES)
    for blocks in (FEW, MANY):
        found = {phase: rung["bound_by"] for phase, rung in told(place, left, blocks).items()}
        assert {bound["verdict"] for bound in found.values()} <= {"client", "unknown"}, found
        left = [each for each in left if found[each.name]["verdict"] == "unknown"]
        if not left:
            return
    pytest.fail(str(found))


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["burning", "waiting"])
def test_a_slow_server_is_never_the_clients_fault(place, layout):
    [rung] = told(place, [UNBRAKED], FEW, "--layouts", layout).values()
    assert rung["bound_by"]["verdict"] in {"server", "unknown"}, rung["bound_by"]
    assert rung["bound_by"]["ceiling_rows_per_s"]["estimate"] > 1.5 * rung["rows_per_s"]
