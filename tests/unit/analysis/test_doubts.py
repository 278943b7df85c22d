"""Of several doubts of one kind the gravest is quoted."""

from dataclasses import replace

import pytest

from bench.analysis.doubts import grouped, size, weighty
from bench.analysis.notes import doubt_notes
from bench.model.record import Cpu, InFlight, Reason, Validity
from bench.plan.rates import burst, why_not
from bench.report.terminal import doubts_of
from bench.stats.steadiness import Steadiness
from bench.validity import judge
from tests.builders import a_record, climbed, compared_run, doubtful


def busy(cores):
    return judge.check_others(Cpu(host_pct=50 * cores, steal_pct=0, client_cores=0, server_cores=0), 2, "", ())


def unsteady(range_share):
    seen = {"label": "slowdown", "steady": False, "settled_after": 5, "drift_share": -0.2}
    return judge.check_steady(Steadiness(range_share=range_share, **seen))


def under_way(measured):
    return judge.check_in_flight(InFlight(measured=measured, expected=5))


def lost(detail):
    return [Reason(code="rows-lost", detail=detail)]


@pytest.mark.parametrize(
    ("lesser", "graver"),
    [
        (busy(0.3), busy(1.6)),
        (under_way(4.5), under_way(3)),
        (judge.check_commits(28, 1), judge.check_commits(3, 1)),
        (judge.check_late("CPU was read", 0.4, 2), judge.check_late("CPU was read", 1.4, 2)),
        (unsteady(0.3), unsteady(0.9)),
        ([Reason(code="steal", detail="gave 6 % of it")], [Reason(code="steal", detail="gave 33 % of it")]),
        (lost("writer 4: 9 rows are lost"), lost("writer 1: 1,200 rows are lost")),
    ],
)
def test_the_sentences_of_one_code_are_ordered_by_how_grave_they_are(lesser, graver):
    assert size(lesser[0]) < size(graver[0])


def suspect(cores):
    return Validity(state="suspect", reasons=tuple(busy(cores)))


def test_the_lines_above_a_ladder_quote_the_gravest_doubt_and_name_its_trial():
    busy_at = [(1, "1", 0.3), (2, "2", 0.4), (3, "2", 1.6)]
    records = [a_record(trial, phase, validity=suspect(cores)) for trial, phase, cores in busy_at]
    [(_, sentence)] = doubts_of(climbed(*records))
    assert "3 of 3 trials suspect, at worst trial 3: other programs kept 1.6 of 2 cores busy (1, 2)." in sentence


def test_doubts_of_a_run_stand_once_the_worst_state_first_then_what_most_trials_have():
    slight = Validity(state="valid", reasons=(Reason(code="some-steal", detail="a little"),))
    lost = Validity(state="void", reasons=(Reason(code="rows-lost", detail="one is not there"),))
    quota = Validity(state="suspect", reasons=(Reason(code="cpu-quota", detail="held up", share=0.9),))
    judged = [quota, suspect(0.3), slight, lost, suspect(0.4)]
    records = [a_record(n, variant=f"v{n}", validity=each) for n, each in enumerate(judged, 1)]
    found = grouped(climbed(*records))
    assert [(each.code, each.trials, each.of) for each in found] == [
        ("rows-lost", 1, 5),
        ("not-alone", 2, 5),
        ("cpu-quota", 1, 5),
        ("some-steal", 1, 5),
    ]
    assert [each.in_short for each in found][:3] == [
        "1 of 5 trials is void (rows-lost)",
        "2 of 5 trials had company",
        "1 of 5 trials is suspect (cpu-quota)",
    ]


def test_company_is_counted_once_whether_it_makes_a_trial_void_or_suspect():
    alone = Reason(code="not-alone", detail="other programs kept 1.9 of 2 cores busy", share=0.95)
    none = Reason(code="no-commits", detail="no commit was acknowledged")
    judged = [Validity(state="void", reasons=(alone, none)), suspect(0.3), suspect(0.4)]
    records = [a_record(n, variant=f"v{n}", validity=each) for n, each in enumerate(judged, 1)]
    named = [each.in_short for each in weighty(grouped(climbed(*records)))]
    assert named == ["3 of 3 trials had company", "1 of 3 trials is void (no-commits)"]


def test_the_notes_of_a_comparison_quote_the_gravest_doubt():
    run = compared_run({"stock": [100.0, 101], "fast": [102.0, 99]})
    both = zip(run.records, (0.3, 1.6, 0.4, 0.3), strict=True)
    records = [replace(record, validity=suspect(cores)) for record, cores in both]
    said = doubt_notes(records)
    assert said == ["4 of 4 trials are suspect, not-alone: at worst other programs kept 1.6 of 2 cores busy."]


def test_notes_stand_by_size_and_what_is_slight_last():
    run = compared_run({"stock": [100.0, 101]})
    slight, quota, busy_too = (
        Reason(code=code, detail=code, share=share)
        for code, share in (("some-steal", 0.02), ("cpu-quota", 0.2), ("not-alone", 0.7))
    )
    verdicts = (
        Validity(state="valid", reasons=(slight,)),
        Validity(state="suspect", reasons=(quota, busy_too, slight)),
    )
    records = [replace(record, validity=each) for record, each in zip(run.records, verdicts, strict=True)]
    assert doubt_notes(records) == [
        "1 of 2 trials is suspect, not-alone: not-alone.",
        "1 of 2 trials is suspect, cpu-quota: cpu-quota.",
        "2 of 2 trials have a slight doubt, some-steal: some-steal.",
    ]


def test_a_void_trial_says_all_its_reasons_as_the_one_that_voids_it_need_not_be_the_first():
    two = (*doubtful("void", "steal", "stolen").reasons, Reason(code="rows-lost", detail="3 rows are lost"))
    record = a_record(validity=Validity(state="void", reasons=two))
    assert why_not(record, burst) == "trial 1 is void, stolen; 3 rows are lost"
