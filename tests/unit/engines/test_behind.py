"""Servers behind another one: what they have together, and what that is worth."""

import itertools

import pytest

from bench.engines.engine import Arrived, Found, Grade
from bench.engines.postgresql.behind_session import added, together
from bench.engines.postgresql.durability import worst


def test_what_several_have_is_the_sum_and_the_ends_are_the_outermost():
    one = Arrived(
        writers={1: Found(rows=3, different=2, lowest=10, highest=19)},
        lost={(1, 5): 2},
        altered={1: 1},
        transactions=3,
    )
    other = Arrived(
        writers={
            1: Found(rows=4, different=4, lowest=8, highest=12),
            2: Found(rows=1, different=1, lowest=100, highest=100),
        },
        lost={(1, 5): 1, (2, 0): 0},
        altered={1: 2, 2: 5},
        transactions=4,
    )
    assert together([one, other]) == Arrived(
        writers={
            1: Found(rows=7, different=6, lowest=8, highest=19),
            2: Found(rows=1, different=1, lowest=100, highest=100),
        },
        lost={(1, 5): 3, (2, 0): 0},
        altered={1: 3, 2: 5},
        transactions=None,
    )


def test_a_sum_of_what_is_not_known_is_not_known():
    assert added([1, 2, 3]) == 6
    assert added([1, None, 3]) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("durable", "durable"), "durable"),
        (("durable", "may lose last 600 ms"), "may lose last 600 ms"),
        (("unknown", "may lose last 600 ms", "durable"), "unknown"),
        (("not crash-safe", "unknown"), "not crash-safe"),
        (("not crash-safe", "in memory", "durable"), "in memory"),
    ],
)
def test_all_promise_as_little_as_the_one_that_promises_least(words, said):
    for order in itertools.permutations(words):
        assert worst(Grade(word=word) for word in order).word == said
