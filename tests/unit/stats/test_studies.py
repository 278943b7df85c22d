"""What the docs state of a run until decided, measuring again, and adjusting, is what the studies find."""

import re
from statistics import median

import pytest

from tests.kept import KEPT
from tests.readme import CHECKOUT
from tests.studies.adjusted import PAGE, Case, Deals, alarming, blocks_for, cases, deals, page
from tests.studies.repeating import alarms_until_decided, told_apart
from tests.studies.until_decided import false_alarms

COMPARING = (CHECKOUT / "docs/comparing.md").read_text()

# The docs' share of 20,000 runs, and three standard errors of the 4,000 here.


@pytest.mark.parametrize(("candidates", "carried", "most"), [(1, 0.0, 0.06), (1, 0.6, 0.068), (4, 0.0, 0.055)])
def test_equal_arms_are_called_different_as_seldom_as_the_docs_say(candidates, carried, most):
    assert 0.015 < false_alarms(candidates, carried, 12, runs=4000, seed=3) <= most


# The docs' shares are of 2,000 runs; these are of fewer, by a fixed seed.


@pytest.mark.parametrize("carried", [0.0, 0.8])
def test_measuring_disturbed_trials_again_raises_no_false_alarms(carried):
    faster, slower, again = told_apart(0.0, carried, repeats=True, runs=600)
    assert faster + slower <= 0.07
    assert 0.05 < again <= 0.3


def test_measuring_disturbed_trials_again_finds_more_and_never_the_wrong_way():
    as_they_come, _, none = told_apart(0.05, 0.0, repeats=False, runs=300)
    power, wrong, _ = told_apart(0.05, 0.0, repeats=True, runs=300)
    assert none == 0
    assert power > as_they_come + 0.1
    assert wrong <= 0.02


CARRIED = {"none": 0.0, "half": 0.5, "four fifths": 0.8}
SHOWN = re.findall(r"^\| (\d+) % \| (none|half|four fifths) \| (.*) \|$", COMPARING, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(("disturbed", "carried", "figures"), SHOWN)
def test_the_table_of_what_measuring_again_finds_is_what_its_command_finds(disturbed, carried, figures):
    said = {"carried": CARRIED[carried], "disturbed": int(disturbed) / 100}
    power = [told_apart(0.05, repeats=repeats, **said)[0] for repeats in (False, True)]
    alarms = [sum(told_apart(0.0, repeats=repeats, **said)[:2]) for repeats in (False, True)]
    found = [*(f"{100 * share:.0f}" for share in power), *(f"{100 * share:.1f}" for share in alarms)]
    assert [figure.removesuffix(" %") for figure in figures.split(" | ")] == found


@pytest.mark.parametrize("run", ["formulas", "steps"])
def test_equal_arms_dealt_from_kept_trials_are_called_different_in_one_of_twenty_adjusted(run):
    for _, blocks, arms, count in cases(KEPT / run):
        found = deals(blocks, arms, count, rounds=200)
        assert found.nominal
        assert 0.25 < median(found.widths) < 0.5


def test_more_false_alarms_than_chance_explains_are_named():
    found = []
    for alarms in (50, 63, 66):
        of_deals = Deals(rounds=1000, false_alarms=alarms, false_alarms_unadjusted=50, widths=[0.3])
        found.append(Case("run", f"rung-{alarms}", 2, 6, of_deals))
    assert alarming(found) == ["run rung-66, 2 arms"]


def test_the_page_of_adjusted_comparisons_says_what_records_say():
    assert page() == PAGE.read_text()


def test_an_interval_half_as_wide_takes_four_times_as_many_blocks_less_what_more_freedom_gives():
    assert blocks_for(1.0, 6) == 6
    assert blocks_for(0.5, 40) == 153
    assert blocks_for(0.5, 5) == 13


def test_a_run_until_decided_that_measures_disturbed_trials_again_raises_no_false_alarms():
    assert alarms_until_decided(0.5, repeats=True, runs=300) <= 0.07
