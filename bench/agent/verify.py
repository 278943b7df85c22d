"""Did the rows arrive? By identity, not by count: acknowledged ⊆ found ⊆ attempted, each row once, with its payload.

The clients say what they attempted, what was acknowledged and what is in doubt; the server says what is there. What a
row's payload was follows from its stamp and the trial's seed: the server compares hashes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bench.engines.postgresql.session import Session
from bench.model.record import Reason, Verified
from bench.workload.messages import Result
from bench.workload.rows import SEQUENCE_BITS, first_stamp, payloads, ring_size

TRANSACTIONS_ALLOWED = 20
TRANSACTIONS_ALLOWED_PER_S = 1.0
"""Autovacuum's own: a few transactions for each table it vacuums or analyses, at most one round a minute by default."""
VERIFY_MEMORY = "256MB"
SENT_BYTES = 1 << 22
"""Of payloads at once, to be hashed by the server."""
COUNT_BETWEEN = "SELECT count(*) FROM {schema}.events WHERE device_id >= %(first)s AND device_id < %(end)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the server has of one writer."""

    rows: int
    different: int
    lowest: int
    highest: int


def find(session: Session) -> dict[int, Found]:
    """Ask the server what it has, by writer."""
    session.run(f"SET work_mem = '{VERIFY_MEMORY}'")
    rows = session.rows(session.script("found"), {"sequence_bits": SEQUENCE_BITS})
    names = ("rows", "different", "lowest", "highest")
    return {writer: Found(**dict(zip(names, values, strict=True))) for writer, *values in rows}


def find_altered(session: Session, results: Sequence[Result], seed: int, payload_bytes: int) -> dict[int, int]:
    """Ask how many rows have another payload than their writer made for them, by writer; those that have any."""
    ring, by_writer = ring_size(payload_bytes), {result.writer: result.attempted for result in results}
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


def verify(
    results: Sequence[Result],
    found: dict[int, Found],
    found_lost: dict[tuple[int, int], int],
    altered: dict[int, int],
) -> tuple[Verified, list[Reason]]:
    """Compare what the clients claim with what ``find``, ``find_lost`` and ``find_altered`` found. Pure."""
    complaints: list[tuple[str, str]] = []
    for result in results:
        first = first_stamp(result.writer)
        nothing = Found(rows=0, different=0, lowest=first, highest=first)
        there = found.get(result.writer, nothing)
        complaints += _compare(result, there, found_lost)
        if count := altered.get(result.writer):
            detail = f"writer {result.writer}: {count} rows hold another payload than was written"
            complaints.append(("rows-altered", detail))
    for writer in sorted(found.keys() - {result.writer for result in results}):
        complaints.append(("rows-foreign", f"there are rows of an unknown writer {writer}"))
    return Verified(
        attempted=sum(result.attempted for result in results),
        acknowledged=sum(result.acknowledged for result in results),
        found=sum(each.rows for each in found.values()),
        in_doubt=sum(lost.rows for result in results for lost in result.lost if lost.in_doubt),
    ), [Reason(code=code, detail=detail) for code, detail in complaints]


def _compare(result: Result, there: Found, found_lost: dict[tuple[int, int], int]) -> list[tuple[str, str]]:
    """Return (code, detail) of what speaks against one writer's rows."""
    first = first_stamp(result.writer)
    kept = {lost.first: found_lost[result.writer, lost.first] for lost in result.lost}
    unaccounted = result.attempted - result.acknowledged - sum(lost.rows for lost in result.lost)
    missing = result.acknowledged - (there.different - sum(kept.values()))
    refused = sum(kept[lost.first] for lost in result.lost if not lost.in_doubt)
    torn = sum(lost.in_doubt and kept[lost.first] not in (0, lost.rows) for lost in result.lost)
    beyond = there.different and (there.lowest < first or there.highest >= first + result.attempted)
    checks = [
        (unaccounted != 0, "rows-unaccounted", f"{unaccounted} attempted rows are neither acknowledged nor lost"),
        (there.rows != there.different, "rows-duplicated", f"{there.rows - there.different} rows are there twice"),
        (beyond, "rows-foreign", "some of the rows found were never attempted"),
        (missing > 0, "rows-lost", f"{missing} acknowledged rows are not there"),
        (missing < 0, "rows-foreign", f"{-missing} rows are there that were not acknowledged"),
        (torn > 0, "commits-torn", f"{torn} commits in doubt are there in part: they were not one transaction"),
        (refused > 0, "refused-rows-found", f"{refused} rows of commits that the server refused are there"),
    ]
    return [(code, f"writer {result.writer}: {detail}") for failed, code, detail in checks if failed]


def check_commits_found(
    transactions: int, results: Sequence[Result], found_lost: dict[tuple[int, int], int]
) -> list[Reason]:
    """Each commit is one transaction, and no transaction is more: ``transactions`` wrote the rows that are there."""
    claimed = sum(result.commits for result in results) + sum(kept > 0 for kept in found_lost.values())
    if transactions == claimed:
        return []
    detail = f"the rows of {claimed} commits were written by {transactions} transactions"
    return [Reason(code="transactions-mismatch", detail=detail)]


def check_transactions(used: int, results: Sequence[Result], seconds: float, *, exclusive: bool) -> list[Reason]:
    """Claimed commits against the server's transaction ids: a method that commits otherwise than it claims is void."""
    commits = sum(result.commits for result in results)
    lost = sum(len(result.lost) for result in results)
    allowed = commits + lost + TRANSACTIONS_ALLOWED + int(seconds * TRANSACTIONS_ALLOWED_PER_S)
    if used < commits:
        detail = f"{commits} commits claimed, but the server used only {used} transactions"
    elif exclusive and used > allowed:
        detail = f"{commits} commits claimed, but the server used {used} transactions ({allowed} would be explained)"
    else:
        return []
    return [Reason(code="transactions-mismatch", detail=detail)]
