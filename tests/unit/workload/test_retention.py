"""The table keeps its size, and what is deleted is the oldest, each row of it counted."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload.beside import MARKS, BesideJob, Deleted
from bench.workload.retention import Retention
from bench.workload.rows import SEQUENCE_BITS, first_stamp

ENDPOINT = Endpoint(
    transport="tcp", host="127.0.0.1", port=5432, user="ann", database="shop", schema="s", parameters={}
)


class Table:
    """Rows by number, as a server has them: numbers rise by one a row."""

    def __init__(self) -> None:
        self.stamps: dict[int, int] = {}
        self.numbered = 0
        self.steps: list[tuple[int, int]] = []

    def insert(self, stamps) -> None:
        for stamp in stamps:
            self.numbered += 1
            self.stamps[self.numbered] = stamp

    async def fetchval(self, statement: str) -> int | None:
        return (min if "min(id)" in statement else max)(self.stamps, default=None)

    async def fetch(self, _statement: str, beyond: int, last: int) -> list[tuple[int, ...]]:
        self.steps.append((beyond, last))
        gone = [number for number in self.stamps if beyond < number <= last]
        by_writer: dict[int, list[int]] = {}
        for number in gone:
            stamp = self.stamps.pop(number)
            by_writer.setdefault(stamp >> SEQUENCE_BITS, []).append(stamp)
        return [(writer, len(each), min(each), max(each), sum(each), len(each)) for writer, each in by_writer.items()]


def keeping(retain: int, table: Table) -> Retention:
    retention = Retention(BesideJob(parameters=Parameters(retain=retain), endpoint=ENDPOINT, seed=1))
    retention.connection = table
    return retention


@given(retain=st.integers(1, 60), before=st.integers(0, 200), arrivals=st.lists(st.integers(0, 90), max_size=30))
def test_a_step_leaves_so_many_rows_and_none_begins_with_more_than_came_since(retain, before, arrivals):
    table = Table()
    table.insert(-number for number in range(1, before + 1))
    retention = keeping(retain, table)
    gone = asyncio.run(retention.step())
    taken = 0
    for came in arrivals:
        writer = 1 + came % 2
        table.insert(range(first_stamp(writer) + taken, first_stamp(writer) + taken + came))
        taken += came
        at_most = len(table.stamps)
        gone += asyncio.run(retention.step())
        assert retention.there == at_most <= retain + came
        assert len(table.stamps) == min(retain, table.numbered)
        assert sorted(table.stamps) == list(range(table.numbered - len(table.stamps) + 1, table.numbered + 1))
    assert gone + len(table.stamps) == table.numbered == before + taken
    assert sum(each.rows for each in retention.deleted.values()) == gone
    assert retention.steps == len(table.steps)


def test_what_is_deleted_is_added_up_by_writer_and_what_was_there_before_apart():
    table = Table()
    table.insert([-1, -2, first_stamp(1), first_stamp(2), first_stamp(1) + 1])
    retention = keeping(1, table)
    assert asyncio.run(retention.step()) == 4
    table.insert([first_stamp(1) + 2])
    assert asyncio.run(retention.step()) == 1
    one, two = first_stamp(1), first_stamp(2)
    assert retention.deleted == {
        -1: Deleted(rows=2, lowest=-2, highest=-1, marks=-3 % MARKS, transactions=2),
        1: Deleted(rows=2, lowest=one, highest=one + 1, marks=(2 * one + 1) % MARKS, transactions=2),
        2: Deleted(rows=1, lowest=two, highest=two, marks=two % MARKS, transactions=1),
    }


def test_nothing_is_deleted_of_a_table_without_rows_or_with_few():
    table = Table()
    retention = keeping(5, table)
    assert asyncio.run(retention.step()) == 0
    table.insert(range(5))
    assert asyncio.run(retention.step()) == 0
    assert (table.steps, retention.steps) == ([], 0)
