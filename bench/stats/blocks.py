"""In which order the alternatives run within each block, so that what drifts is not taken for a difference.

Each block runs all of them, in random order (Abedi & Brecht, ICPE 2017), but the second and the fourth go backwards
through the one before. Of two to five orders drawn at random too many have one arm always ahead of another, and steady
drift then passes for a difference: in simulations of equal arms on a quiet box in a quarter of comparisons with three
blocks. There and back it cancels. From the fifth on chance does; to go back there too would, where noise carries over
from one trial to the next, raise false alarms a little over 6 %.
"""

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
BACKWARDS = (2, 4)


def block_orders(things: Sequence[T], blocks: int, chance: random.Random) -> Iterator[list[T]]:
    """Yield the order of each block."""
    order: list[T] = []
    for block in range(1, blocks + 1):
        order = order[::-1] if block in BACKWARDS else chance.sample(things, len(things))
        yield order


def go_back(orders: Sequence[Sequence[T]]) -> bool:
    """Return whether these are orders as ``block_orders`` gives: plans made before there were such are not."""
    pairs = [(orders[block - 2], orders[block - 1]) for block in BACKWARDS if block <= len(orders)]
    return bool(pairs) and all(list(there) == list(back)[::-1] for there, back in pairs)
