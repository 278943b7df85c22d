"""From where on more changes nothing: found where it is planted, never where it is not shown."""

import math
import random
import re
from dataclasses import replace

import pytest

from bench.analysis.sweep import sweep
from tests.builders import a_plan, a_record, pulled
from tests.sweeps import BLOCKS, POOLS, Box, OpenBox, a_sweep, at_rates, planned, swept_run


def curve(*args, **more):
    [found] = sweep(a_sweep(*args, **more)).curves
    return found


def test_beyond_the_knee_more_changes_nothing_and_that_is_the_answer():
    found = curve((100, 200, 400, 402, 399))
    assert [point.values for point in found.points] == [{"pool": pool} for pool in POOLS]
    assert found.points[found.knee].values == {"pool": 4}
    assert found.beyond.low < 1 < found.beyond.high < 1.05
    assert found.sentence.startswith("2-B: beyond pool 4 more changes nothing for the better: 0.9")
    assert re.search(r" to 1\.0\d times its \d+ rows/s \(\d+ to \d+\)\.$", found.sentence)


def test_what_is_slower_beyond_is_no_gain_either():
    found = curve((100, 200, 400, 300, 150))
    assert found.points[found.knee].values == {"pool": 4}
    assert found.beyond.low < 0.4


def test_where_it_still_rises_there_is_no_knee():
    found = curve((100, 200, 400, 800, 1600))
    assert (found.knee, found.best) == (None, len(POOLS) - 1)
    assert re.search(
        r"pool 16, 1,\d{3} rows/s \(1,\d{3} to 1,\d{3}\), the largest that was tried: it still", found.sentence
    )


def test_what_noise_hides_is_not_called_a_knee():
    found = curve((100, 200, 400, 402, 399), noise=0.4)
    assert found.knee is None
    assert "is not shown" in found.sentence
    assert re.search(r"\(0\.\d\d to 1\.\d\d of it\)", found.sentence)


def test_where_no_knee_is_shown_it_says_how_much_more_could_gain():
    found = curve((100, 200, 400, 402, 399), noise=0.08, blocks=4)
    assert (found.knee, found.points[found.likely_knee].values["pool"] >= 4) == (None, True)
    gain = 100 * (found.beyond_likely.high - 1)
    assert f"more gains {math.ceil(gain)} % at most; more blocks tell whether it is 5% or less." in found.sentence


@pytest.mark.parametrize("seed", range(8))
def test_a_planted_knee_is_found_to_a_step(seed):
    rates = [4000 * min(pool, 4) for pool in POOLS]
    found = curve(rates, noise=0.02, seed=seed, blocks=8)
    assert found.points[found.knee].values["pool"] in (4, 8)


def test_a_void_trial_leaves_its_block_out_and_is_counted():
    found = curve((100, 200, 400, 402, 399), spoiled={(2, 8), (3, 8)})
    [of_eight] = [point for point in found.points if point.values == {"pool": 8}]
    assert (of_eight.trials, of_eight.void) == (BLOCKS, 2)
    assert found.points[found.knee].values == {"pool": 4}


def test_a_point_of_which_no_trial_counts_proves_nothing_of_those_below_it():
    every = {(block, 16) for block in range(1, BLOCKS + 1)}
    found = curve((100, 200, 400, 402, 399), spoiled=every)
    assert found.points[-1].rows_per_s is None
    assert found.knee is None


def test_one_block_shows_no_spread_and_no_knee():
    found = curve((100, 200, 400, 402, 399), blocks=1)
    assert (found.knee, found.points[0].rows_per_s.low) == (None, None)


def a_grid(rate, other, values, *, noise=0.01, seed=1, blocks=BLOCKS):
    """A run in which a pool and another parameter make so many rows a second together."""
    chance, records, trials = random.Random(seed), [], []
    base = a_record(1, "2-B")
    for block in range(1, blocks + 1):
        speed = chance.lognormvariate(0, 0.2)
        for pool in POOLS:
            for value in values:
                number = len(records) + 1
                parameters = replace(base.trial.parameters, pool_min=pool, pool_max=pool, **{other: value})
                trial = replace(base.trial, number=number, block=block, parameters=parameters)
                reached = rate(pool, value) * speed * chance.lognormvariate(0, noise)
                records.append(replace(a_record(number, "2-B", rows_per_s=reached), trial=trial))
                trials.append(trial)
    found = sweep(replace(pulled(*records), plan=a_plan(*trials)))
    [curve] = found.curves
    assert set(found.of) == {other, "pool"}
    return curve


