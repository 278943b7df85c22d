"""A plan of an open loop: its load model, its first trials, and what is refused."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.model.parse import milliseconds, rate
from bench.model.plan import ACCUMULATE, NULL, OPEN
from bench.plan.check import check_plan
from bench.plan.design import make_plan
from bench.plan.generator import MOST_SHARE, check_capacity
from bench.plan.request import make_design
from bench.workload.driver import as_driven
from bench.workload.phase import ladder
from tests.builders import a_record, void

RATE = 1000.0


def planned(**asked):
    given = {"phases": ["1-B 2-D"], "rate": RATE, "blocks": 2} | asked
    design = make_design(given, transports=["tcp"])
    variants = {"stock": as_variant("stock", "# stock\n")}
    return make_plan(design, ladder(), as_variant("harness", ""), variants, run="r", created="c", seed=3)


@pytest.mark.parametrize(
    ("text", "rows_per_s"),
    [
        ("5000", 5000),
        ("0.5", 0.5),
        ("2000 devices at 1 Hz", 2000),
        ("20 sensors at 0.5Hz", 10),
        ("3 TAPS at 2 hz", 6),
        ("12 soil sensors at 0.5 Hz", 6),
        ("12 센서 at 0.5 Hz", 6),
        ("3 at 2", None),
    ],
)
def test_a_rate_is_a_number_or_so_many_devices_at_so_many_a_second(text, rows_per_s):
    if rows_per_s is None:
        with pytest.raises(ValueError, match=r"is not a number .*, nor such as '2000 devices at 1 Hz'"):
            rate(text)
    else:
        assert rate(text) == rows_per_s


@pytest.mark.parametrize("text", ["0", "-5", "nan", "inf", "1e99", "2 devices at 0 Hz", "9e11 devices at 9 Hz", ""])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match=r"number above 0|more than"):
        rate(text)


@pytest.mark.parametrize(("text", "ms"), [("50", 50), ("50ms", 50), ("0.05 s", 50), ("2s", 2000), ("1.5 ms", 1.5)])
def test_a_time_is_in_milliseconds_where_no_unit_says_otherwise(text, ms):
    assert milliseconds(text) == pytest.approx(ms)


@pytest.mark.parametrize("text", ["0", "fifty", "50 m", "-1ms", "1.2.3", ""])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"no time|number above 0"):
        milliseconds(text)


def test_a_rate_asks_for_its_load_model_and_for_independent_arrivals():
    plan = planned()
    check_plan(plan, ladder())
    for trial in plan.trials:
        if not trial.experiment:
            assert (trial.parameters.load, trial.parameters.arrivals) == (OPEN, "poisson")
    collected = planned(phases=["2-D"], collect_ms=20.0, collect_rows=100)
    check_plan(collected, ladder())
    last = collected.trials[-1].parameters
    assert (last.load, last.batch, last.due_per_s) == (ACCUMULATE, 100, RATE)
    assert planned(phases=["2-D"]).trials[-1].parameters.due_per_s == RATE / 500


def test_the_clients_are_tried_first_once_a_way_of_writing():
    plan = planned()
    alone = [trial for trial in plan.trials if trial.engine]
    assert [trial.number for trial in alone] == [1, 2]
    assert {trial.phase for trial in alone} == {"1-B", "2-D"}
    for trial in alone:
        assert (trial.engine, trial.parameters) == (NULL, as_driven(trial.driver, ladder()[trial.phase].parameters))


@pytest.mark.parametrize(
    "asked",
    [
        {"rate": None, "latency_limit": 5.0},
        {"rate": None, "surge": 2.0},
        {"surge": 1.0},
        {"rate": None, "load": OPEN, "phases": ["2-D"]},
        {"load": "rounds", "phases": ["2-D"]},
        {"collect_ms": 5.0, "load": OPEN, "phases": ["2-D"]},
        {"collect_rows": 5},
        {"collect_ms": 5.0, "collect_rows": 5, "batch": 7},
        {"collect_ms": 5.0, "phases": ["1-B"]},
        {"ceiling": True},
    ],
)
def test_what_contradicts_itself_is_refused(asked):
    with pytest.raises(UsageError):
        planned(**asked)


def reached(plan, **changes):
    """Return the record of what the clients of 1-B reach alone."""
    first = next(trial for trial in plan.trials if trial.engine and trial.phase == "1-B")
    return replace(a_record(first.number, "1-B", **changes), trial=first, engine=NULL)


@pytest.mark.parametrize(
    ("rows_per_s", "force", "codes"),
    [
        (RATE / MOST_SHARE, False, set()),
        (RATE / MOST_SHARE - 1, False, {"refused"}),
        (RATE / MOST_SHARE - 1, True, {"client-capacity"}),
    ],
)
def test_a_rate_near_what_the_clients_can_send_is_refused_or_doubted(rows_per_s, force, codes):
    plan = planned(force=force)
    trial = next(trial for trial in plan.trials if trial.phase == "1-B" and not trial.engine)
    assert {reason.code for reason in check_capacity(plan, trial, [reached(plan, rows_per_s=rows_per_s)])} == codes


def test_what_the_clients_reach_is_unknown_where_it_was_not_measured():
    plan = planned()
    trial = next(trial for trial in plan.trials if trial.phase == "1-B" and not trial.engine)
    for records in ([], [reached(plan, **void())]):
        [reason] = check_capacity(plan, trial, records)
        assert (reason.code, reason.slight) == ("client-capacity-unknown", True)
