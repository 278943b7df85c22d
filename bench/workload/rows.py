"""Rows to write, or their columns: seeded payloads from a ring, stamped with who wrote them.

The stamp in ``device_id`` is the writer's number and its sequence, so that ``agent.verify`` can tell by identity which
rows arrived. Payloads are made beforehand; taking a batch only stamps it.
"""

import random
import string
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from typing import Any, Protocol

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


class Source(Protocol):
    """One writer's rows, in order; ``taken`` of them were handed out so far."""

    taken: int

    def take(self, count: int) -> Any:
        """Return the next ``count`` rows, as a phase takes them."""
        ...


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


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows by column; payloads are UTF-8, all of one length."""

    stamps: "array[int]"
    payloads: list[bytes]


class ColumnSource:
    """The same rows by column, as a program has them that keeps numbers as machine words and texts as they came."""

    def __init__(self, writer: int, seed: int, payload_bytes: int) -> None:
        self._ring = self._payloads = [payload.encode() for payload in payloads(writer, seed, payload_bytes)]
        """The ring, and as often as any batch needs that begins in it."""
        self._first = first_stamp(writer)
        self.taken = 0

    def take(self, count: int) -> Columns:
        """Return the next ``count`` rows."""
        first, begin = self._first + self.taken, self.taken % len(self._ring)
        self.taken += count
        while len(self._payloads) < begin + count:
            self._payloads = self._payloads + self._ring
        return Columns(numbers(first, count), self._payloads[begin : begin + count])


def numbers(first: int, count: int) -> "array[int]":
    """Return so many numbers that follow each other."""
    # Reckoned as one large number, of which each has 64 bits: one by one they took five times as long.
    ones, offsets = _large(count)
    found = array("q")
    found.frombytes((offsets + first * ones).to_bytes(8 * count, "little"))
    if sys.byteorder == "big":
        found.byteswap()
    return found


@cache
def _large(count: int) -> tuple[int, int]:
    """Return so many ones, and the numbers from 0 on, each as one number of 64 bits a piece."""
    each = range(count)
    ones = b"".join((1).to_bytes(8, "little") for _ in each)
    offsets = b"".join(number.to_bytes(8, "little") for number in each)
    return int.from_bytes(ones, "little"), int.from_bytes(offsets, "little")
