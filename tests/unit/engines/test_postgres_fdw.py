"""Rows over several servers by postgres_fdw: on which each part lies, and where that can't be measured."""

from bench.engines.postgresql.layout import table_layout


def test_each_partition_of_the_layout_is_on_a_server_of_its_own():
    layout = table_layout("sharded", 3)
    assert (layout.partitions, layout.by_server, layout.by_time) == (3, True, False)
    assert layout.statements.count("CREATE FOREIGN TABLE") == 3
    assert table_layout("sharded").partitions == 2
