"""Adjusting by covariates: what it is, by the textbook's regression, and how often it is wrong, by simulation."""

import math
import random

import numpy as np
import pytest

from bench.stats.adjusted import Gap, Table, compare_adjusted, freedom_of, shifts, slopes_of
from bench.stats.compare import judged

MARGIN, ALPHA = 0.02, 0.05
SLOPE, SPEED, NOISE = -0.92, 0.11, 0.035
"""As they were in the trials kept of a machine with neighbours: how far its speed and all else make log rates vary."""


def tried(source, arms, blocks, effect=0.0, changed=0.0):
    """Log rates and speeds of arms of which the last one is faster by ``effect``, and changes the covariate itself."""
    rates, speeds = [], []
    for arm in range(arms):
        last = arm == arms - 1
        speeds.append([source.gauss(changed if last else 0, SPEED) for _ in range(blocks)])
        rates.append([SLOPE * each + source.gauss(effect if last else 0, NOISE) for each in speeds[-1]])
    return Table(rates, {"client-cpu": speeds})


def compared(tables, at=0):
    """The last arm of a table against the first: adjusted, as it is, and what adjusting takes."""
    table, slopes = tables[at], slopes_of(tables, list(tables[0].covariates))
    between = {name: differences(of_arms) for name, of_arms in table.covariates.items()}
    logs = differences(table.rates)
    gaps = [Gap(slopes=slopes, between=between)]
    return (
        compare_adjusted(logs, gaps, margin=MARGIN, alpha=ALPHA),
        judged(logs, MARGIN, ALPHA),
        shifts(gaps, ALPHA),
    )


def differences(rows):
    return [other - one for one, other in zip(rows[0], rows[-1], strict=True)]


def ols(table):
    """Effect of the last arm, its standard error and degrees of freedom: block + arm + slopes, by least squares."""
    arms, blocks = len(table.rates), len(table.rates[0])
    columns = [np.repeat([float(arm == each) for arm in range(arms)], blocks) for each in range(1, arms)]
    columns += [np.tile([float(block == each) for block in range(blocks)], arms) for each in range(blocks)]
    columns += [np.ravel(rows) for rows in table.covariates.values()]
    design, rates = np.column_stack(columns), np.ravel(table.rates)
    found = np.linalg.lstsq(design, rates, rcond=None)[0]
    freedom = design.shape[0] - design.shape[1]
    variance = np.sum((rates - design @ found) ** 2) / freedom
    error = math.sqrt(variance * np.linalg.inv(design.T @ design)[arms - 2, arms - 2])
    return found[arms - 2], error, freedom


@pytest.mark.parametrize("covariates", [1, 2])
def test_one_pair_is_the_textbooks_analysis_of_covariance(covariates):
    source = random.Random(1)
    table = tried(source, 2, 9, effect=0.05)
    if covariates == 2:
        table.covariates["steal"] = [[source.gauss(0, 2) for _ in row] for row in table.rates]
    found, _, _ = compared([table])
    effect, error, freedom = ols(table)
    assert math.log(found.ratio) == pytest.approx(effect)
    assert found.error == pytest.approx(error)
    assert found.freedom == pytest.approx(freedom)


def test_of_many_arms_the_effect_is_the_textbooks():
    table = tried(random.Random(2), 6, 5, effect=0.05)
    found, _, _ = compared([table])
    effect, _, _ = ols(table)
    assert math.log(found.ratio) == pytest.approx(effect)
    assert 3 < found.freedom < 4


def test_slopes_are_those_of_all_tables_together():
    tables = [tried(random.Random(3), 4, 5), tried(random.Random(4), 3, 6)]
    together = slopes_of(tables, ["client-cpu"])
    rates, speeds = [], []
    for table in tables:
        for into, rows in ((rates, table.rates), (speeds, table.covariates["client-cpu"])):
            array = np.array(rows)
            into.append((array - array.mean(0) - array.mean(1, keepdims=True) + array.mean()).ravel())
    slope, residual, *_ = np.linalg.lstsq(np.concatenate(speeds)[:, None], np.concatenate(rates), rcond=None)
    assert together.values["client-cpu"] == pytest.approx(slope[0])
    assert together.variance == pytest.approx(residual[0] / (freedom_of(tables) - 1))


