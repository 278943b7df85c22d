"""Servers behind another one: what they have together, and what that is worth."""

import itertools
from pathlib import Path

import pytest

from bench.engines.engine import Arrived, Found, Grade, engines
from bench.engines.postgresql.behind import to_be_first
from bench.engines.postgresql.behind_session import added, together
from bench.engines.postgresql.durability import worst
from bench.engines.several import SeveralVersions
from bench.model.errors import UsageError


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


@pytest.mark.parametrize(("engine", "layout"), [("postgres_fdw", "sharded"), ("citus", "distributed")])
def test_behind_several_versions_there_can_be_none(engine, layout):
    class Both(SeveralVersions):
        bin_dirs = (Path("/15"), Path("/17"))

        def __init__(self):
            pass

    with pytest.raises(UsageError, match=f"The layout {layout} is measured on one version of PostgreSQL: name one in"):
        to_be_first(engines()[engine], Both(), layout)
