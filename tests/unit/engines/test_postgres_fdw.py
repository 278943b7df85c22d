"""Rows over several servers: what they have together, and where that can't be measured."""

from bench.engines.engine import Arrived, Found, engines
from bench.engines.postgres_fdw.session import added, together
from bench.engines.postgresql.layout import table_layout


def test_what_several_have_is_the_sum_and_the_ends_are_the_outermost():
    one = Arrived(
        writers={1: Found(rows=3, different=2, lowest=10, highest=19)},
        lost={(1, 5): 2},
        altered={1: 1},
        transactions=3,
    )
    other = Arrived(
        writers={
            1: Found(rows=4, different=4, lowest=8, highest=12),
            2: Found(rows=1, different=1, lowest=100, highest=100),
        },
        lost={(1, 5): 1, (2, 0): 0},
        altered={1: 2, 2: 5},
        transactions=4,
    )
    assert together([one, other]) == Arrived(
        writers={
            1: Found(rows=7, different=6, lowest=8, highest=19),
            2: Found(rows=1, different=1, lowest=100, highest=100),
        },
        lost={(1, 5): 3, (2, 0): 0},
        altered={1: 3, 2: 5},
        transactions=None,
    )


def test_a_sum_of_what_is_not_known_is_not_known():
    assert added([1, 2, 3]) == 6
    assert added([1, None, 3]) is None


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
