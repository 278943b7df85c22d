"""Which of several doubts of one kind is the gravest, which is quoted and not the first; which kinds stand first."""

import re
from collections.abc import Iterable

from bench.model.outcome import R
from bench.model.record import Reason

WHO = re.compile(r"writer \d+: ")
"""Begins the sentence on one writer's rows; its number is no size."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
PERCENT = re.compile(rf"{NUMBER.pattern}(?= ?%)")
FEWER_IS_WORSE = {"few-commits"}


def size(reason: Reason) -> float:
    """Return how grave a doubt is among those of its code: its share, else the one its sentence names.

    Where that names none it is the first number: reasons had no share before November 2026, and some have none now.

    >>> from bench.model import Reason
    >>> size(Reason(code="not-alone", detail="other programs kept 1.6 of 2 cores busy"))
    1.6
    """
    if reason.share is not None:
        return reason.share
    words = WHO.sub("", reason.detail).replace(",", "")
    figure = 0.0
    # A percentage first: what it is a percentage of often stands before it, as in "2.4 s, 12 % of the window".
    if found := PERCENT.search(words) or NUMBER.search(words):
        figure = float(found[0])
    if reason.code in FEWER_IS_WORSE:
        return -figure
    return figure


def worst(doubted: Iterable[tuple[R, Reason]]) -> tuple[R, Reason]:
    """Return the trial and the words of the gravest doubt of at least one, all of one code; of equals the first."""
    return max(doubted, key=lambda each: size(each[1]))


def rank(reason: Reason) -> tuple[bool, float]:
    """Return what sorts doubts of different codes: what makes a trial suspect before what is slight, then by share."""
    return reason.slight, -(reason.share or 0)
