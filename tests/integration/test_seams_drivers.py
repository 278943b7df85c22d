"""One file adds a driver, a load model or an engine: asked for by name, measured, told and compared as ours are."""

import hashlib
import json
from pathlib import Path

import pytest

from bench.engines.postgresql.binaries import build_of, find_binaries
from tests.integration.support import ONCE, Climb, added_folder, climbing, pgladder

TOYS = {
    "drivers/uncached.py": '''"""asyncpg that prepares each statement anew, and can do no COPY."""

from functools import partial

import asyncpg

from bench.workload.driver import prove
from bench.workload.drivers.asyncpg import Asyncpg, asyncpg_arguments


class Uncached(Asyncpg):
    calls = frozenset({"execute", "executemany"})

    async def pool(self, endpoint, least, most):
        return await asyncpg.create_pool(
            **asyncpg_arguments(endpoint),
            init=partial(prove, self, endpoint=endpoint),
            min_size=least,
            max_size=most,
            statement_cache_size=0,
        )


DRIVER = Uncached()
''',
    "loads/paced.py": '''"""A closed loop whose workers rest after each commit."""

import asyncio

from bench.workload.load import Load


class Paced(Load):
    barrier = False

    async def drive(self, commit, running, in_flight):
        async def work():
            while running():
                await commit()
                await asyncio.sleep(0.05)

        await asyncio.gather(*(work() for _ in range(in_flight)))


LOAD = Paced()
''',
    "engines/toydb.py": '''"""PostgreSQL with a second index on every table."""

from bench.engines.postgresql.engine import PostgreSQL
from bench.engines.postgresql.trial_session import TrialSession


class ToySession(TrialSession):
    def reset(self, layout, preload_rows, payload_bytes):
        super().reset(layout, preload_rows, payload_bytes)
        self.run(self.qualified("CREATE INDEX ON {schema}.events (created_at)"))

    def made(self):
        return frozenset(line for line in super().made() if "events_created_at_idx" not in line)

    def facts(self):
        facts = super().facts()
        return facts | {"version": "Toy" + facts["version"]}


class ToyDB(PostgreSQL):
    sessions = ToySession


ENGINE = ToyDB()
''',
}
BRIEF = ("--phases", "2-C", "--blocks", 2, "--warm-up", 0.2, "--window", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(tmp_path_factory.mktemp("added"), TOYS)


def climbed(place: Path, folder: Path, *asked: object) -> Climb:
    with climbing(place, *BRIEF, *asked, env={"PGLADDER_PATH": str(folder)}) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        return climb


@pytest.fixture(scope="module")
def driven(new_place, folder) -> Climb:
    return climbed(new_place(), folder, "--drivers", "asyncpg,uncached", "--blocks", 1, *ONCE)


@pytest.fixture(scope="module")
def elsewhere(new_place, folder) -> Climb:
    return climbed(new_place(), folder, "--engine", "toydb", "--load", "paced")


@pytest.fixture(scope="module")
def paced(new_place, folder) -> Climb:
    return climbed(new_place(), folder, "--load", "paced")


def sums(folder: Path, *names: str) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def rungs(climb: Climb) -> list[dict]:
    [host] = json.loads(pgladder("ladder", climb.directory.path, "--json", cwd=climb.place).out)["hosts"]
    return [rung for ladder in host["ladders"] for rung in ladder["rungs"]]


def page(climb: Climb) -> str:
    pgladder("report", climb.directory.path, "--out", climb.place / "page.html", cwd=climb.place)
    return (climb.place / "page.html").read_text()


# --- a driver --------------------------------------------------------------------------------------------------------


def test_a_toy_driver_writes_every_row_and_its_records_carry_the_hash_of_its_file(driven, folder):
    by_driver = {"asyncpg": {}, "uncached": sums(folder, "drivers/uncached.py")}
    records = driven.records()
    assert sorted(record.trial.driver for record in records) == ["asyncpg", "uncached"]
    for record in records:
        assert record.pieces == by_driver[record.trial.driver]
        assert record.rows > 0
        assert record.verified.found == record.verified.acknowledged


def test_where_it_varies_the_driver_is_named_in_the_table_in_json_and_on_the_page(driven):
    assert "executemany, uncached" in pgladder("ladder", driven.directory.path, cwd=driven.place).out
    assert [(rung["driver"], rung["method"]) for rung in rungs(driven)] == [
        ("asyncpg", "executemany, asyncpg"),
        ("uncached", "executemany, uncached"),
    ]
    assert "executemany, uncached" in page(driven)


@pytest.mark.parametrize("asked", [(), ("--across", "driver")])
def test_a_toy_driver_is_compared_with_the_one_that_the_phase_has(driven, asked):
    report = json.loads(pgladder("compare", driven.directory.path, *asked, "--json", cwd=driven.place).out)
    assert report["across"] == "driver"
    [cell] = report["cells"]
    assert (cell["phase"], cell["driver"]) == ("2-C", None)
    [pair] = cell["pairs"]
    assert (pair["baseline"], pair["candidate"], pair["settled"]["blocks"]) == ("asyncpg", "uncached", 1)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--drivers", "psycopg2"], "Phase 2-C can't be carried out by the driver psycopg2: it calls executemany"),
        (["--phases", "2-G", "--drivers", "uncached"], "Phase 2-G can't be carried out by the driver uncached"),
        (["--drivers", "uncahed"], "Unknown driver 'uncahed'; did you mean uncached or pgbench?"),
        (["--load", "pased"], "Unknown load model 'pased'; did you mean paced or closed or open?"),
        (["--phases", "2", "--load", "paced"], "--load means nothing to the phases asked for: 2"),
        (["--engine", "toyd"], "Unknown engine 'toyd'; did you mean toydb?"),
    ],
)
def test_what_can_not_be_done_is_refused_with_a_sentence(new_place, folder, asked, told):
    ended = pgladder("run", *BRIEF, *asked, cwd=new_place(), env={"PGLADDER_PATH": str(folder)})
    assert ended.code == 2
    assert told in ended.err


