"""Rows to write: seeded payloads from a ring, stamped with who wrote them.

The stamp in ``device_id`` is the writer's number and its sequence, so that ``agent.verify`` can tell by identity which
rows arrived. Payloads are made beforehand; taking a batch only stamps it.
"""

import random
import string
from collections.abc import Iterator
from itertools import cycle, islice

SEQUENCE_BITS = 40
"""A writer's sequence: 2⁴⁰ rows, more than a month at 400,000 rows/s."""
RING = 4096
RING_BYTES = 1 << 26
"""Of payloads at most, whatever the size of one: 64 MiB in each process."""
ALPHABET = string.ascii_letters + string.digits


def first_stamp(writer: int) -> int:
    """Return the stamp of a writer's row 0."""
    return writer << SEQUENCE_BITS


def ring_size(payload_bytes: int) -> int:
    """Return how many different payloads are prepared."""
    return max(1, min(RING, RING_BYTES // payload_bytes))


def payloads(writer: int, seed: int, payload_bytes: int) -> Iterator[str]:
    """Make a writer's payloads, one after the other; its row n has number n modulo ``ring_size``."""
    # Seeded by a text, which Python hashes: writers and trials with neighbouring numbers have nothing in common.
    chance = random.Random(f"{seed}/{writer}")
    return ("".join(chance.choices(ALPHABET, k=payload_bytes)) for _ in range(ring_size(payload_bytes)))


class RowSource:
    """One writer's rows, in order; ``taken`` of them were handed out so far."""

    def __init__(self, writer: int, seed: int, payload_bytes: int) -> None:
        self._payloads = cycle(list(payloads(writer, seed, payload_bytes)))
        self._first = first_stamp(writer)
        self.taken = 0

    def take(self, count: int) -> list[tuple[int, str]]:
        """Return the next ``count`` rows as (device_id, payload)."""
        first = self._first + self.taken
        self.taken += count
        return list(zip(range(first, first + count), islice(self._payloads, count), strict=True))
