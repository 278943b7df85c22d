"""The ladder as published, each rung in a short file."""

import asyncio
import inspect
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from bench.model.plan import Parameters
from bench.model.table import Table
from bench.plan.check import check
from bench.seams import load
from bench.workload import phases
from bench.workload.load import loads
from bench.workload.phase import AsyncPhase, SyncPhase, ladder, name_of, usual
from bench.workload.rows import ColumnSource, RowSource

PUBLISHED = {
    "1": Parameters(),
    "2": Parameters(pool_min=10, pool_max=50, event_loop="asyncio"),
    "2-B": Parameters(in_flight=50, pool_min=10, pool_max=50, event_loop="asyncio", load="rounds"),
    "2-C": Parameters(in_flight=5, pool_min=10, pool_max=100, batch=100, event_loop="asyncio"),
    "2-D": Parameters(in_flight=5, pool_min=50, pool_max=200, batch=500, event_loop="asyncio"),
}
FILES = sorted(Path(phases.__path__[0]).glob("phase_*.py"))


def test_the_ladder_goes_up_in_the_order_of_its_names():
    assert usual() == ["1", "1-B", "2", "2-B", "2-C", "2-D", "2-E", "2-F", "2-G", "2-H"]


def test_the_rungs_beside_it_are_climbed_where_they_are_named():
    of_postgresql = ["2-B2", "2-B3", "2-I"]
    of_engines = ["3-C", "3-C2", "3-C3", "3-C4", "3-C5", "3-C6", "3-D", "3-D2", "3-D3", "3-T", "3-T2", "3-T3"]
    assert [name for name in ladder() if name not in usual()] == of_postgresql + of_engines


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_phases_have_the_published_parameters(name):
    assert ladder()[name].parameters == PUBLISHED[name]


def test_the_published_phases_follow_each_other_as_published():
    assert isinstance(ladder()["1"], SyncPhase)
    assert ladder()["1"].connects
    models = {name: phase.parameters.load for name, phase in ladder().items()}
    assert [models[name] for name in ("2", "2-B", "2-C", "2-D")] == ["closed", "rounds", "closed", "closed"]
    assert [name for name, model in models.items() if loads()[model].barrier] == ["2-B", "2-B2"]


def test_the_copies_commit_five_thousand_rows_and_only_the_last_of_the_ladder_has_several_processes():
    assert {ladder()[name].parameters.batch for name in ("2-G", "2-H")} == {5000}
    assert [name for name in usual() if ladder()[name].parameters.processes > 1] == ["2-H"]


def test_2_b2_is_2_b_without_the_reset_and_2_b3_has_as_many_in_flight_in_several_processes():
    one, unreset, several = (ladder()[name].parameters for name in ("2-B", "2-B2", "2-B3"))
    assert unreset == replace(one, reset="none")
    assert several.processes > 1
    assert several.processes * several.in_flight == unreset.in_flight
    assert several.reset == "none"


@pytest.mark.parametrize("name", ladder())
def test_every_phase_can_work_with_its_own_parameters(name):
    check(name, ladder()[name].parameters, bound_values=ladder()[name].bound_values)


def test_every_phase_has_a_file_of_its_own():
    assert [path.stem for path in FILES] == [f"phase_{name.replace('-', '').lower()}" for name in ladder()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_phase_file_is_short_and_says_what_it_is(path):
    # What 2-I shows takes some lines: the encoding is its own.
    assert len(path.read_text().splitlines()) <= (60 if path.stem == "phase_2i" else 30)
    module = load(path)
    assert module.PHASE is ladder()[name_of(path)]
    assert module.__doc__.startswith(f"Phase {name_of(path)}: ")


def test_a_method_fits_its_column():
    assert max(len(phase.method) for phase in ladder().values()) <= 12


@pytest.mark.parametrize(("model", "most"), [("closed", 1), ("rounds", 4), ("closed", 4)])
def test_a_load_model_keeps_as_many_in_flight_as_asked_and_stops(model, most):
    under_way, widths, left = 0, [], 40

    async def commit():
        nonlocal under_way, left
        left -= 1
        under_way += 1
        widths.append(under_way)
        await asyncio.sleep(0)
        under_way -= 1

    asyncio.run(loads()[model].drive(commit, lambda: left > 0, most))
    assert max(widths) == most
    assert under_way == 0
    assert 40 <= len(widths) <= 40 + most - 1


def test_a_round_starts_only_when_the_slowest_is_back():
    async def rounds():
        began, ended = [], []

        async def commit():
            began.append(len(ended))
            for _ in range(len(began) % 3):
                await asyncio.sleep(0)
            ended.append(True)

        await loads()["rounds"].drive(commit, lambda: len(ended) < 9, 3)
        return began

    assert asyncio.run(rounds()) == [0, 0, 0, 3, 3, 3, 6, 6, 6]


def test_the_statement_of_many_values_has_two_parameters_a_row():
    from bench.workload.phases.phase_2e import statement

    table = Table(schema='Ann"s')

    assert statement(table, 2) == 'INSERT INTO "Ann""s".events (device_id, payload) VALUES ($1, $2), ($3, $4)'
    assert statement(table, 32_767).endswith("($65533, $65534)")


@pytest.mark.parametrize("name", [name for name in ladder() if isinstance(ladder()[name], AsyncPhase)])
def test_an_asyncpg_phase_awaits_its_commit(name):
    assert inspect.iscoroutinefunction(ladder()[name].insert)


def decoded(data):
    """The rows of a binary COPY, by the format's own description."""
    assert (data[:11], data[11:19], data[-2:]) == (b"PGCOPY\n\xff\r\n\0", bytes(8), b"\xff\xff")
    rows, at = [], 19
    while at < len(data) - 2:
        fields, length, stamp, size = struct.unpack_from(">hiqi", data, at)
        assert (fields, length) == (2, 8)
        at += 18
        rows.append((stamp, data[at : at + size].decode()))
        at += size
    assert at == len(data) - 2
    return rows


async def joined(pieces):
    return b"".join([bytes(piece) async for piece in pieces])


@pytest.mark.parametrize(
    ("writer", "count", "payload_bytes"), [(1, 1, 1), (3, 7, 64), (2, 5000, 64), (1000, 5000, 100), (1, 3, 100_000)]
)
def test_columns_are_encoded_as_the_rows_that_they_are(writer, count, payload_bytes):
    from bench.workload.phases.phase_2i import encoded

    columns, rows = ColumnSource(writer, 7, payload_bytes), RowSource(writer, 7, payload_bytes)
    for _ in range(2):
        assert decoded(asyncio.run(joined(encoded(columns.take(count))))) == rows.take(count)
