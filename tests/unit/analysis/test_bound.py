"""Server, clients or not known: by the ceiling and the twin beside a rung, in the same blocks."""

from dataclasses import replace

import pytest

from bench.analysis.bound import (
    CEILING_UNDECIDED,
    ELSEWHERE,
    FEW,
    HELD_UP,
    IN_FLIGHT,
    MORE_UNDECIDED,
    NO_TWIN,
    NOT_MEASURED,
    SHARED,
    bound_by,
)
from bench.model.fingerprint import Processors
from bench.model.plan import NULL
from bench.model.record import Cpu
from bench.plan.ceiling import twin
from tests.builders import a_record, void

BASE = (100, 102, 98)
BUSY = Cpu(host_pct=50, steal_pct=0, client_cores=0.9, server_cores=0.1)


def rung(phase="2-B", rates=BASE, **changes):
    return [
        a_record(block, phase, block=block, rows_per_s=float(rate), cpu=BUSY, **changes)
        for block, rate in enumerate(rates, 1)
    ]


def alone(trials, factor, wobble=(1, 1.01, 0.99), **changes):
    """What its clients reach without the server."""
    return [
        beside(record, number, factor * by, engine=NULL, **changes)
        for number, (record, by) in enumerate(zip(trials, wobble, strict=True), 11)
    ]


def twice(trials, factor, wobble=(1, 1.001, 0.999), **changes):
    parameters = twin(trials[0].trial).parameters
    found = []
    for number, (record, by) in enumerate(zip(trials, wobble, strict=True), 21):
        twins = beside(record, number, factor * by, twin_of=trials[0].trial.number, **changes)
        found.append(replace(twins, trial=replace(twins.trial, parameters=parameters)))
    return found


def beside(record, number, factor, **changes):
    of_trial = {name: changes.pop(name) for name in ("engine", "twin_of") if name in changes}
    trial = replace(record.trial, number=number, **of_trial)
    return replace(record, trial=trial, rows_per_s=record.rows_per_s * factor, **changes)


@pytest.mark.parametrize(
    ("phase", "ceiling", "more", "verdict", "why"),
    [
        ("2-B", 3.0, 0.98, "server", "without the server its clients reach 3.00 times"),
        ("2-B", 1.1, 0.98, "client", "without the server its clients reach 1.10 times"),
        ("2-B", 1.1, 1.9, "client", "reach 1.10 times"),
        ("2-B", 3.0, 1.3, "client", "with twice the client processes it reaches 1.30 times"),
        # Five in flight become twice three: a gain of a fifth is what these explain.
        ("2-C", 3.0, 1.2, "unknown", IN_FLIGHT),
        ("2-C", 3.0, 1.6, "client", "with twice the client processes it reaches 1.60 times"),
        ("2-C", 3.0, 1.0, "server", "3.00 times"),
        # One at a time becomes two: of such a rung that alone says nothing.
        ("1-B", 3.0, 1.9, "unknown", IN_FLIGHT),
        ("1-B", 3.0, 1.0, "server", "3.00 times"),
        ("1-B", 1.2, 1.9, "client", "1.20 times"),
    ],
)
def test_the_verdict_is_told_by_what_clients_reach_alone_and_by_more_of_them(phase, ceiling, more, verdict, why):
    trials = rung(phase)
    found = bound_by(trials, 100.0, [*alone(trials, ceiling), *twice(trials, more)])
    assert (found.verdict, why in found.why) == (verdict, True), found.why
    assert found.ceiling_rows_per_s.estimate == pytest.approx(100 * ceiling, rel=0.01)
    if verdict == "server":
        assert found.ceiling_rows_per_s.low >= 150


def test_a_plain_ladder_says_how_to_know():
    found = bound_by(rung(), 100.0, [])
    assert (found.verdict, found.ceiling_rows_per_s, found.why) == ("unknown", None, NOT_MEASURED)


def test_trials_of_another_way_of_writing_or_transport_say_nothing_of_a_rung():
    trials = rung("2-B")
    assert bound_by(trials, 100.0, alone(rung("2-C"), 3.0)).why == NOT_MEASURED
    assert bound_by(trials, 100.0, alone(rung("2-B", transport="socket"), 3.0)).why == NOT_MEASURED


def test_a_rung_reached_by_tls_is_held_against_clients_by_tcp():
    trials = rung("2-B", transport="tls")
    found = bound_by(trials, 100.0, [*alone(rung("2-B"), 3.0), *twice(trials, 1.0)])
    assert found.verdict == "server"


def test_one_block_tells_nothing_nor_does_a_ceiling_that_is_void():
    [one] = rung(rates=(100,))
    single = bound_by([one], 100.0, [beside(one, 11, 3.0, engine=NULL)])
    assert (single.verdict, single.ceiling_rows_per_s.low, single.why) == ("unknown", None, FEW)
    lost = bound_by([one], 100.0, [beside(one, 11, 3.0, engine=NULL, validity=void()["validity"])])
    assert (lost.verdict, lost.why) == ("unknown", "trial 11 is void, the connection was lost")


def test_without_a_twin_it_is_not_called_server_bound():
    trials = rung()
    found = bound_by(trials, 100.0, alone(trials, 3.0))
    assert (found.verdict, found.more_clients, found.why) == ("unknown", None, NO_TWIN)


def test_what_scatters_over_the_line_takes_more_blocks():
    trials = rung()
    ceilings = bound_by(trials, 100.0, [*alone(trials, 2.0, (0.5, 1, 2)), *twice(trials, 1.0)])
    assert (ceilings.verdict, ceilings.why) == ("unknown", CEILING_UNDECIDED)
    twins = bound_by(trials, 100.0, [*alone(trials, 3.0), *twice(trials, 1.0, (0.8, 1, 1.3))])
    assert (twins.verdict, twins.why) == ("unknown", MORE_UNDECIDED)


def test_clients_that_the_null_server_itself_held_up_are_not_to_blame():
    """Of a full host the null server had a part of the processors that clients alone would have had."""
    trials = rung("2-B")
    full = Cpu(host_pct=97, steal_pct=0, client_cores=1.0, server_cores=0.9)
    found = bound_by(trials, 100.0, [*alone(trials, 1.2, cpu=full), *twice(trials, 1.0)])
    assert (found.verdict, found.why) == ("unknown", HELD_UP)
    helped = bound_by(trials, 100.0, [*alone(trials, 1.2, cpu=full), *twice(trials, 1.5)])
    assert helped.verdict == "client"
    braked = Cpu(host_pct=97, steal_pct=0, client_cores=1.8, server_cores=0.1)
    assert bound_by(trials, 100.0, [*alone(trials, 1.2, cpu=braked), *twice(trials, 1.0)]).verdict == "client"


def test_more_of_processors_that_others_use_too_is_no_brake_of_the_clients():
    crowded = Cpu(host_pct=100, steal_pct=0, client_cores=0.3, server_cores=0.2)
    trials = [replace(record, cpu=crowded) for record in rung("2-B")]
    beside_them = [*alone(trials, 3.0), *twice(trials, 1.5)]
    assert bound_by(trials, 100.0, beside_them, cpus=Processors(there=2, usable=2)).why == SHARED
    assert bound_by(trials, 100.0, beside_them).verdict == "client"


def test_of_clients_on_client_boxes_it_is_not_known_and_why():
    trials = rung(client_boxes=1)
    found = bound_by(trials, 100.0, alone(trials, 3.0))
    assert (found.verdict, found.ceiling_rows_per_s, found.why) == ("unknown", None, ELSEWHERE)
