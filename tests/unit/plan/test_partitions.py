"""How many partitions are planned, what is refused, and what is compared with what."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.layout import layout_files, own_layout, table_layout
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.plan.check import check_plan
from bench.plan.contrast import candidates_of, examples, factor_of
from bench.plan.design import make_plan
from bench.plan.options import OPTIONS, read_options
from bench.plan.partitions import MOST_PARTITIONS
from bench.plan.request import make_design
from bench.plan.sweep import swept
from bench.workload.phase import ladder


def planned(*layouts, **asked):
    design = make_design({"phases": ["2-C"], "layouts": list(layouts), "blocks": 2, **asked}, transports=("tcp",))
    stock = {"stock": as_variant("stock", "")}
    return make_plan(design, ladder(), as_variant("harness", ""), stock, run="r", created="now", seed=1)


def numbers(plan):
    return {(trial.layout, trial.parameters.partitions) for trial in plan.trials}


def test_as_many_are_planned_as_are_typed_and_by_itself_as_many_as_a_layout_has():
    assert numbers(planned("hash-partitioned")) == {("hash-partitioned", 0)}
    assert table_layout("hash-partitioned").partitions == table_layout("time-partitioned").partitions == 8
    typed = read_options({"partitions": "4"}, OPTIONS)
    assert numbers(planned("hash-partitioned", **typed)) == {("hash-partitioned", 4)}


def test_they_are_swept_and_compared_the_fewest_first():
    plan = planned("hash-partitioned", of="partitions=16,1,4")
    assert swept(plan) == ["partitions"]
    assert candidates_of(plan, "partitions") == ["partitions=1", "partitions=4", "partitions=16"]


def test_a_table_without_any_is_compared_with_one_of_as_many_as_are_asked_for():
    plan = planned("plain", "hash-partitioned", partitions=4)
    assert factor_of(plan) == "layout"
    assert candidates_of(plan, "layout") == ["plain", "hash-partitioned"]
    assert all(len(arms) == 2 for arms in examples(plan, "layout").values())
    both = planned("plain", "hash-partitioned", of="partitions=2,4")
    assert len(examples(both, "layout")) == 2


@pytest.mark.parametrize("seed_order", [("plain", "plain-time-key"), ("plain-time-key", "plain")])
def test_where_two_are_named_as_often_the_one_without_a_baseline_is_compared_with(seed_order):
    plan = planned(*seed_order, "time-partitioned")
    assert candidates_of(plan, "layout")[0] == "plain"
    assert candidates_of(planned("time-partitioned", "plain-time-key"), "layout")[0] == "plain-time-key"


@pytest.mark.parametrize(
    ("layouts", "asked", "why"),
    [
        (
            ["plain"],
            {"partitions": 4},
            r"of layouts that have some \(distributed, hash-partitioned, sharded, time-partitioned\), and plain has",
        ),
        (["plain"], {"of": "partitions=1,4"}, "plain has none"),
        (["sharded"], {"partitions": 9}, "each partition has a server of its own, 8 at most, not 9"),
        (["hash-partitioned"], {"partitions": MOST_PARTITIONS + 1}, "100 partitions at most, not with 101"),
        (["time-partitioned"], {"partitions": 1, "retain": 5000}, "ask for --partitions 2 or more"),
    ],
)
def test_what_can_not_be_is_refused(layouts, asked, why):
    with pytest.raises(UsageError, match=why):
        planned(*layouts, **asked)


def test_a_plan_of_more_than_there_can_be_is_refused():
    plan = planned("hash-partitioned", partitions=4)
    check_plan(plan, ladder())
    trials = [replace(trial, parameters=replace(trial.parameters, partitions=1000)) for trial in plan.trials]
    with pytest.raises(DataError, match="Plan r: A table is tried with 100 partitions at most"):
        check_plan(replace(plan, trials=tuple(trials)), ladder())


def test_one_partition_is_enough_where_none_is_dropped():
    assert planned("time-partitioned", partitions=1).trials
    assert planned("hash-partitioned", partitions=1, retain=5000).trials
    assert planned("time-partitioned", partitions=2, retain=5000).trials


def test_which_layouts_have_partitions_is_read_from_their_headers():
    by = {name: own_layout(name).partitioned_by for name in layout_files()}
    assert {name: kind for name, kind in by.items() if kind} == {
        "hash-partitioned": "hash",
        "sharded": "server",
        "distributed": "shard",
        "time-partitioned": "time",
    }


@pytest.mark.parametrize("said", ["8", "by hash", "0 by hash", "8 by range"])
def test_a_header_that_says_it_otherwise_is_refused(tmp_path, monkeypatch, said):
    folder = tmp_path / "layouts"
    folder.mkdir()
    (folder / "mine.sql").write_text(f"-- mine\n-- partitions: {said}\nCREATE TABLE {{schema}}.events ();\n")
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    with pytest.raises(DataError, match="which is to be as '8 by hash'"):
        table_layout("mine")


def test_a_statement_with_semicolons_within_is_left_as_it_is(tmp_path, monkeypatch):
    folder = tmp_path / "layouts"
    folder.mkdir()
    body = (
        "CREATE TABLE {schema}.events (id bigint) PARTITION BY HASH (id);\n"
        "CREATE TABLE {schema}.events_{partition} PARTITION OF {schema}.events\n"
        "    FOR VALUES WITH (MODULUS {partitions}, REMAINDER {partition});\n"
        "DO $$\nBEGIN\n    NULL;\nEND\n$$;"
    )
    (folder / "mine.sql").write_text(f"-- mine\n-- partitions: 2 by hash\n{body}\n")
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    statements = table_layout("mine").statements
    assert statements.count("PARTITION OF") == 2
    assert "(MODULUS 2, REMAINDER 1);" in statements
    assert statements.endswith("DO $$\nBEGIN\n    NULL;\nEND\n$$;")
