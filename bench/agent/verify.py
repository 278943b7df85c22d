"""Did the rows arrive? By identity, not by count: acknowledged ⊆ found ⊆ attempted, each row once, with its payload.

The clients say what they attempted, what was acknowledged and what is in doubt; the engine asks the server what is
there (``bench.engines.engine.Session.found``). Here the two are compared.
"""

from collections.abc import Iterator, Mapping, Sequence

from bench.engines.engine import Arrived, Found
from bench.model.record import Reason, Verified
from bench.workload.messages import Result
from bench.workload.rows import first_stamp

TRANSACTIONS_ALLOWED = 20
TRANSACTIONS_ALLOWED_PER_S = 1.0
"""Autovacuum's own: a few transactions for each table it vacuums or analyses, at most one round a minute by default."""


def verify(results: Sequence[Result], arrived: Arrived) -> tuple[Verified, list[Reason]]:
    """Compare what the clients claim with what the server has. Pure."""
    found = arrived.writers
    unknown = set(found)
    reasons: list[Reason] = []
    attempted = acknowledged = in_doubt = 0
    for result in results:
        attempted += result.attempted
        acknowledged += result.acknowledged
        unknown.discard(result.writer)
        in_doubt += sum(lost.rows for lost in result.lost if lost.in_doubt)
        first = first_stamp(result.writer)
        nothing = Found(rows=0, different=0, lowest=first, highest=first)
        there = found.get(result.writer, nothing)
        reasons += _check_writer(result, there, arrived.lost, arrived.altered.get(result.writer, 0))
    for writer in sorted(unknown):
        reasons.append(Reason(code="rows-foreign", detail=f"there are rows of an unknown writer {writer}"))
    rows = sum(there.rows for there in found.values())
    return Verified(attempted=attempted, acknowledged=acknowledged, found=rows, in_doubt=in_doubt), reasons


def _check_writer(
    result: Result, there: Found, found_lost: Mapping[tuple[int, int], int], altered: int
) -> Iterator[Reason]:
    """Yield what speaks against one writer's rows."""
    unaccounted = result.attempted - result.acknowledged
    kept_of_lost = refused = torn = 0
    for lost in result.lost:
        kept = found_lost[result.writer, lost.first]
        unaccounted -= lost.rows
        kept_of_lost += kept
        if not lost.in_doubt:
            refused += kept
        elif kept not in (0, lost.rows):
            torn += 1
    missing = result.acknowledged - (there.different - kept_of_lost)
    first = first_stamp(result.writer)
    end = first + result.attempted
    beyond = there.different and (there.lowest < first or there.highest >= end)
    checks = [
        (unaccounted != 0, "rows-unaccounted", f"{unaccounted} attempted rows are neither acknowledged nor lost"),
        (there.rows != there.different, "rows-duplicated", f"{there.rows - there.different} rows are there twice"),
        (beyond, "rows-foreign", "some of the rows found were never attempted"),
        (missing > 0, "rows-lost", f"{missing} acknowledged rows are not there"),
        (missing < 0, "rows-foreign", f"{-missing} rows are there that were not acknowledged"),
        (torn > 0, "commits-torn", f"{torn} commits in doubt are there in part: they were not one transaction"),
        (refused > 0, "refused-rows-found", f"{refused} rows of commits that the server refused are there"),
        (altered > 0, "rows-altered", f"{altered} rows hold another payload than was written"),
    ]
    for failed, code, detail in checks:
        if failed:
            yield Reason(code=code, detail=f"writer {result.writer}: {detail}")


def check_commits_found(arrived: Arrived, results: Sequence[Result]) -> list[Reason]:
    """Each commit is one transaction, and no transaction is more."""
    claimed = sum(result.commits for result in results)
    # Of a commit in doubt that arrived, the client did not hear.
    claimed += sum(map(bool, arrived.lost.values()))
    if arrived.transactions == claimed:
        return []
    detail = f"the rows of {claimed} commits were written by {arrived.transactions} transactions"
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
