"""The longest time in which no process had an answer."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.gaps import longest_gap, own_gaps


@pytest.mark.parametrize(
    ("by_process", "expected"),
    [
        ([], 0),
        ([[]], 0),
        ([[(0, 5), (5, 12)]], 7),
        ([[(0, 100)], [(40, 60)]], 20),
        ([[(0, 100)], [(90, 300)], [(0, 300)]], 10),
        ([[(0, 100)], [(100, 200)]], 0),  # one went on while the other stood still
        ([[(0, 100)], []], 0),
    ],
)
def test_it_lies_in_a_pause_of_every_process(by_process, expected):
    assert longest_gap(by_process) == expected


MOMENTS = st.lists(st.integers(1, 199), max_size=30)


@given(st.lists(MOMENTS, min_size=1, max_size=4))
def test_it_is_the_longest_pause_of_all_answers_together(answers_of_each):
    pauses = [list(pairwise(sorted({0, 200, *answers}))) for answers in answers_of_each]
    together = sorted({0, 200, *(moment for answers in answers_of_each for moment in answers)})
    assert longest_gap(pauses) == max(after - before for before, after in pairwise(together))


@pytest.mark.parametrize(
    ("by_process", "expected"),
    [
        ([], []),
        ([[], []], [0, 0]),
        ([[(0, 100)], [(40, 60)]], [80, 0]),
        ([[(0, 100), (200, 280)], [(0, 100), (201, 281)]], [1, 1]),  # all paused twice
        ([[(0, 100)], []], [100, 0]),
        ([[(0, 100)], [(100, 200)], [(0, 200)]], [100, 100, 200]),
    ],
)
def test_a_pause_of_its_own_is_what_is_left_beside_the_longest_that_all_had_in_it(by_process, expected):
    assert own_gaps(by_process) == expected
