"""A box's noise: from an A/A run to floors kept with the fingerprint they hold for."""

import random
from dataclasses import replace

import pytest

from bench.analysis.noise import BoxNoise, alarming, box_noise, cell_noise, floor_of, is_aa, merged, too_noisy
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError, UsageError
from bench.model.fingerprint import Unreadable
from bench.questions.noise import doubts
from bench.stats.noise import noise_floor
from tests.builders import a_host, again, changed, compared_run, rated

ONE = [100.0, 103, 98, 101, 99, 102]
OTHER = [101.0, 99, 102, 100, 98, 103]


def a_run(phases=("2-C",), **rates):
    return again(compared_run(rates or {"stock": ONE, "stock-again": OTHER}, phases))


def test_the_floor_is_that_of_the_rates_of_the_variant_and_its_copy():
    [floor] = box_noise(a_run()).floors
    assert floor.floor.blocks == 6
    assert floor.floor.spread == pytest.approx(noise_floor(ONE, OTHER).spread)
    assert (floor.phase, floor.variant, floor.rate, floor.alarms, floor.alarms_of) == ("2-C", "stock", "settled", 0, 2)


def test_a_run_of_different_variants_tells_nothing_of_noise():
    run = compared_run({"a": ONE, "b": OTHER})
    assert not is_aa(run.plan)
    with pytest.raises(UsageError, match="does not set one variant against itself"):
        box_noise(run)


def test_a_run_without_a_fingerprint_or_with_one_block_is_refused():
    with pytest.raises(UsageError, match="has no fingerprint"):
        box_noise(replace(a_run(), host=None))
    with pytest.raises(UsageError, match="fewer than 2 blocks that count"):
        box_noise(a_run(**{"stock": [1.0, None], "stock-again": [1.0, 2]}))


def test_what_is_measured_again_replaces_what_was_known_and_the_rest_stays():
    first = box_noise(a_run(("2", "2-C")))
    second = box_noise(a_run(("2-C",), **{"stock": OTHER, "stock-again": ONE[::-1]}))
    known = {each.phase: each for each in merged(first, second).floors}
    assert known["2"] == first.floors[0]
    assert known["2-C"] == second.floors[0]


def test_of_a_box_that_changed_nothing_is_kept():
    first, second = box_noise(a_run(("2", "2-C"))), box_noise(a_run())
    hotter = replace(second, host=a_host(cpu={"model": "Ryzen"}))
    assert merged(first, hotter) == hotter


def test_settings_of_the_variant_in_force_are_no_change_of_the_box():
    first, second = box_noise(a_run(("2",))), box_noise(a_run())
    tuned = replace(
        second, host=a_host(postgresql={"version": a_host().facts["postgresql"]["version"], "variant": "x"})
    )
    assert len(merged(first, tuned).floors) == 2


def test_a_floor_is_found_only_for_the_cell_and_the_window_it_was_measured_with():
    known, run = box_noise(a_run()), a_run(("2", "2-C"))
    other, same = (next(each for each in run.plan.trials if each.phase == phase) for phase in ("2", "2-C"))
    assert floor_of(known, run.plan, same) == known.floors[0]
    assert floor_of(known, run.plan, other) is None
    assert floor_of(known, replace(run.plan, window_s=20), same) is None
    assert floor_of(None, run.plan, same) is None


def test_a_comparison_is_told_what_its_blocks_detect_on_this_box():
    [floor] = box_noise(a_run()).floors
    told = cell_noise(floor, 6, 0.02)
    assert told.detectable == floor.floor.detectable(6)
    assert told.blocks_for_margin == floor.floor.blocks_for(0.02)
    assert cell_noise(floor, 1, 0.02).detectable is None
    assert cell_noise(None, 6, 0.02) is None


def test_a_box_too_noisy_for_the_margin_is_told_with_the_blocks_that_would_do():
    known, plan = box_noise(a_run()), a_run().plan
    trial = plan.trials[0]
    [(_, need)] = too_noisy(known, plan, [trial], 0.01)
    assert need == known.floors[0].floor.blocks_for(0.01) > 6
    assert too_noisy(known, plan, [trial], 0.2) == []
    assert too_noisy(known, plan, [trial], 1e-9) == [(trial, None)]


def test_it_is_read_as_it_was_written():
    host = a_host(cpu={"model": Unreadable(unreadable="not in /proc")})
    known = replace(box_noise(a_run()), host=host)
    assert from_json(to_json(known), type(known), "noise.json") == known


def test_a_floor_of_the_other_rate_is_none():
    [floor] = box_noise(a_run()).floors
    known, plan = replace(box_noise(a_run()), floors=(replace(floor, rate="burst"),)), a_run().plan
    trial = plan.trials[0]
    assert floor_of(known, plan, trial) is None
    assert floor_of(known, plan, trial, "burst") == known.floors[0]


def test_floors_of_several_variants_are_kept_and_that_of_a_variant_compared_goes_before_anothers():
    stock, other = box_noise(a_run()), box_noise(a_run(**{"no-fsync": ONE, "no-fsync-again": OTHER}))
    plan = compared_run({"fast": ONE, "stock": ONE}).plan
    trial = plan.trials[0]
    both = merged(stock, other)
    assert [floor.variant for floor in both.floors] == ["stock", "no-fsync"]
    assert floor_of(both, plan, trial).variant == "stock"
    assert cell_noise(floor_of(other, plan, trial), 6, 0.02).variant == "no-fsync"


def test_blocks_that_do_not_count_are_told_and_a_whole_run_leaves_no_doubt():
    assert doubts(a_run()) == []
    voids = a_run(**{"stock": [None] * 5 + [99.0] * 7, "stock-again": OTHER * 2})
    [told] = doubts(voids)
    assert told.startswith("2-C plain tcp: the floor rests on 7 of 12 blocks: trial 1 is void")
    assert told.endswith("; and 2 more.")


def test_a_run_that_was_cut_or_is_not_sealed_is_in_doubt():
    run = a_run()
    cut, unsealed = doubts(replace(run, records=run.records[:8])), doubts(replace(run, sealed=False))
    assert any("This run is not complete: 8 of its 12 trials" in told for told in cut)
    assert any("has no checksums" in told for told in unsealed)


def test_a_verdict_between_equal_arms_is_alarming():
    assert not alarming(box_noise(a_run()))
    assert alarming(box_noise(a_run(**{"stock": ONE, "stock-again": [2 * rate for rate in ONE]})))


def test_over_many_cells_equal_arms_are_alarming_at_most_6_times_in_100():
    source, alarms = random.Random(41), 0
    run = a_run(("1", "1-B", "2", "2-B", "2-C", "2-D", "2-G", "2-H"))
    for _ in range(150):
        records = [changed(each, **rated(1000 * source.lognormvariate(0, 0.03))) for each in run.records]
        alarms += bool(alarming(box_noise(replace(run, records=records))))
    assert alarms <= 0.06 * 150


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"spread":', '"spread":-'),
        ('"blocks":6', '"blocks":-3'),
        ('"alarms":0', '"alarms":3'),
        ('"drift":', '"drift":-2'),
    ],
)
def test_figures_that_nobody_can_have_measured_are_refused(was, becomes):
    text = to_json(box_noise(a_run())).decode()
    with pytest.raises(DataError, match=r"noise\.json is not a valid pgladder/noise/1"):
        from_json(text.replace(was, becomes), BoxNoise, "noise.json")
