"""What ClickHouse has of the rows that were written: by who wrote them and their number, as there is no other identity.

Values that do not fit are fitted without a word (an integer wraps, a NULL is a zero): both columns are read back. What
a row's payload was follows from its stamp and the trial's seed: the server groups by hash, the agent makes the same.
"""

from collections.abc import Sequence
from hashlib import md5
from itertools import islice
from typing import TYPE_CHECKING

from bench.engines.engine import Found
from bench.workload.messages import Result
from bench.workload.rows import SEQUENCE_BITS, first_stamp, payloads, ring_size

if TYPE_CHECKING:
    from bench.engines.clickhouse.session import ClickHouseSession


def find(session: "ClickHouseSession") -> dict[int, Found]:
    """Ask the server what it has, by writer."""
    names = ("rows", "different", "lowest", "highest")
    answer = session.script("found", sequence_bits=SEQUENCE_BITS)
    return {writer: Found(**dict(zip(names, values, strict=True))) for writer, *values in answer}


def find_lost(session: "ClickHouseSession", results: Sequence[Result]) -> dict[tuple[int, int], int]:
    """Ask how many rows the server has of each commit that was not acknowledged, by (writer, first)."""
    found: dict[tuple[int, int], int] = {}
    for result in results:
        for lost in result.lost:
            first = first_stamp(result.writer) + lost.first
            [(found[result.writer, lost.first],)] = session.script("lost", first=first, end=first + lost.rows)
    return found


def find_altered(
    session: "ClickHouseSession", results: Sequence[Result], seed: int, payload_bytes: int
) -> dict[int, int]:
    """Ask how many rows have another payload than their writer made for them, by writer; those that have any."""
    ring = ring_size(payload_bytes)
    counts = {result.writer: _altered(session, result.writer, ring, seed, payload_bytes) for result in results}
    return {writer: count for writer, count in counts.items() if count}


def _altered(session: "ClickHouseSession", writer: int, ring: int, seed: int, payload_bytes: int) -> int:
    made = [hash_of(payload) for payload in islice(payloads(writer, seed, payload_bytes), ring)]
    places = session.script("payloads", first=first_stamp(writer), end=first_stamp(writer + 1), ring=ring)
    return sum(count for place, found, count in places if found != made[place])


def hash_of(payload: str) -> str:
    """Return a payload's hash as ClickHouse writes it: ``hex(MD5(payload))``."""
    return md5(payload.encode(), usedforsecurity=False).hexdigest().upper()
