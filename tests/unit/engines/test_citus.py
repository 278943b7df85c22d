"""Citus: its rungs, what its table is, what of a shard is read back, and where it can't be measured."""

import asyncio
from dataclasses import replace

import pytest

from bench.engines.citus.session import SHOW_SHARDS, made_of_shard
from bench.engines.postgresql.layout import table_layout
from bench.model.table import Table, qualified
from bench.workload.phase import COLUMNS, ladder, usual
from bench.workload.phases import phase_2g, phase_3d3


@pytest.mark.parametrize("name", ["3-D", "3-D2", "3-D3"])
def test_its_rungs_are_measured_where_they_are_named(name):
    rung = ladder()[name]
    assert (rung.engine, rung.layout, rung.call) == ("citus", "distributed", "copy_records_to_table")
    assert name not in usual()


def test_its_rungs_write_as_2_g_but_for_what_they_are_about():
    published, large = ladder()["2-G"], replace(ladder()["2-G"].parameters, batch=100_000)
    assert replace(ladder()["3-D"], engine=None, layout=None, usual=True) == published
    assert replace(ladder()["3-D2"], parameters=published.parameters) == ladder()["3-D"]
    assert ladder()["3-D2"].parameters == ladder()["3-D3"].parameters == large


def test_one_connection_to_a_worker_is_asked_for_before_each_commit():
    class Connection:
        said: tuple[str, ...] = ()

        async def execute(self, statement):
            self.said += (statement,)

        async def copy_records_to_table(self, name, *, schema_name, records, columns):
            self.said += (f"COPY {len(records)} rows to {schema_name}.{name}",)
            assert columns == COLUMNS

    connection = Connection()
    for _ in range(2):
        asyncio.run(phase_3d3.insert(connection, [(1, "a"), (2, "b")], Table(schema="mine")))
    assert connection.said == (phase_3d3.ONE_EACH, "COPY 2 rows to mine.events") * 2
    assert phase_3d3.PHASE.source is phase_2g.PHASE.source


@pytest.mark.parametrize("shards", [1, 4, 32])
def test_its_layout_has_as_many_shards_as_are_asked_for_and_a_key(shards):
    layout = table_layout("distributed", shards)
    assert (layout.engine, layout.baseline, layout.partitions) == ("citus", "plain", shards)
    assert (layout.has_key, layout.by_shard, layout.by_server, layout.by_time) == (True, True, False, False)
    assert f"shard_count => {shards}\n" in layout.statements
    assert f"events: distributed by device_id over {shards} shards" in layout.reads_back
    assert sum(line.endswith(": PRIMARY KEY (id, device_id)") for line in layout.reads_back) == shards + 1
    assert table_layout("distributed").partitions == 4


def test_a_shard_is_read_back_as_the_table_that_it_is_of():
    class Worker:
        said = ""

        def run(self, statement):
            self.said = statement

        def script(self, name):
            return qualified(f"SELECT '{name}' FROM to_regclass('{{schema}}.events')", "mine")

        def rows(self, statement):
            assert statement == "SELECT 'made' FROM to_regclass('\"mine\".events_102008')"
            return [("events_102008: permanent table",), ("events_102008: index events_102008_spoils",)]

    worker = Worker()
    assert made_of_shard(worker, 102008) == ["events: permanent table", "events: index events_spoils"]
    assert worker.said == SHOW_SHARDS
