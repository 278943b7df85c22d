"""Whether boxes took turns block by block, told by their records; and what that does to what drifts."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.analysis.pairing import interleaved
from bench.analysis.sides import compare_runs
from bench.model.fingerprint import Unreadable
from bench.plan.estimate import estimate
from bench.plan.repeat import USUAL
from bench.stats.compare import compare
from tests.builders import a_host, compared_run, void

RATES = [100.0, 103, 98, 101, 99, 102]
TRIAL_S = 5
BEGAN = datetime(2026, 11, 23, 10, tzinfo=UTC)
CONTAINER = {"kernel": "6.1.0-28-amd64", "kernel_build": "#1 SMP Debian", "container": "systemd-nspawn"}


def box(name, rates, starts, phases=("2-C",), **system):
    """A box of this machine, and when its trials began in seconds."""
    run = compared_run({"stock": rates}, phases, host=replace(a_host(system=CONTAINER | system), host=name))
    moments = [(BEGAN + timedelta(seconds=at)).isoformat(timespec="milliseconds") for at in starts]
    records = [replace(each, started=at) for each, at in zip(run.records, moments, strict=True)]
    return replace(run, records=records)


def gated(rates=RATES, others=RATES, seed=1, **system):
    """Two boxes that took turns, who came first by chance."""
    chance = random.Random(seed)
    first = [chance.random() < 0.5 for _ in rates]
    at = [2 * TRIAL_S * block for block in range(len(rates))]
    return [
        box("a", rates, [when + TRIAL_S * (not one) for when, one in zip(at, first, strict=True)]),
        box("b", others, [when + TRIAL_S * one for when, one in zip(at, first, strict=True)], **system),
    ]


def verdict(runs):
    [cell] = compare_runs(runs, "host").cells
    return cell.pairs[0].verdict


def test_boxes_that_took_turns_are_paired_by_block_and_it_is_said():
    others = [1.1 * rate for rate in RATES]
    report = compare_runs(gated(RATES, others), "host")
    assert report.cells[0].pairs[0].burst == compare(RATES, others)
    assert report.paired
    assert "were interleaved block by block: rates are paired by block" in report.notes[0]


def test_boxes_that_took_turns_are_offered_a_longer_run_which_takes_the_time_of_both():
    runs = gated([100.0, 130, 80, 120, 90, 110], RATES)
    report = compare_runs(runs, "host")
    plan = replace(runs[0].plan, repeat_suspect=USUAL)
    a_block = estimate(plan, plan.trials).seconds / len(plan.blocks)
    assert report.longer.seconds == pytest.approx(2 * report.longer.blocks * a_block)


def test_one_after_the_other_is_not_interleaved():
    count = len(RATES)
    runs = [box("a", RATES, range(0, 5 * count, 5)), box("b", RATES, range(5 * count, 10 * count, 5))]
    assert not interleaved(runs)
    report = compare_runs(runs, "host")
    assert not report.paired
    assert report.notes[0].startswith("These boxes share a machine and were not interleaved")


def test_boxes_of_several_machines_are_each_measured_on_their_own():
    report = compare_runs(gated(kernel="6.1.0-29-amd64"), "host")
    assert report.notes[0].startswith("These are different boxes, each measured on its own")


def test_a_box_that_measured_nothing_took_no_turn():
    one, other = gated()
    assert not interleaved([one, replace(other, records=[])])


def test_at_the_same_time_is_not_interleaved():
    starts = range(0, 5 * len(RATES), 5)
    assert not interleaved([box("a", RATES, starts), box("b", RATES, starts)])
    assert not interleaved([box("a", RATES, starts), box("b", RATES, [at + 2 for at in starts])])


def test_a_block_that_began_before_all_had_ended_the_last_one_is_not_interleaved():
    assert interleaved([box("a", RATES[:2], [0, 15]), box("b", RATES[:2], [5, 10])])
    assert not interleaved([box("a", RATES[:2], [0, 5]), box("b", RATES[:2], [10, 15])])


def test_all_trials_of_a_block_come_before_the_next_box_measures():
    phases = ("2-C", "2")
    assert interleaved([box("a", RATES[:1], [0, 5], phases), box("b", RATES[:1], [10, 15], phases)])
    assert not interleaved([box("a", RATES[:1], [0, 10], phases), box("b", RATES[:1], [5, 15], phases)])


@pytest.mark.parametrize(
    "system",
    [
        {"container": "none"},
        {"container": Unreadable(unreadable="no /run to look in")},
        {"kernel": "6.1.0-29-amd64"},
        {"kernel_build": Unreadable(unreadable="no /proc here")},
    ],
)
def test_boxes_of_other_machines_are_not_interleaved_however_their_clocks_stand(system):
    assert interleaved(gated())
    assert not interleaved(gated(**system))


def test_without_a_fingerprint_nothing_is_known_of_the_machine():
    one, other = gated()
    assert not interleaved([one, replace(other, host=None)])


def test_a_void_trial_took_no_time_and_takes_its_block_out():
    one, other = gated()
    lost = replace(other.records[2], started=other.records[5].started, **void())
    other = replace(other, records=[lost if each.trial.number == 3 else each for each in other.records])
    assert interleaved([one, other])
    [cell] = compare_runs([one, other], "host").cells
    assert cell.pairs[0].burst.blocks == 5
    assert cell.pairs[0].left_out


def drifting(source, blocks=8, drift=0.4, noise=0.01):
    """Rates of two equal boxes, one after the other in each block, on a machine that grows slower by 40 %."""
    step = drift / (2 * blocks)
    turns = [source.sample((0, 1), 2) for _ in range(blocks)]
    return [
        [1000 * math.exp(-step * (2 * block + turn[side]) + source.gauss(0, noise)) for block, turn in enumerate(turns)]
        for side in (0, 1)
    ]


def test_what_drifts_does_not_make_equal_boxes_differ_where_they_took_turns():
    source, alarms, rounds = random.Random(3), 0, 300
    for _ in range(rounds):
        alarms += verdict(gated(*([round(each, 1) for each in side] for side in drifting(source)))) in (
            "faster",
            "slower",
        )
    assert alarms <= 0.08 * rounds


def test_the_same_drift_between_one_and_the_next_box_is_called_a_difference():
    source = random.Random(3)
    slower = [1000 * math.exp(-0.025 * turn + source.gauss(0, 0.01)) for turn in range(16)]
    one, other = box("a", slower[:8], range(0, 40, 5)), box("b", slower[8:], range(40, 80, 5))
    assert verdict([one, other]) == "slower"


def test_a_difference_is_found_under_drift_that_hides_it_from_unpaired_rates():
    source = random.Random(4)
    one, other = drifting(source)
    other = [0.9 * each for each in other]
    assert verdict(gated(one, other)) == "slower"
    apart = gated(one, other, kernel="6.1.0-29-amd64")
    assert verdict(apart) == "undecided"
