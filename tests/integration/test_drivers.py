"""psycopg carries out the rungs of asyncpg: the same rows, each commit one transaction, and compared with it."""

import json

import pytest

from tests.integration.support import climbing, pgladder

RUNGS = ("2", "2-B", "2-C", "2-E", "2-F", "2-G")


@pytest.fixture(scope="module")
def driven(new_place):
    asked = ("--phases", ",".join(RUNGS), "--drivers", "asyncpg,psycopg", "--transports", "tcp")
    with climbing(new_place(), *asked, "--blocks", 1, "--warm-up", 0.2, "--window", 0.5, "--pool-min", 2) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        return climb


@pytest.mark.parametrize("phase", RUNGS)
def test_each_commit_of_psycopg_is_one_transaction_and_every_row_is_found(driven, phase):
    [record] = [each for each in driven.records() if (each.trial.phase, each.trial.driver) == (phase, "psycopg")]
    assert record.rows > 0
    assert record.verified.found == record.verified.acknowledged == record.verified.attempted
    assert {reason.code for reason in record.validity.reasons} & {"transactions-mismatch", "client-error"} == set()
    assert record.rows == record.commits * record.trial.parameters.batch


def test_drivers_are_compared_rung_by_rung(driven):
    asked = ("compare", driven.directory.path, "--across", "driver", "--json")
    cells = json.loads(pgladder(*asked, cwd=driven.place).out)["cells"]
    assert [cell["phase"] for cell in cells] == list(RUNGS)
    assert {tuple(arm["name"] for arm in cell["arms"]) for cell in cells} == {("asyncpg", "psycopg")}
