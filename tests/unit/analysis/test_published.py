"""A published figure is reproduced, not reproduced, or other: by its interval over blocks, and one rule."""

from dataclasses import replace

import pytest

from bench.analysis.ladder import ladder_report, ladders
from bench.analysis.published import OVER_ALL, PUBLISHED, STEPS, beside_published, concluded
from bench.model.record import Cpu
from bench.results.read import read
from bench.stats.compare import compare
from bench.stats.intervals import Estimate
from bench.store.run_directory import RunDirectory
from tests.builders import a_record, changed, pulled, void
from tests.kept import KEPT

NOISE = (1.0, 1.03, 0.97, 1.01)
"""Of each block; all of a block share it, as they share what drifts."""


def climb(times=1.0, noise=NOISE, **factors):
    """Records of the published rungs at their published figures; one phase's rate may be another, times so much."""
    records = []
    for block, factor in enumerate(noise, 1):
        for each in PUBLISHED:
            rate = each.rows_per_s * times * factor * factors.get(each.phase.replace("-", "_"), 1)
            records.append(
                a_record(
                    len(records) + 1,
                    each.phase,
                    block=block,
                    rows_per_s=rate,
                    row_latency_ms=each.latency_ms / factor,
                    cpu=Cpu(host_pct=each.host_pct * factor, steal_pct=0, client_cores=0.9, server_cores=0.3),
                )
            )
    return records


def of(phase, records, **changes):
    """The records, with other figures or parameters in one phase."""
    return [changed(each, **changes) if each.trial.phase == phase else each for each in records]


def found(records):
    return {(each.figure, each.phase, each.over): each for each in beside_published(records)}


def told(figures, conclusion):
    return {key for key, each in figures.items() if each.conclusion == conclusion}


# --- the rule --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "conclusion"),
    [
        (2.2, 2.9, "reproduced"),  # holds it
        (2.51, 2.74, "reproduced"),  # beyond it, within a tenth
        (2.28, 2.49, "reproduced"),
        (2.51, 2.76, "not reproduced"),
        (2.2, 2.49, "not reproduced"),
        (29, 31, "not reproduced"),
        (1.5, 3.1, "other"),  # holds it, and almost anything
        (2.6, 9.0, "not reproduced"),  # excludes it, however wide
    ],
)
def test_the_interval_decides_by_one_rule(low, high, conclusion):
    assert concluded(Estimate(estimate=(low + high) / 2, low=low, high=high), 2.5)[0] == conclusion


@pytest.mark.parametrize(
    ("low", "high", "conclusion"),
    [
        (30, 40, "reproduced"),
        (26, 48, "reproduced"),
        (40, 60, "reproduced"),
        (49, 60, "not reproduced"),
        (10, 30, "other"),
    ],
)
def test_of_a_range_an_interval_that_overlaps_it_holds_it(low, high, conclusion):
    assert concluded(Estimate(estimate=(low + high) / 2, low=low, high=high), 28, 44)[0] == conclusion


def test_what_has_no_figure_or_no_spread_is_other():
    assert concluded(None, 2.5) == ("other", "there is no figure here")
    assert concluded(Estimate(estimate=2.5, low=None, high=None), 2.5) == ("other", "one block shows no spread")


# --- the figures -----------------------------------------------------------------------------------------------------


def test_the_authors_own_figures_are_reproduced_every_one():
    figures = found(climb())
    assert told(figures, "reproduced") == set(figures)
    assert len(figures) == 3 * len(PUBLISHED) + len(STEPS) + len(OVER_ALL)
    published = {
        (phase, over): each.published for (name, phase, over), each in figures.items() if over and name == "rows_per_s"
    }
    assert published == {("2", "1"): 2.5, ("2-B", "2"): 29, ("2-C", "2-B"): 3.4, ("2-D", "2-C"): 1.0, ("2-D", "1"): 250}
    assert figures["latency_ms", "2-D", "1"].published == 50
    assert figures["latency_ms", "2-D", "1"].here.estimate == pytest.approx(15 / 0.30)


def test_on_a_machine_three_times_as_fast_the_steps_are_reproduced_and_the_rates_are_not():
    figures = found(climb(times=3))
    assert told(figures, "not reproduced") == {("rows_per_s", each.phase, None) for each in PUBLISHED}


def test_a_rung_that_gains_more_breaks_its_own_steps_alone():
    figures = found(climb(**{"2_D": 1.6}))
    assert told(figures, "not reproduced") == {
        ("rows_per_s", "2-D", None), ("rows_per_s", "2-D", "2-C"), ("rows_per_s", "2-D", "1")
    }  # fmt: skip


def jittered(records, phase, factors):
    """The records, one phase's rate times one of these in each block."""
    factors = iter(factors)
    return [
        replace(each, rows_per_s=each.rows_per_s * next(factors)) if each.trial.phase == phase else each
        for each in records
    ]


def rates(records, phase):
    return [each.rows_per_s for each in records if each.trial.phase == phase]


def test_a_step_is_paired_by_block_as_every_comparison_is():
    records = jittered(climb(noise=(1.0, 1.9, 0.6, 1.2)), "2-B", (1.0, 1.1, 0.95, 1.02))
    here, wanted = found(records)["rows_per_s", "2-B", "2"].here, compare(rates(records, "2"), rates(records, "2-B"))
    assert here.estimate == pytest.approx(wanted.ratio)
    assert (here.low, here.high) == pytest.approx((wanted.interval.low, wanted.interval.high))