def test_of_a_grid_it_says_where_it_is_fastest_and_from_where_on_more_of_either_changes_nothing():
    found = a_grid(lambda pool, in_flight: 1000 * min(pool, in_flight, 4), "in_flight", (1, 2, 4, 8))
    assert found.points[found.knee].values == {"pool": 4, "in_flight": 4}
    assert found.scalability is None
    assert re.search(
        r"^2-B is fastest at .*\d rows/s \([\d,]+ to [\d,]+\); beyond (pool 4, in_flight 4|in_flight 4, pool 4) more of"
        r" either changes nothing for the better: 0\.\d\d to 1\.0\d times its [\d,]+ rows/s \(",
        found.sentence,
    )


def test_where_a_grid_still_rises_along_one_parameter_it_has_its_knee_at_its_end():
    found = a_grid(lambda pool, batch: batch * min(pool, 4), "batch", (1, 10, 100))
    assert found.points[found.knee].values == {"pool": 4, "batch": 100}


def test_a_grid_of_words_has_the_knee_of_the_fastest_word():
    speeds = {"asyncio": 1000, "uvloop": 1300}
    found = a_grid(lambda pool, loop: speeds[loop] * min(pool, 4), "event_loop", tuple(speeds))
    assert found.points[found.knee].values == {"pool": 4, "event_loop": "uvloop"}
    assert "; there beyond pool 4 more changes nothing for the better: " in found.sentence


def test_no_more_than_nominal_many_grids_name_a_knee_beyond_which_more_helps():
    alarms = 0
    for seed in range(60):
        # One corner is faster than all else by just more than the margin: each other knee would be a false alarm.
        def rate(pool, in_flight):
            return 1000 * min(pool, in_flight, 4) * (1.055 if (pool, in_flight) == (16, 8) else 1)

        found = a_grid(rate, "in_flight", (4, 8), noise=0.02, seed=seed)
        alarms += found.knee is not None and found.points[found.knee].values != {"pool": 16, "in_flight": 8}
    assert alarms <= 3 + 3  # 5 %, and what chance adds in 60


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (1.0, "that it is more than 5% faster than event_loop uvloop (0.99 to 1.00 of it) is not shown."),
        (
            1.3,
            "2-B is fastest at event_loop uvloop, 1,298 rows/s (1,295 to 1,301); all others are slower by more than"
            " 5%.",
        ),
    ],
)
def test_of_words_there_is_no_more_and_no_knee(factor, says):
    records = []
    for block in range(1, 7):
        for loop, rate in (("asyncio", 1000.0 + block), ("uvloop", factor * (1002 - block))):
            number = len(records) + 1
            records.append(a_record(number, "2-B", block=block, event_loop=loop, rows_per_s=rate))
    [found] = sweep(pulled(*records)).curves
    assert found.knee is None
    assert found.sentence.endswith(says)


def test_the_scalability_law_stands_beside_what_works_side_by_side():
    rates = [1000 * n / (1 + 0.1 * (n - 1) + 0.01 * n * (n - 1)) for n in POOLS]
    found = curve(rates, noise=0.001)
    assert found.scalability.contention == pytest.approx(0.1, abs=0.03)
    assert found.scalability.misfit < 0.02


# --- a sweep that refines --------------------------------------------------------------------------------------------

FINE = sorted({1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32})


def refined(rate, seed, noise=0.02):
    plan = planned(seed=seed)
    [found] = sweep(swept_run(plan, Box(rate, noise=noise, seed=seed).carry_out(plan))).curves
    return found


def knee_of(found):
    return None if found.knee is None else found.points[found.knee].values["pool"]


@pytest.mark.parametrize("planted", [4, 5, 6, 8, 13, 16])
def test_a_knee_between_the_points_asked_for_is_found_to_a_fine_step(planted):
    found = [knee_of(refined(lambda pool: 1000 * min(pool, planted), seed)) for seed in range(10)]
    near = FINE[FINE.index(planted) - 1 : FINE.index(planted) + 2]
    assert sum(knee in near for knee in found) >= 9, found


