"""Many pairs at once: how often any of them is called what it is not."""

import math
import random

import pytest

from bench.analysis.comparison import Pair
from bench.analysis.pairs import adjusted_pairs
from bench.plan.rates import settled
from bench.stats.compare import judged
from bench.stats.multiplicity import holm

BLOCKS, SPREAD = 12, 0.01


def pairs_of(effects, source):
    found = [judged([source.gauss(effect, SPREAD) for _ in range(BLOCKS)], 0.02, 0.05) for effect in effects]
    return [
        Pair(
            baseline="a",
            candidate=str(number),
            settled=each,
            burst=each,
            adjusted_p=None,
            verdict=each.verdict,
            left_out=(),
            differs=(),
        )
        for number, each in enumerate(found)
    ]


def any_equivalent(pairs, rounds, *, adjusted):
    """The share of matrices of pairs that are all a margin apart in which one is called equivalent."""
    source, alarms = random.Random(14), 0
    for _ in range(rounds):
        found = pairs_of([math.log1p(0.02)] * pairs, source)
        told = adjusted_pairs(found, settled) if adjusted else found
        alarms += any(pair.verdict == "equivalent" for pair in told)
    return alarms / rounds


@pytest.mark.parametrize(("pairs", "rounds"), [(15, 200), (51, 60)])
def test_of_many_pairs_a_margin_apart_hardly_ever_any_is_called_equivalent(pairs, rounds):
    assert any_equivalent(pairs, rounds, adjusted=True) <= 0.05
    assert any_equivalent(pairs, rounds, adjusted=False) >= 0.25


def test_pairs_that_are_equivalent_are_still_called_so():
    source = random.Random(15)
    told = [pair for _ in range(20) for pair in adjusted_pairs(pairs_of([0.0] * 15, source), settled)]
    assert sum(pair.verdict == "equivalent" for pair in told) >= 0.8 * len(told)


def test_where_the_adjusted_p_value_bears_no_equivalence_it_is_faster_slower_or_undecided():
    source = random.Random(16)
    found = [pair for _ in range(10) for pair in adjusted_pairs(pairs_of([0.011] * 30, source), settled)]
    taken_back = [pair for pair in found if pair.settled.verdict == "equivalent" != pair.verdict]
    assert {pair.verdict for pair in taken_back} == {"faster", "undecided"}
    assert all((pair.verdict == "faster") == (pair.adjusted_p <= 0.05) for pair in taken_back)


def test_one_pair_alone_keeps_its_verdict():
    source = random.Random(17)
    for _ in range(20):
        [pair] = found = pairs_of([0.012], source)
        [told] = adjusted_pairs(found, settled)
        assert (told.verdict, [told.adjusted_equivalence_p]) == (pair.verdict, holm([told.adjusted_equivalence_p]))
