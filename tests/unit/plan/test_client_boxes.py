"""Which trials may have their clients on client boxes, and what of it is refused with what would do."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import NULL
from bench.plan.candidates import at_rates as at_rates_of
from bench.plan.candidates import closed_loops, with_candidates
from bench.plan.check import check_plan
from bench.plan.client_boxes import check_there, most_wanted
from bench.plan.contrast import candidates_of, varying
from bench.plan.design import make_plan
from bench.plan.generator import check_capacity
from bench.plan.options import OPTIONS, read_options
from bench.plan.request import make_design
from bench.plan.sweep import swept
from bench.workload.phase import ladder
from tests.builders import a_record
from tests.unit.plan.test_promise import searching

VARIANTS = {"stock": as_variant("stock", "")}
INSTEAD = "make provision HOST=… CLIENT_OF=n100-a brings one"


def planned(*phases, transports=("tls",), **asked):
    asked = {"phases": list(phases or ("2-D",)), "blocks": 2, **asked}
    design = make_design(asked, transports=transports)
    return make_plan(design, ladder(), as_variant("harness", ""), VARIANTS, run="r", created="now", seed=1)


def test_by_itself_all_clients_are_on_the_servers_box():
    assert planned().trials[0].parameters.client_boxes == 0
    assert planned(**read_options({"client_boxes": "2"}, OPTIONS), processes=2).trials[0].parameters.client_boxes == 2
    with pytest.raises(UsageError, match="client_boxes: '-1' is not a whole number of 0 or more"):
        read_options({"client_boxes": "-1"}, OPTIONS)


def test_it_is_a_factor_and_the_servers_own_box_is_the_baseline():
    plan = planned(of="client_boxes=1,0")
    assert swept(plan) == varying(plan) == ["client_boxes"]
    assert candidates_of(plan, "client_boxes") == ["client_boxes=0", "client_boxes=1"]
    assert most_wanted(plan) == 1
    check_plan(plan, ladder())


@pytest.mark.parametrize(
    ("phase", "asked", "why"),
    [
        ("2-D", {"transports": ("tcp",)}, "by TLS alone, and not by tcp: ask for --transports tls"),
        ("2-D", {"readers": 2}, "Readers and retention work on the server's own box"),
        ("2-D", {"retain": 100_000}, "Readers and retention work on the server's own box"),
        ("2-D", {"ceiling": True}, "--ceiling also measures what a trial's clients do on the server's own box"),
        ("1-B", {"drivers": ["pgbench"]}, "pgbench is not started on client boxes"),
        ("3-T", {}, "phase 3-T is on timescaledb: leave out --client-boxes"),
        ("2-D", {"client_boxes": 2}, r"phase 2-D has 1 for 2: ask for --processes 2 to 20\."),
        ("2-D", {"processes": 11}, r"phase 2-D has 11 for 1: ask for --processes 1 to 10\."),
    ],
)
def test_what_is_not_carried_out_there_is_refused(phase, asked, why):
    with pytest.raises(UsageError, match=why):
        planned(phase, **{"client_boxes": 1} | asked)


def test_what_is_explained_may_have_its_clients_there():
    design = replace(make_design({"phases": ["2-D"], "client_boxes": 1}, transports=("tls",)), explains=True)
    plan = make_plan(design, ladder(), as_variant("harness", ""), VARIANTS, run="r", created="now", seed=1)
    assert most_wanted(plan) == 1


def test_more_boxes_than_there_are_are_refused_with_what_brings_one():
    check_there(planned(), (), INSTEAD)
    check_there(planned(client_boxes=1), ["n100-b"], INSTEAD)
    with pytest.raises(UsageError, match=r"--client-boxes 1 is asked for, and this server has none: make prov"):
        check_there(planned(client_boxes=1), (), INSTEAD)
    with pytest.raises(UsageError, match=r"this server has 1 \(n100-b\): make provision HOST=… CLIENT_OF=n100-a"):
        check_there(planned(client_boxes=2, processes=2), ["n100-b"], INSTEAD)


def test_what_is_a_users_own_is_not_there():
    plan = replace(planned(client_boxes=1), pieces={"phases/mine.py": "0" * 64})
    with pytest.raises(UsageError, match=r"Pieces of your own \(phases/mine\.py\) are not on client boxes"):
        check_there(plan, ["n100-b"], INSTEAD)
    with pytest.raises(UsageError, match="write to PostgreSQL, and not to timescaledb"):
        check_there(replace(planned(client_boxes=1), engine="timescaledb"), ["n100-b"], INSTEAD)


def test_a_plan_written_by_hand_is_looked_at_too():
    plan = planned(client_boxes=1)
    odd = replace(plan, trials=tuple(replace(trial, transport="tcp") for trial in plan.trials))
    with pytest.raises(DataError, match="by TLS alone"):
        check_plan(odd, ladder())


def test_what_clients_can_send_at_most_is_not_asked_of_client_boxes():
    plan = planned(client_boxes=2, processes=2, rate=100.0)
    alone, *at_rate = plan.trials
    assert (alone.engine, alone.parameters.rate, alone.parameters.client_boxes) == (NULL, None, 0)
    assert {(each.engine, each.parameters.rate, each.parameters.client_boxes) for each in at_rate} == {(None, 100.0, 2)}
    check_plan(plan, ladder())
    record = replace(a_record(1, "2-D", rows_per_s=120.0), trial=alone)
    [refused] = check_capacity(plan, at_rate[0], [record])
    assert refused.code == "refused"
    assert "100 rows/s are 83% of what these clients can send on the server's own box (120 rows/s)" in refused.detail
    # What they reached on the client boxes is more.
    closed = replace(at_rate[0], number=9, parameters=replace(alone.parameters, client_boxes=2), transport="tls")
    [refused] = check_capacity(plan, at_rate[0], [record, replace(record, rows_per_s=122.0, trial=closed)])
    assert "100 rows/s are 82% of what these clients can send (122 rows/s)" in refused.detail


def test_the_closed_loop_that_a_search_begins_with_is_on_the_client_boxes():
    asked = planned(client_boxes=1).trials[:1]
    promise = searching().promise
    for closed, *at_rates in (with_candidates(asked, promise, {}, 20.0), [*closed_loops(asked), *at_rates_of(asked)]):
        assert (closed.parameters.rate, closed.parameters.client_boxes) == (None, 1)
        assert {each.parameters.client_boxes for each in at_rates} == {1}
        assert None not in {each.parameters.rate for each in at_rates}
