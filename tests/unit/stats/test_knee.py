"""The first of several points beyond which more changes nothing, and rates as over all blocks."""

import pytest

from bench.stats.knee import in_grid, knee, levels, likely_knee

BLOCKS = range(1, 7)


def rates(of_block, *, factor=1.0, blocks=BLOCKS, wobble=0.001):
    return {block: factor * of_block(block) * (1 + wobble * (-1) ** block) for block in blocks}


def drifting(block):
    return 1000 * 1.1**block


def test_it_is_the_first_beyond_which_nothing_is_faster_by_more_than_the_margin():
    points = [rates(drifting, factor=factor, wobble=wobble) for factor, wobble in [(1, 0), (2, 0.001), (2.04, 0.002)]]
    found = knee(points, 0.05)
    assert found.point == 1
    assert found.beyond.low < 1.02 < found.beyond.high < 1.05
    assert knee(points, 0.01) is None


def test_what_shares_no_block_with_a_larger_point_is_no_knee():
    early, late = rates(drifting, blocks=(1, 2, 3)), rates(drifting, blocks=(4, 5, 6), wobble=0.002)
    both = rates(drifting, wobble=0.003)
    assert knee([early, late]) is None
    assert knee([early, late, both]).point == 1
    assert knee([{}, late, both]).point == 1
    assert knee([both]) is None


def test_one_block_shows_nothing_and_says_where_to_look():
    assert knee([{1: 100.0}, {1: 100.0}]) is None
    likely = likely_knee([{1: 50.0}, {1: 100.0}, {1: 103.0}])
    assert (likely.point, likely.beyond.estimate, likely.beyond.high) == (1, pytest.approx(1.03), None)
    assert likely_knee([{1: 50.0}, {1: 100.0}]) is None
    assert likely_knee([{1: 50.0}, {}, {1: 50.0}]) is None


def test_in_a_grid_it_is_the_first_beyond_which_more_of_either_changes_nothing():
    values = [(one, other) for one in (1, 2, 4) for other in (10, 20, 40)]
    points = []
    for number, (one, other) in enumerate(values):
        points.append(rates(drifting, factor=min(one, 2) * min(other, 20), wobble=0.001 * number))
    found = knee(points, 0.05, in_grid(values))
    assert values[found.point] == (2, 20)
    assert found.beyond.low < 0.6
    assert likely_knee(points, 0.05, in_grid(values)).point == found.point
    assert (len(values) - 1, []) not in list(in_grid(values))


def test_where_every_point_has_every_block_the_level_is_the_geometric_mean():
    assert levels([{1: 100.0, 2: 400.0}, {1: 10.0, 2: 90.0}]) == pytest.approx([200, 30])


def test_what_its_own_blocks_were_slower_by_is_taken_out_of_a_level():
    whole, late = rates(drifting, wobble=0), rates(drifting, factor=3, blocks=(5, 6), wobble=0)
    found = levels([whole, late])
    assert found[1] / found[0] == pytest.approx(3)
    assert found == pytest.approx(levels([whole, rates(drifting, factor=3, wobble=0)]))


def test_a_point_without_a_rate_has_no_level():
    assert levels([{}, {1: 5.0}]) == [None, pytest.approx(5)]
    assert levels([]) == []
