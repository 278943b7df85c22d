"""Which trials may have a standby, and what of it is refused."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import REPLICAS, Parameters
from bench.plan.check import check_plan
from bench.plan.contrast import candidates_of, varying
from bench.plan.design import make_plan
from bench.plan.estimate import estimate
from bench.plan.generator import unhurried
from bench.plan.options import OPTIONS, read_options
from bench.plan.replicas import check_private, check_standby
from bench.plan.request import make_design
from bench.plan.sweep import by_rung, swept
from bench.workload.phase import ladder

VARIANTS = {
    "stock": as_variant("stock", ""),
    "async-commit": as_variant("async-commit", "synchronous_commit = off\n"),
    "names": as_variant("names", "synchronous_standby_names = 'a'\n"),
}


def planned(*phases, variants=("stock",), **asked):
    asked = {"phases": list(phases or ("1-B",)), "variants": list(variants), "blocks": 2, **asked}
    design = make_design(asked, transports=("tcp",))
    return make_plan(design, ladder(), as_variant("harness", ""), VARIANTS, run="r", created="now", seed=1)


def test_what_is_typed_is_what_is_planned_and_by_itself_there_is_no_standby():
    typed = {"replica": "remote_apply", "readers": "2", "readers_on": "standby"}
    parameters = planned(**read_options(typed, OPTIONS)).trials[0].parameters
    assert (parameters.replica, parameters.readers_on, parameters.replicated) == ("remote_apply", "standby", True)
    usual = planned().trials[0].parameters
    assert (usual.replica, usual.readers_on, usual.replicated) == ("none", "primary", False)
    with pytest.raises(UsageError, match=r"replica: 'sync' is none of none, async, local"):
        read_options({"replica": "sync"}, OPTIONS)


def test_levels_are_candidates_in_the_order_of_how_much_they_wait():
    plan = planned(of=f"replica={','.join(reversed(REPLICAS))}")
    assert swept(plan) == varying(plan) == ["replica"]
    assert candidates_of(plan, "replica") == [f"replica={level}" for level in REPLICAS]
    [points] = by_rung(plan.trials, ["replica"]).values()
    assert [trial.parameters.replica for trial in points] == list(REPLICAS)
    check_plan(plan, ladder())


@pytest.mark.parametrize("level", ["local", "remote_write", "on", "remote_apply"])
def test_a_variant_that_decides_what_commits_wait_for_is_refused_with_a_level_that_does(level):
    with pytest.raises(UsageError, match=f"async-commit sets synchronous_commit, which --replica {level} decides"):
        planned(variants=("async-commit",), replica=level)


def test_beside_an_asynchronous_standby_a_commit_may_be_asynchronous_too():
    assert planned(variants=("stock", "async-commit"), replica="async").trials
    with pytest.raises(UsageError, match="names sets synchronous_standby_names"):
        planned(variants=("names",), replica="async")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"readers_on": "standby"}, "--readers-on is of readers, and there are none"),
        ({"readers_on": "standby", "readers": 2}, "takes a standby that they can read from"),
        ({"replica": "on", "ceiling": True}, "on a server that no standby follows"),
    ],
)
def test_what_can_not_be_is_refused_with_what_would_do(asked, why):
    with pytest.raises(UsageError, match=why):
        planned(**asked)


def test_of_another_engine_there_is_no_standby():
    with pytest.raises(UsageError, match=r"phase 3-T is on timescaledb: leave out --replica"):
        planned("3-T", replica="async")


def test_a_server_that_is_not_private_has_none():
    check_private(planned(), "leave out --dsn")
    with pytest.raises(UsageError, match=r"beside a private server, which this one is not: leave out --dsn\."):
        check_private(planned(replica="on"), "leave out --dsn")


def test_a_box_s_cluster_with_a_standby_is_measured_with_it_and_read_alone():
    check_standby(planned(replica="async"), "10.0.0.2", "another")
    check_standby(planned(), "", "another")
    with pytest.raises(UsageError, match=r"The standby at 10\.0\.0\.2 follows this box's cluster in every trial"):
        check_standby(planned(), "10.0.0.2", "another")
    with pytest.raises(UsageError, match="which readers of this one do not reach"):
        check_standby(planned(replica="on", readers=2, readers_on="standby"), "10.0.0.2", "another")
    with pytest.raises(UsageError, match=r"make provision REPLICA_OF= has another box follow it, or another\.$"):
        check_standby(planned(replica="on"), "", "another")


def test_a_plan_written_by_hand_is_looked_at_too():
    plan = planned(replica="on")
    odd = replace(plan, variants=(replace(VARIANTS["async-commit"], name="stock"),))
    with pytest.raises(DataError, match="sets synchronous_commit"):
        check_plan(odd, ladder())


def test_a_standby_takes_its_own_room_on_the_disk_and_its_own_time():
    alone, followed = planned(), planned(replica="async")
    one, two = (estimate(plan, plan.trials) for plan in (alone, followed))
    assert two.disk_bytes > 1.5 * one.disk_bytes
    assert two.seconds > one.seconds


def test_what_clients_can_send_alone_is_of_clients_alone():
    assert unhurried(Parameters(replica="on", readers=2, readers_on="standby")) == Parameters()