def test_a_block_that_lacks_one_of_two_rungs_is_no_part_of_their_step():
    records = jittered(climb(), "2-C", (1.4, 1.0, 0.97, 1.02))
    first = next(each for each in records if each.trial.phase == "2-C")
    without = [each for each in records if each is not first]
    voided = [replace(each, **void()) if each is first else each for each in records]
    wanted = compare(rates(records, "2-B")[1:], rates(without, "2-C"))
    for left in (without, voided):
        here = found(left)["rows_per_s", "2-C", "2-B"].here
        assert (here.estimate, here.low) == pytest.approx((wanted.ratio, wanted.interval.low))


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([each for each in climb() if each.trial.phase != "2-B"], "2-B was not measured"),
        (of("2-B", climb(), in_flight=20), "2-B was not measured as published: in_flight 20, not 50"),
        (of("2-B", climb(), load="closed"), "2-B was not measured as published: load closed, not rounds"),
        (of("2-B", climb(), driver="psycopg"), "2-B was not measured as published: driver psycopg, not asyncpg"),
        (of("2-B", climb(), processes=2), "2-B was not measured as published: processes 2, not 1"),
        (of("2-B", climb(), client_boxes=1), "2-B was not measured as published: client_boxes 1, not 0"),
        (of("2-B", climb(), reset="none"), "2-B was not measured as published: reset none, not query"),
        (of("2-B", climb(), **void()), "2-B has no trial that counts: all are void"),
        (of("2-B", climb(noise=(1.0,))), "one block shows no spread"),
    ],
)  # fmt: skip
def test_a_rung_that_is_missing_void_or_of_other_parameters_makes_its_figures_other(records, why):
    figures = found(records)
    concerned = {key: each for key, each in figures.items() if "2-B" in key}
    assert len(concerned) == 5
    assert {(each.conclusion, each.why) for each in concerned.values()} == {("other", why)}
    if "one block" not in why:
        assert told(figures, "other") == set(concerned)


def test_of_several_ways_that_the_report_does_not_tell_apart_none_is_the_authors():
    records = climb()
    again = [
        changed(each, number=100 + each.trial.number, payload_bytes=640)
        for each in records
        if each.trial.phase == "2-C"
    ]
    figures = found([*records, *again])
    assert {each.why for key, each in figures.items() if "2-C" in key} == {
        "2-C was measured in 2 ways that the report does not tell apart"
    }


def test_a_figure_that_no_trial_could_observe_is_other_and_the_rest_stands():
    blind = Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)
    figures = found(of("2", climb(), cpu=blind))
    assert told(figures, "other") == {("host_pct", "2", None)}


def test_one_rung_alone_is_no_ladder_to_set_beside_the_published_one():
    assert beside_published([each for each in climb() if each.trial.phase == "2-D"]) == ()
    assert beside_published([a_record(1, "2-E"), a_record(2, "2-G")]) == ()


# --- in ladders ------------------------------------------------------------------------------------------------------


def test_each_ladder_is_set_beside_by_its_own_trials_alone():
    slow = [changed(each, number=100 + each.trial.number, layout="no-index") for each in climb(times=0.1)]
    usual, other = sorted(ladders([*climb(), *slow], {}), key=lambda each: each.layout, reverse=True)
    assert {each.conclusion for each in usual.published} == {"reproduced"}
    assert any(each.conclusion == "not reproduced" for each in other.published)


def test_an_attempt_that_was_repeated_counts_once():
    records = climb()
    cut = [replace(records[0], **void("agent-ended")), replace(records[0], attempt=2), *records[1:]]
    assert ladder_report(pulled(*cut)).ladders[0].published == ladder_report(pulled(*records)).ladders[0].published


def test_a_kept_run_of_two_published_rungs_tells_their_step_as_a_comparison_of_its_records_does():
    run = read(RunDirectory(KEPT / "versions"), samples=False)
    for ladder in ladder_report(run).ladders:
        of_version = [each for each in run.records if each.trial.version == ladder.version]
        here = {(each.figure, each.phase, each.over): each for each in ladder.published}["rows_per_s", "2-C", "2-B"]
        by_block = {phase: {r.trial.block: r for r in of_version if r.trial.phase == phase} for phase in ("2-B", "2-C")}
        blocks = sorted(by_block["2-B"])
        lower, upper = ([by_block[phase][block].rows_per_s for block in blocks] for phase in ("2-B", "2-C"))
        wanted = compare(lower, upper)
        assert (here.here.estimate, here.here.low, here.here.high) == pytest.approx(
            (wanted.ratio, wanted.interval.low, wanted.interval.high)
        )
        assert here.conclusion == "not reproduced"  # on that machine a batch gains more
        others = {each.why for each in ladder.published if each.phase in ("1", "2", "2-D") and each.over is None}
        assert others == {f"{phase} was not measured" for phase in ("1", "2", "2-D")}


def test_kept_runs_of_one_published_rung_have_no_such_table():
    for name in ("steps", "formulas"):
        run = read(RunDirectory(KEPT / name), samples=False)
        assert {each.published for each in ladder_report(run).ladders} == {()}