def test_no_more_than_nominal_many_name_a_knee_beyond_which_more_helps():
    alarms = 0
    for seed in range(60):
        # The largest is faster than all others by just more than the margin: each of them would be a false alarm.
        found = refined(lambda pool: 1000 * min(pool, 6) * (1.055 if pool == 32 else 1), seed)
        alarms += knee_of(found) not in (None, 32)
    assert alarms <= 3 + 3  # 5 %, and what chance adds in 60


def test_what_was_refined_by_a_margin_is_answered_by_it_unless_another_is_asked_for():
    plan = planned(margin=0.3, blocks=3)
    run = swept_run(plan, Box(lambda pool: 1000 * min(pool, 6), noise=0.005).carry_out(plan))
    assert (sweep(run).margin, sweep(run, 0.02).margin) == (0.3, 0.02)


def test_points_of_the_later_blocks_alone_are_held_against_others_as_if_they_had_all_blocks():
    box = Box(lambda pool: 1000 * min(pool, 6), noise=0.001, speed=0)
    box.speeds = {block: 1.0 if block <= 6 else 0.5 for block in range(1, 13)}
    plan = planned()
    [found] = sweep(swept_run(plan, box.carry_out(plan))).curves
    rates = {point.values["pool"]: point.rows_per_s.estimate for point in found.points}
    assert rates[6] / rates[8] == pytest.approx(1, abs=0.01)
    assert rates[6] / rates[1] == pytest.approx(6, rel=0.01)
    assert knee_of(found) == 6
    assert {point.values["pool"]: point.trials for point in found.points} == {
        1: 6,
        2: 6,
        4: 12,
        8: 12,
        16: 12,
        32: 12,
        5: 6,
        6: 6,
    }


# --- at a rate -------------------------------------------------------------------------------------------------------


def test_of_rates_it_says_which_are_kept_up_and_what_becomes_of_the_next():
    found = sweep(at_rates(lambda _: 31_000, (10_000, 20_000, 40_000)))
    [curve] = found.curves
    assert [point.values for point in curve.points] == [{"rate": 10_000.0}, {"rate": 20_000.0}, {"rate": 40_000.0}]
    assert (curve.kept_up, curve.knee, curve.best) == (1, None, None)
    assert found.sentence.startswith(
        "2-C: rates up to 20,000 rows/s (99 % within 8.25 ms; 8.25 to 8.25) are kept up; beyond, of 40,000 rows/s 3"
    )
    assert re.search(r" 3\d,\d{3} \(3\d,\d{3} to 3\d,\d{3}\) are acknowledged \(99 % within", found.sentence)


@pytest.mark.parametrize(
    ("capacity", "says"),
    [
        (100_000, "2-C: every rate that was tried is kept up, to 40,000 rows/s (99 % within 8.25 ms; 8.25 to 8.25)."),
        (4_000, "2-C: no rate that was tried is shown to be kept up: of 10,000 rows/s 3,9"),
    ],
)
def test_all_are_kept_up_or_none(capacity, says):
    assert sweep(at_rates(lambda _: capacity, (10_000, 40_000))).sentence.startswith(says)


def test_rates_that_are_chosen_close_in_on_the_highest_that_is_kept_up():
    plan = planned("rate=auto", blocks=3)
    found = sweep(swept_run(plan, OpenBox(5_000).carry_out(plan)))
    [curve] = found.curves
    last, beyond = (curve.points[curve.kept_up + more].values["rate"] for more in (0, 1))
    assert (found.of, found.complete) == (("rate",), True)
    assert last <= 5_000 < beyond < 1.2 * last
    assert f"2-B: rates up to {last:,.0f} rows/s" in found.sentence
    assert f"beyond, of {beyond:,.0f} rows/s 5,000 (5,000 to 5,000) are acknowledged" in found.sentence


