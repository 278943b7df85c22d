"""Which values of a parametrised test everybody waits for."""

from typing import Any

import pytest


def one_of(first: Any, *others: Any) -> list[Any]:
    """Return the first value for `make test`, and all the others of its kind for `make test-slow`."""
    return [first, *(slow(*_values(other)) for other in others)]


def slow(*values: Any) -> Any:
    """Return values for `make test-slow` alone."""
    return pytest.param(*values, marks=pytest.mark.slow)


def _values(other: Any) -> tuple[Any, ...]:
    return other if isinstance(other, tuple) else (other,)