# --- a load model ----------------------------------------------------------------------------------------------------


def test_a_toy_load_model_drives_the_commits(paced, folder):
    for record in paced.records():
        assert record.trial.parameters.load == "paced"
        assert record.pieces == sums(folder, "loads/paced.py")
        assert 0 < record.commits_per_s <= 5 * 20 * 1.1
        assert record.verified.found == record.verified.acknowledged


def test_a_toy_load_model_is_named_in_the_table_in_json_and_on_the_page(paced):
    assert "load model paced: 2-C" in " ".join(pgladder("ladder", paced.directory.path, cwd=paced.place).out.split())
    assert [rung["parameters"]["load"] for rung in rungs(paced)] == ["paced"]
    assert "load model paced: 2-C" in page(paced)


# --- an engine -------------------------------------------------------------------------------------------------------


def test_a_toy_engine_makes_its_tables_in_its_own_way(elsewhere, paced, folder):
    for record in elsewhere.records():
        assert record.engine == "toydb"
        assert record.pieces == sums(folder, "engines/toydb.py", "loads/paced.py")
        assert record.start.index_bytes == 2 * paced.records()[0].start.index_bytes
        assert record.verified.found == record.verified.acknowledged > 0
        assert {reason.code for reason in record.validity.reasons}.isdisjoint({"table-altered", "table-unknown"})
    assert {record.engine for record in paced.records()} == {"postgresql"}


def test_a_toy_engine_is_told_in_the_table_in_json_and_on_the_page(elsewhere):
    path, place = elsewhere.directory.path, elsewhere.place
    toy = f"ToyPostgreSQL {build_of(find_binaries()).major}"
    assert toy in " ".join(pgladder("ladder", path, cwd=place).out.split())
    [host] = json.loads(pgladder("ladder", path, "--json", cwd=place).out)["hosts"]
    assert host["host"]["facts"]["postgresql"]["version"].startswith(toy)
    assert toy in page(elsewhere)


def test_engines_are_compared(elsewhere, paced):
    paths = paced.directory.path, elsewhere.directory.path
    report = json.loads(pgladder("compare", *paths, "--across", "engine", "--json", cwd=paced.place).out)
    assert report["across"] == "engine"
    [cell] = report["cells"]
    assert [arm["name"] for arm in cell["arms"]] == ["postgresql", "toydb"]
    assert cell["pairs"][0]["settled"]["ratio"] > 0


# --- a run of pieces that are gone -----------------------------------------------------------------------------------


def test_a_plan_of_pieces_that_are_not_here_is_refused(driven, new_place):
    plan = driven.directory.path / "plan.json"
    ended = pgladder("run", "--plan", plan, cwd=new_place())
    assert ended.code == 2
    assert "drivers/uncached.py is not the file that it was made with" in ended.err
