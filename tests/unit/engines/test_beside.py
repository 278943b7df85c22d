"""Kinds of database that are measured beside PostgreSQL alone: what they can't be asked for, and what brings them."""

from pathlib import Path

import pytest

from bench.engines.engine import engines
from bench.model.errors import UsageError


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("citus", "Citus is measured beside PostgreSQL: ask for --phases 3-D"),
        ("postgres_fdw", "PostgresFdw is measured beside PostgreSQL: ask for --layouts"),
        ("timescaledb", "TimescaleDB is measured beside PostgreSQL: ask for --phases 3-T"),
    ],
)
def test_no_plan_has_it_for_its_own(name, said):
    engine = engines()[name]
    for ask in (
        lambda: engine.private(Path("/nowhere"), None),
        lambda: engine.external("dbname=a", "r"),
        lambda: engine.programs([], []),
    ):
        with pytest.raises(UsageError, match=said):
            ask()


@pytest.mark.parametrize(
    ("name", "begins", "names"),
    [
        ("citus", "has no Citus. On a box: make provision ROLES=citus. Here: ", "postgresql-15-citus-13.2"),
        ("postgres_fdw", "has no postgres_fdw: ", "Debian's and PGDG's packages have it"),
        ("timescaledb", "has no TimescaleDB. On a box: make provision ROLES=timescaledb.", "postgresql-15-timescaledb"),
    ],
)
def test_a_postgresql_without_it_is_named_with_what_brings_it(tmp_path, name, begins, names):
    for program, said in {
        "postgres": "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
        "pg_config": str(tmp_path),
    }.items():
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{said}'\n")
        (tmp_path / program).chmod(0o755)
    why = engines()[name].lacking(tmp_path)
    assert why.startswith(f"PostgreSQL 15 in {tmp_path} {begins}")
    assert names in why
    (tmp_path / f"{name}.so").touch()
    assert engines()[name].lacking(tmp_path) is None