@pytest.mark.parametrize(("arms", "blocks"), [(2, 5), (2, 6), (2, 14), (4, 5), (8, 6), (21, 5)])
@pytest.mark.parametrize("effect", [0.0, 0.02, 0.05, 0.10])
def test_effects_are_found_without_bias_and_intervals_hold_them_as_often_as_they_say(arms, blocks, effect):
    rounds = 600
    source, log = random.Random(100 * arms + blocks), math.log1p(effect)
    held, off = 0, []
    for _ in range(rounds):
        found, _, _ = compared([tried(source, arms, blocks, log)])
        held += found.interval.low <= 1 + effect <= found.interval.high
        off.append(math.log(found.ratio) - log)
    # 3.3 standard errors: one in a thousand of such tests would fail with another seed.
    assert abs(held / rounds - 0.95) <= 3.3 * math.sqrt(0.95 * 0.05 / rounds)
    assert abs(np.mean(off)) <= 3.3 * np.std(off) / math.sqrt(rounds)


def test_noise_that_no_covariate_tells_costs_a_degree_of_freedom_and_no_more_false_alarms():
    source, rounds, alarms = random.Random(5), 1500, 0
    for _ in range(rounds):
        table = tried(source, 2, 6)
        table.covariates["client-cpu"] = [[source.gauss(0, 1) for _ in row] for row in table.rates]
        found, _, _ = compared([table])
        alarms += not found.interval.low <= 1 <= found.interval.high
    assert abs(alarms / rounds - 0.05) <= 3.3 * math.sqrt(0.05 * 0.95 / rounds)


def test_with_a_slope_of_many_pairs_an_interval_is_a_third_as_wide_as_without():
    source, shares = random.Random(6), []
    for _ in range(200):
        found, plain, _ = compared([tried(source, 8, 6)])
        shares.append(math.log(found.interval.high / found.interval.low) / width(plain))
    assert 0.28 < np.median(shares) < 0.40


def width(found):
    return math.log(found.interval.high / found.interval.low)


def test_what_adjusting_takes_is_what_lies_between_the_two_ratios():
    found, plain, [shift] = compared([tried(random.Random(7), 5, 6, effect=0.05)])
    assert math.log(plain.ratio) == pytest.approx(math.log(found.ratio) + shift.taken)


def test_a_covariate_that_the_candidate_changes_shows_in_what_adjusting_takes():
    """Adjusted, a candidate that slows the client by a tenth would look as good as the other; the shift tells."""
    source, held = random.Random(8), 0
    for _ in range(300):
        _, _, [shift] = compared([tried(source, 5, 14, changed=0.1)])
        held += shift.interval.low <= SLOPE * 0.1 <= shift.interval.high
    assert 0.91 <= held / 300 <= 0.98


def test_too_few_trials_tell_no_slope():
    table = tried(random.Random(9), 2, 4)
    assert slopes_of([table], ["client-cpu"]) is None
    assert slopes_of([tried(random.Random(9), 2, 5)], ["client-cpu"]) is not None


def test_a_covariate_that_tells_what_another_one_does_has_no_slope_of_its_own():
    table = tried(random.Random(10), 4, 6)
    table.covariates["twice"] = [[2 * each for each in row] for row in table.covariates["client-cpu"]]
    assert slopes_of([table], ["client-cpu", "twice"]) is None


def test_over_several_cells_intervals_hold_the_effect_as_often_as_they_say():
    """The mean over two cells of one rung, whose slope both estimate, and over two rungs of a slope each."""
    for rungs in (1, 2):
        source, rounds, held = random.Random(11), 600, 0
        for _ in range(rounds):
            tables = [tried(source, 3, 6, effect=0.05), tried(source, 3, 6, effect=0.05)]
            logs = [sum(each) / 2 for each in zip(*(differences(table.rates) for table in tables), strict=True)]
            met = [[each / 2 for each in differences(table.covariates["client-cpu"])] for table in tables]
            if rungs == 1:
                together = [one + other for one, other in zip(*met, strict=True)]
                gaps = [Gap(slopes=slopes_of(tables, ["client-cpu"]), between={"client-cpu": together})]
            else:
                gaps = [
                    Gap(slopes=slopes_of([table], ["client-cpu"]), between={"client-cpu": each})
                    for table, each in zip(tables, met, strict=True)
                ]
            found = compare_adjusted(logs, gaps, cells=2, margin=MARGIN, alpha=ALPHA)
            held += found.interval.low <= math.exp(0.05) <= found.interval.high
        assert abs(held / rounds - 0.95) <= 3.3 * math.sqrt(0.95 * 0.05 / rounds)
