"""Figures of which some are missing: what could not be observed is None, and never 0."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def not_none(values: Iterable[T | None]) -> list[T]:
    """Return those that are there."""
    return [value for value in values if value is not None]