def test_where_each_rate_is_kept_up_and_none_was_refused_it_says_how_higher_ones_are_tried():
    # One closed loop was slow, as beside a neighbour: the grid about it ends below what is kept up.
    plan = planned("rate=auto", blocks=3)
    sentence = sweep(swept_run(plan, OpenBox(1e6, closed=5_000).carry_out(plan))).sentence
    assert "every rate that was tried is kept up" in sentence
    [rates] = re.findall(r"; its rates end there: name higher ones to try them \(rate=(\S+)\)", sentence)
    first, second = map(float, rates.split(","))
    assert second > 1.8 * first > 1.8 * 5_000


def test_where_each_rate_that_was_chosen_is_kept_up_it_says_why_there_is_no_higher_one():
    plan = planned("rate=auto", blocks=3)
    sentence = sweep(swept_run(plan, OpenBox(5_000, clients=5_000).carry_out(plan))).sentence
    assert "every rate that was tried is kept up" in sentence
    assert "; no more was offered: 4,09" in sentence
    assert sentence.endswith("ask for more --processes, or --force it.")


def test_of_a_grid_with_rates_each_other_value_has_its_own():
    points = ({"batch": 10}, {"batch": 100})
    found = sweep(at_rates(lambda own: 150 * own.batch, (1_000, 10_000), points=points))
    assert "2-C, batch 10: rates up to 1,000 rows/s" in found.sentence
    assert "2-C, batch 100: every rate that was tried is kept up, to 10,000 rows/s" in found.sentence


def test_at_one_rate_it_says_where_rows_are_stored_the_soonest():
    points = [{"batch": batch} for batch in (1, 10, 100)]
    found = sweep(at_rates(lambda own: 500 * own.batch, (2_000,), points=points, p99=lambda own: 3.0 * own.batch))
    assert found.sentence == (
        "2-C at 2,000 rows/s: rows are stored the soonest at batch 10 (99 % within 30 ms; 30 to 30);"
        " that it is kept up is not shown at batch 1."
    )
    [later] = [point for point in found.curves[0].points if point.values["batch"] == 100]
    assert (later.to_soonest.estimate, later.to_soonest.low) == (pytest.approx(10), pytest.approx(10))


def test_where_rows_may_be_stored_as_soon_is_said():
    points, chance = [{"batch": batch} for batch in (10, 20)], random.Random(3)
    run = at_rates(lambda _: 9_000, (2_000,), points=points, p99=lambda _: chance.uniform(20, 30))
    says = r"the soonest at batch \d0 \(.*\); that it is more than 5% later at batch \d0 is not shown\."
    assert re.search(says, sweep(run).sentence)


def test_a_point_that_was_never_beside_the_soonest_is_not_shown_to_be_later():
    points = [{"batch": batch} for batch in (10, 20)]
    run = at_rates(lambda _: 9_000, (2_000,), points=points, p99=lambda own: 3.0 * own.batch)
    apart = [each for each in run.records if (each.trial.parameters.batch == 10) == (each.trial.block % 2 == 0)]
    assert "that it is more than 5% later at batch 20 is not shown." in sweep(replace(run, records=apart)).sentence


def test_a_point_that_is_later_by_less_than_the_margin_is_named():
    points = [{"batch": batch} for batch in (100, 102)]
    run = at_rates(lambda _: 9_000, (2_000,), points=points, p99=lambda own: float(own.batch))
    assert "later at batch 102 is not shown" in sweep(run, 0.05).sentence
    assert "later at batch 102 is not shown" not in sweep(run, 0.01).sentence


def test_how_much_more_could_gain_is_not_said_where_two_blocks_leave_it_open():
    found = curve((100, 200, 400, 402, 399), noise=0.08, blocks=2)
    assert found.beyond_likely.high > 2
    assert "at most" not in found.sentence


def test_nothing_acknowledged_is_nothing_kept():
    found = sweep(at_rates(lambda _: 0, (1_000, 2_000)))
    assert "no rate that was tried is shown to be kept up" in found.sentence


def test_a_share_that_few_blocks_tell_has_no_end_beyond_none_and_all():
    capacity = iter([100, 1000] * 4)
    found = sweep(at_rates(lambda _: next(capacity), (1_000,), points=({"batch": 10}, {"batch": 20}), blocks=2))
    for point in found.curves[0].points:
        assert 0 <= point.kept.low <= point.kept.estimate <= point.kept.high <= 1
