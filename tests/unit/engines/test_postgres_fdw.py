"""Rows over several servers by postgres_fdw: on which each part lies, and where that can't be measured."""

from bench.engines.engine import engines
from bench.engines.postgresql.layout import table_layout


def test_each_partition_of_the_layout_is_on_a_server_of_its_own():
    layout = table_layout("sharded", 3)
    assert (layout.partitions, layout.by_server, layout.by_time) == (3, True, False)
    assert layout.statements.count("CREATE FOREIGN TABLE") == 3
    assert table_layout("sharded").partitions == 2


def test_programs_without_the_extension_are_named(tmp_path):
    for name, says in (("postgres", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), ("pg_config", "/nowhere")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (tmp_path / name).chmod(0o755)
    why = engines()["postgres_fdw"].lacking(tmp_path)
    assert why is not None
    assert "has no postgres_fdw" in why
