"""What a PostgreSQL has of the rows that were written, by who wrote them.

What a row's payload was follows from its stamp and the trial's seed: the server compares hashes.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from bench.engines.engine import Found, Marked
from bench.engines.postgresql.session import Session
from bench.workload.beside import MARKS
from bench.workload.messages import Result
from bench.workload.rows import SEQUENCE_BITS, first_stamp, payloads, ring_size

VERIFY_MEMORY = "256MB"
SENT_BYTES = 1 << 22
"""Of payloads at once, to be hashed by the server."""
COUNT_BETWEEN = "SELECT count(*) FROM {schema}.events WHERE device_id >= %(first)s AND device_id < %(end)s"


def find(session: Session) -> dict[int, Found]:
    """Ask the server what it has, by writer."""
    session.run(f"SET work_mem = '{VERIFY_MEMORY}'")
    rows = session.rows(session.script("found"), {"sequence_bits": SEQUENCE_BITS})
    names = ("rows", "different", "lowest", "highest")
    return {writer: Found(**dict(zip(names, values, strict=True))) for writer, *values in rows}


def find_altered(session: Session, results: Sequence[Result], seed: int, payload_bytes: int) -> dict[int, int]:
    """Ask how many rows have another payload than their writer made for them, by writer; those that have any."""
    last = max(result.writer for result in results)
    ring = ring_of(results, payload_bytes)
    by_writer = {result.writer: hashes_of(session, result, ring, seed, payload_bytes) for result in results}
    hashes: list[int] = []
    for writer in range(1, last + 1):
        hashes += by_writer.get(writer, [])
        hashes += [0] * (writer * ring - len(hashes))  # of rows that were never made
    values = {
        "sequence_bits": SEQUENCE_BITS,
        "ring": ring,
        "end": first_stamp(last + 1),
        "hashes": as_array(hashes),
    }
    return dict(session.rows(session.script("altered"), values))


def ring_of(results: Sequence[Result], payload_bytes: int) -> int:
    """Return how many different payloads each writer has."""
    return 1 if any(result.one_payload for result in results) else ring_size(payload_bytes)


def hashes_of(session: Session, result: Result, ring: int, seed: int, payload_bytes: int) -> list[int]:
    """Return the hashes of a writer's payloads, in their order, of as many as it used."""
    made = payloads(1 if result.one_payload else result.writer, seed, payload_bytes)
    # The rows repeat the payloads of a ring: each of these is sent once, and hashed by the server as the rows are.
    sent = islice(made, min(ring, result.attempted))
    hashes: list[int] = []
    while some := list(islice(sent, max(1, SENT_BYTES // payload_bytes))):
        hashes += [number for (number,) in session.rows(session.script("hashes"), {"payloads": some})]
    return hashes


def as_array(numbers: Iterable[int]) -> str:
    """Return numbers as an array is written: a list would be an expression of thousands."""
    return "{" + ",".join(map(str, numbers)) + "}"


def find_marked(session: Session, results: Sequence[Result], seed: int, payload_bytes: int) -> dict[int, Marked]:
    """Ask what the marks of all rows that each writer wrote add up to, and those of its rows that are there."""
    ring = ring_of(results, payload_bytes)
    found: dict[int, Marked] = {}
    for result in results:
        first = first_stamp(result.writer)
        values = {
            "first": first,
            "end": first + result.attempted,
            "ring": ring,
            "hashes": as_array(hashes_of(session, result, ring, seed, payload_bytes)),
            "lost": as_array(first + lost.first for lost in result.lost),
            "lost_ends": as_array(first + lost.first + lost.rows for lost in result.lost),
        }
        [(written, there)] = session.rows(session.script("marked"), values)
        found[result.writer] = Marked(written=int(written) % MARKS, there=int(there) % MARKS)
    return found


def find_commits(session: Session) -> int:
    """Ask how many transactions wrote what is there."""
    return int(session.value(session.script("commits")))


def find_lost(session: Session, results: Sequence[Result]) -> dict[tuple[int, int], int]:
    """Ask how many rows the server has of each commit that was not acknowledged, by (writer, first)."""
    count = session.qualified(COUNT_BETWEEN)
    found: dict[tuple[int, int], int] = {}
    for result in results:
        for lost in result.lost:
            first = first_stamp(result.writer) + lost.first
            found[result.writer, lost.first] = int(session.value(count, {"first": first, "end": first + lost.rows}))
    return found
