"""What may work beside the writers, what is refused, and what the table holds before."""

import pytest

from bench.engines.postgresql.layout import layout_files, table_layout
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import KNOBS, NULL, Parameters
from bench.plan.check import check_plan
from bench.plan.design import make_plan
from bench.plan.estimate import connections_needed, connections_opened
from bench.plan.options import OPTIONS, read_options
from bench.plan.request import make_design
from bench.plan.sweep import points_of, swept
from bench.workload.phase import ladder
from tests.builders import a_plan, a_trial

STOCK = as_variant("stock", "")


def planned(*phases, **asked):
    design = make_design({"phases": list(phases or ("2-C",)), "blocks": 2, **asked}, transports=("tcp",))
    return make_plan(design, ladder(), as_variant("harness", ""), {"stock": STOCK}, run="r", created="now", seed=1)


def parameters_of(plan):
    return {trial.parameters for trial in plan.trials}


def test_what_is_typed_is_what_is_planned_and_by_itself_there_are_only_writers():
    typed = {"readers": "4", "reads": "recent", "reads_per_100_rows": "2.5", "retain": "100000"}
    [parameters] = parameters_of(planned(**read_options(typed, OPTIONS)))
    assert (parameters.readers, parameters.reads, parameters.reads_per_100_rows) == (4, "recent", 2.5)
    assert (parameters.retain, parameters.mixed) == (100_000, True)
    [usual] = parameters_of(planned())
    assert (usual.readers, usual.reads, usual.retain, usual.mixed) == (0, "point", 0, False)
    assert [KNOBS[name].parse("0") for name in ("readers", "retain")] == [0, 0]


def test_none_is_a_value_like_others_of_what_is_swept():
    assert points_of("readers=0,1,4") == [{"readers": 0}, {"readers": 1}, {"readers": 4}]
    plan = planned(of="readers=0,4", reads="recent")
    assert swept(plan) == ["readers"]
    assert {(each.readers, each.reads) for each in parameters_of(plan)} == {(0, "recent"), (4, "recent")}


def test_a_table_that_keeps_rows_has_them_from_the_start_in_every_trial():
    assert planned(retain=50_000).preload_rows == 50_000
    assert planned(of="retain=0,10000,50000").preload_rows == 50_000
    assert planned(retain=50_000, preload_rows=80_000).preload_rows == 80_000
    assert planned(readers=4).preload_rows == 0
    with pytest.raises(UsageError, match="keep 50,000 rows has them from the start, and --preload-rows is 10,000"):
        planned(retain=50_000, preload_rows=10_000)


def test_of_shards_rows_are_read_and_none_are_deleted():
    assert planned(layouts=["distributed"], readers=4).trials
    with pytest.raises(UsageError, match="In the layout distributed it can't be told how many transactions wrote"):
        planned(layouts=["distributed"], retain=50_000)


def test_fewer_rows_than_ten_times_those_under_way_are_not_kept():
    under_way = 5 * 100
    assert planned("2-C", retain=10 * under_way).preload_rows == 5000
    with pytest.raises(UsageError, match=r"Phase 2-C has up to 500 rows under way.*ask for --retain 5000 or more"):
        planned("2-C", retain=10 * under_way - 1)


@pytest.mark.parametrize("asked", [{"readers": 1}, {"retain": 100_000}])
def test_without_a_primary_key_nobody_finds_a_row(asked):
    with pytest.raises(UsageError, match="The layout no-index has no primary key"):
        planned(layouts=["plain", "no-index"], **asked)
    assert planned(layouts=["plain", "unlogged", "hash-partitioned"], **asked).trials


def test_whether_a_layout_has_a_key_is_read_from_its_statements():
    of_postgresql = [name for name in layout_files() if table_layout(name).engine is None]
    assert [name for name in of_postgresql if not table_layout(name).has_key] == ["no-index"]
    assert not table_layout("merge-tree").has_key


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"reads": "recent"}, "--reads is of readers, and there are none"),
        ({"reads": "point", "reads_per_100_rows": 5.0}, "--reads and --reads-per-100-rows is of readers"),
        ({"of": "reads=point,recent"}, "--reads is of readers"),
        ({"readers": 2, "ceiling": True}, "Leave out --readers and --retain"),
        ({"retain": 50_000, "ceiling": True}, "Leave out --readers and --retain"),
    ],
)
def test_what_means_nothing_together_is_refused_with_what_would(asked, why):
    with pytest.raises(UsageError, match=why):
        planned(**asked)


def test_a_plan_that_has_them_on_the_null_server_is_refused():
    trial = a_trial(
        parameters=Parameters(readers=2, in_flight=5, pool_min=2, pool_max=5, batch=100, event_loop="asyncio")
    )
    check_plan(a_plan(trial), ladder())
    null = a_trial(2, parameters=trial.parameters, engine=NULL)
    with pytest.raises(DataError, match="The null server stores nothing that could be read or deleted"):
        check_plan(a_plan(trial, null), ladder())


def test_what_clients_can_send_at_a_rate_is_measured_with_nobody_beside_them():
    plan = planned(rate=500.0, of="readers=0,4", retain=50_000)
    alone = [trial.parameters for trial in plan.trials if trial.engine == NULL]
    assert [(each.readers, each.retain, each.rate) for each in alone] == [(0, 0, None)]
    check_plan(plan, ladder())


def test_their_connections_are_counted_among_those_of_a_trial():
    usual, mixed = ladder()["2-C"].parameters, parameters_of(planned(readers=4, retain=50_000)).pop()
    # A reader each, one that follows the newest row, one that deletes.
    assert mixed.connections_beside == 4 + 1 + 1
    for count in (connections_opened, lambda each: connections_needed([each])):
        assert count(mixed) == count(usual) + 6
