"""psycopg carries out the rungs of asyncpg: the same rows, each commit one transaction, and compared with it.

And asyncpg's pool resets the sessions that are given back, or leaves them as they are.
"""

import asyncio
import json

import pytest

from bench.model.endpoint import Endpoint
from bench.workload.driver import drivers
from tests.examples import one_of
from tests.integration.support import ONCE, SMALL, Theirs, climbing, pgladder


@pytest.fixture(scope="module", params=one_of("2,2-C,2-E,2-G", "2,2-B,2-C,2-E,2-F,2-G"))
def rungs(request):
    return request.param.split(",")


@pytest.fixture(scope="module")
def driven(new_place, rungs):
    asked = ("--phases", ",".join(rungs), "--drivers", "asyncpg,psycopg", "--transports", "tcp", *SMALL, *ONCE)
    with climbing(new_place(), *asked, "--blocks", 1, "--warm-up", 0.2, "--window", 0.5, "--pool-min", 2) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        return climb


def test_each_commit_of_psycopg_is_one_transaction_and_every_row_is_found(driven, rungs):
    found = [record for record in driven.records() if record.trial.driver == "psycopg"]
    assert sorted(record.trial.phase for record in found) == rungs
    for record in found:
        assert record.rows > 0
        assert record.verified.found == record.verified.acknowledged == record.verified.attempted
        codes = {reason.code for reason in record.validity.reasons}
        assert codes & {"transactions-mismatch", "client-error"} == set()
        assert record.rows == record.commits * record.trial.parameters.batch


def test_drivers_are_compared_rung_by_rung(driven, rungs):
    asked = ("compare", driven.directory.path, "--across", "driver", "--json")
    cells = json.loads(pgladder(*asked, cwd=driven.place).out)["cells"]
    assert [cell["phase"] for cell in cells] == rungs
    assert {tuple(arm["name"] for arm in cell["arms"]) for cell in cells} == {("asyncpg", "psycopg")}


# --- what is given back ----------------------------------------------------------------------------------------------


async def settings_after(endpoint: Endpoint, *reset: str) -> str:
    """Change a setting in a session of a pool of one, give it back, and take it again."""
    driver = drivers()["asyncpg"]
    pool = await driver.pool(endpoint, 1, 1, *reset)
    try:
        connection = await pool.acquire()
        await connection.execute("SET work_mem = '77MB'")
        await pool.release(connection)
        return await driver.value(await pool.acquire(), "SHOW work_mem")
    finally:
        pool.terminate()


@pytest.mark.parametrize(("reset", "found"), [((), "4MB"), (("query",), "4MB"), (("none",), "77MB")])
def test_a_session_is_reset_when_it_is_given_back_unless_asyncpg_is_told_not_to(theirs, reset, found):
    endpoint = Endpoint(
        transport="tcp",
        host="127.0.0.1",
        port=theirs.port,
        user="ann",
        database="shop",
        schema="pg_catalog",
        password=Theirs.password,
        parameters={"sslmode": "disable"},
    )
    assert asyncio.run(settings_after(endpoint, *reset)) == found


@pytest.mark.slow
def test_what_resetting_costs_shows_in_the_time_of_giving_back(place):
    asked = ("--phases", "2", "--of", "reset=query,none", "--blocks", 3, "--warm-up", 0.2, "--window", 0.5, *ONCE)
    with climbing(place, *asked, "--pool-min", 2, question="sweep") as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        records = climb.records()
    release_us = {}
    for reset in ("query", "none"):
        of_it = [record for record in records if record.trial.parameters.reset == reset]
        assert len(of_it) == 3
        for record in of_it:
            assert record.verified.found == record.verified.acknowledged > 0
        # The quickest trial: a busy machine makes any of them slow.
        release_us[reset] = min(1e6 * each.client_time.release_s / each.commits for each in of_it)
    # Without it no round trip is made: measured, 140 µs against 20 µs.
    assert release_us["none"] < release_us["query"] / 2
