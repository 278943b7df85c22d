"""Readers ask for rows that are there, whatever is written and deleted meanwhile, and as often as they are to."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.workload.readers import FOLLOW_NS, SETTLED_NS, Newest


def test_before_anybody_wrote_all_rows_are_there_or_none():
    assert Newest(1, 500).surely_there(0) == (1, 500)
    assert Newest(101, 500).surely_there(0) == (101, 500)
    assert Newest(None, None).surely_there(0) is None


def test_a_row_is_surely_there_once_it_was_seen_half_a_second_ago():
    newest = Newest(None, None)
    newest.note(1, 40)
    assert newest.surely_there(0) is None
    newest.note(1 + SETTLED_NS - 1, 90)
    assert newest.surely_there(0) is None
    newest.note(1 + SETTLED_NS, 100)
    assert newest.surely_there(0) == (1, 40)


def test_of_rows_that_are_deleted_those_are_left_out_that_may_go_before_they_are_read():
    newest = Newest(1, 1000)
    newest.note(1, 1000)
    newest.note(1 + SETTLED_NS, 1100)
    # 1,100 − 500 are gone; another 100 may come, and as many go.
    assert newest.surely_there(500) == (701, 1000)


def test_of_a_table_that_keeps_less_than_comes_in_a_second_the_middle_row_is_read():
    newest = Newest(1, 1000)
    newest.note(1, 1000)
    newest.note(1 + SETTLED_NS, 1400)
    first, last = newest.surely_there(500)
    assert first == last
    assert 1400 - 500 < first < 1400


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(0, 300), st.sampled_from([0, 2000, 10_000]))
def test_every_row_that_may_be_asked_for_is_there_while_commits_take_less_than_half_a_second(seed, before, retain):
    """Commits of 20 rows, each of a random length below half a second; what is too old goes ten times a second."""
    chance = random.Random(seed)
    before = max(before, retain)
    newest, numbered, gone_to = Newest(1 if before else None, before or None), before, max(before - retain, 0)
    gone_to = gone_to if retain else 0
    under_way: list[tuple[int, int, int]] = []
    now, pace = 0, chance.randint(1, 6)
    for _ in range(100):
        now += FOLLOW_NS // 2
        for _ in range(pace):
            if len(under_way) < 10:
                under_way.append((numbered + 1, numbered + 20, now + chance.randrange(SETTLED_NS - FOLLOW_NS)))
                numbered += 20
        under_way = [each for each in under_way if each[2] > now]
        hidden = {number for first, last, _ in under_way for number in range(first, last + 1)}
        seen = numbered
        while seen in hidden:
            seen -= 1
        if chance.random() < 0.5:
            newest.note(now, seen or None)
            gone_to = max(gone_to, seen - retain) if retain else 0
        there = newest.surely_there(retain)
        if there is not None:
            first, last = there
            assert gone_to < first <= last <= numbered
            assert not hidden.intersection(range(first, last + 1))


def test_how_many_rows_have_come_goes_on_at_the_last_rate_until_the_next_look():
    newest = Newest(1, 100)
    assert newest.come(5) == 0
    newest.note(10, 100)
    newest.note(10 + FOLLOW_NS, 150)
    assert newest.come(10 + FOLLOW_NS) == 50
    assert newest.come(10 + FOLLOW_NS + FOLLOW_NS // 2) == pytest.approx(75)
    assert newest.come(10 + 9 * FOLLOW_NS) == 100
