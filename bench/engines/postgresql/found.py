"""What a PostgreSQL has of the rows that were written, by who wrote them.

What a row's payload was follows from its stamp and the trial's seed: the server compares hashes.
"""

from collections.abc import Sequence
from itertools import islice

from bench.engines.engine import Found
from bench.engines.postgresql.session import Session
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
    ring, by_writer = ring_size(payload_bytes), {result.writer: result.attempted for result in results}
    # The rows repeat the payloads of a ring: each of these is sent once, and hashed by the server as the rows are.
    hashes: list[int] = []
    for writer in range(1, max(by_writer) + 1):
        sent = islice(payloads(writer, seed, payload_bytes), by_writer.get(writer, 0))
        while some := list(islice(sent, max(1, SENT_BYTES // payload_bytes))):
            hashes += [number for (number,) in session.rows(session.script("hashes"), {"payloads": some})]
        hashes += [0] * (writer * ring - len(hashes))  # of rows that were never made
    values = {
        "sequence_bits": SEQUENCE_BITS,
        "ring": ring,
        "end": first_stamp(max(by_writer) + 1),
        "hashes": "{" + ",".join(map(str, hashes)) + "}",  # text: a list would be an expression of thousands
    }
    return dict(session.rows(session.script("altered"), values))


def find_commits(session: Session) -> int:
    """Ask how many transactions wrote what is there."""
    return int(session.value(session.script("commits")))


def find_lost(session: Session, results: Sequence[Result]) -> dict[tuple[int, int], int]:
    """Ask how many rows the server has of each commit that was not acknowledged, by (writer, first)."""
    count = session.qualified(COUNT_BETWEEN)
    found: dict[tuple[int, int], int] = {}
    for writer, lost in ((result.writer, lost) for result in results for lost in result.lost):
        first = first_stamp(writer) + lost.first
        found[writer, lost.first] = int(session.value(count, {"first": first, "end": first + lost.rows}))
    return found
