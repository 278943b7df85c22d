"""Did the rows arrive? By identity, not by count: acknowledged ⊆ found ⊆ attempted, each row once, with its payload.

The clients say what they attempted, what was acknowledged and what is in doubt; the engine asks the server what is
there (``bench.engines.engine.Session.found``). Here the two are compared. Where the oldest rows were deleted meanwhile
(``bench.workload.retention``), what the deleting statements counted is added to what is found: as many rows, and the
same sum of marks, that is of hashes of stamp and payload.
"""

from collections.abc import Iterator, Mapping, Sequence

from bench.engines.engine import Arrived, Counted, Found, Marked
from bench.model.record import Reason, Verified
from bench.workload.beside import MARKS, Deleted, RetentionResult
from bench.workload.messages import Result
from bench.workload.rows import first_stamp

TRANSACTIONS_ALLOWED = 20
TRANSACTIONS_ALLOWED_PER_S = 1.0
"""Autovacuum's own: a few transactions for each table it vacuums or analyses, at most one round a minute by default."""

NONE_DELETED = RetentionResult()


def verify(
    results: Sequence[Result],
    arrived: Arrived,
    retention: RetentionResult = NONE_DELETED,
    marked: Mapping[int, Marked] | None = None,
) -> tuple[Verified, list[Reason]]:
    """Compare what the clients claim with what the server has, and with what was deleted. Pure.

    Args:
        results: of the clients.
        arrived: what is there.
        retention: what was deleted.
        marked: the marks of each writer's rows; None where nothing was to be deleted.

    """
    found = arrived.writers
    deleted = {writer: each for writer, each in retention.deleted.items() if writer >= 0}
    unknown = found.keys() | deleted.keys()
    reasons: list[Reason] = []
    attempted = acknowledged = in_doubt = 0
    for result in results:
        attempted += result.attempted
        acknowledged += result.acknowledged
        unknown.discard(result.writer)
        in_doubt += result.rows_in_doubt
        gone = deleted.get(result.writer)
        reasons += _check_writer(result, arrived, gone)
        if marked is not None:
            reasons += _check_marks(result, marked[result.writer], gone)
    for writer in sorted(unknown):
        reasons.append(Reason(code="rows-foreign", detail=f"there are rows of an unknown writer {writer}"))
    verified = Verified(
        attempted=attempted,
        acknowledged=acknowledged,
        found=sum(there.rows for there in found.values()),
        in_doubt=in_doubt,
        deleted=sum(gone.rows for gone in deleted.values()),
    )
    return verified, reasons


def _check_writer(result: Result, arrived: Arrived, gone: Deleted | None) -> Iterator[Reason]:
    """Yield what speaks against one writer's rows."""
    first = first_stamp(result.writer)
    nothing = Found(rows=0, different=0, lowest=first, highest=first)
    there, altered = arrived.writers.get(result.writer, nothing), arrived.altered.get(result.writer, 0)
    lost_deleted = gone is not None and _may_have_lost(result, gone)
    kept_of_lost, refused, torn = _of_lost(result, arrived, deleted=lost_deleted)
    unaccounted = result.unaccounted
    missing = result.acknowledged - (there.different - kept_of_lost) - (gone.rows if gone else 0)
    if missing < 0 and lost_deleted:
        # As many rows of commits in doubt as may have arrived and been deleted: who they are, nobody knows.
        missing = min(missing + result.rows_in_doubt - kept_of_lost, 0)
    beyond = _were_never_attempted(result, there, gone)
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


def _of_lost(result: Result, arrived: Arrived, *, deleted: bool) -> tuple[int, int, int]:
    """Return of rows that were not acknowledged how many are there, and were refused; and how many commits are torn.

    ``deleted``: some may have been there, and are gone.
    """
    there = refused = torn = 0
    for lost in result.lost:
        kept = arrived.lost[result.writer, lost.first]
        there += kept
        if not lost.in_doubt:
            refused += kept
        elif kept not in (0, lost.rows) and not deleted:
            torn += 1
    return there, refused, torn


def _were_never_attempted(result: Result, there: Found, gone: Deleted | None) -> bool:
    """Return whether any row that is there, or was deleted, is none of the writer's."""
    first = first_stamp(result.writer)
    end = first + result.attempted
    if there.different and (there.lowest < first or there.highest >= end):
        return True
    return gone is not None and (gone.lowest < first or gone.highest >= end)


def _may_have_lost(result: Result, gone: Deleted) -> bool:
    """Return whether rows of a commit that was not acknowledged may be among those deleted."""
    return any(first_stamp(result.writer) + lost.first <= gone.highest for lost in result.lost)


def _check_marks(result: Result, marked: Marked, gone: Deleted | None) -> Iterator[Reason]:
    """Yield what speaks against the rows that are there and those that were deleted, taken together."""
    if gone and _may_have_lost(result, gone):
        detail = "not known whether rows in doubt were deleted, and so whether all that were deleted are those written"
        yield Reason(code="deleted-unknown", detail=f"writer {result.writer}: {detail}")
    elif marked.written != (marked.there + (gone.marks if gone else 0)) % MARKS:
        detail = "the rows that are there and those deleted are not those that were written: their hashes differ"
        yield Reason(code="rows-altered", detail=f"writer {result.writer}: {detail}")


def verify_counts(results: Sequence[Result], counted: Counted) -> tuple[Verified, list[Reason]]:
    """Compare what the clients claim with what a server acknowledged that keeps no rows: by count. Pure.

    A commit in doubt may have been acknowledged or not.
    """
    attempted = acknowledged = commits = in_doubt = lost = unaccounted = 0
    for result in results:
        attempted += result.attempted
        acknowledged += result.acknowledged
        commits += result.commits
        in_doubt += result.rows_in_doubt
        lost += result.commits_in_doubt
        unaccounted += result.unaccounted
    missing, unclaimed = acknowledged - counted.rows, counted.rows - acknowledged - in_doubt
    checks = [
        (unaccounted != 0, "rows-unaccounted", f"{unaccounted} attempted rows are neither acknowledged nor lost"),
        (missing > 0, "rows-lost", f"{missing} rows that clients claim were never acknowledged"),
        (unclaimed > 0, "rows-foreign", f"{unclaimed} rows were acknowledged that no client claims"),
        (
            not commits <= counted.transactions <= commits + lost,
            "transactions-mismatch",
            f"the rows of {commits} commits were written by {counted.transactions} transactions",
        ),
    ]
    reasons = [Reason(code=code, detail=detail) for failed, code, detail in checks if failed]
    return Verified(attempted=attempted, acknowledged=acknowledged, found=counted.rows, in_doubt=in_doubt), reasons


def check_commits_found(
    arrived: Arrived, results: Sequence[Result], retention: RetentionResult = NONE_DELETED, cut: int = 0
) -> list[Reason]:
    """Each commit is one transaction, and no transaction is more.

    Args:
        arrived: what is there.
        results: of the clients.
        retention: what was deleted.
        cut: commits that a step of it may have cut in two, which then are counted twice: those under way as the row was
            numbered that it went up to.

    """
    if arrived.transactions is None:
        return []
    claimed = sum(result.commits for result in results)
    # Of a commit in doubt that arrived, the client did not hear.
    claimed += sum(map(bool, arrived.lost.values()))
    deleted = [each for writer, each in retention.deleted.items() if writer >= 0]
    wrote = arrived.transactions + sum(each.transactions for each in deleted)
    unsure = cut * retention.steps
    if deleted:
        unsure += sum(result.commits_in_doubt for result in results)
    if claimed <= wrote <= claimed + unsure:
        return []
    detail = f"the rows of {claimed} commits were written by {wrote} transactions"
    if unsure:
        detail += f" ({claimed + unsure} would be explained by the steps in which rows were deleted)"
    return [Reason(code="transactions-mismatch", detail=detail)]


def check_transactions(
    used: int | None, results: Sequence[Result], seconds: float, *, exclusive: bool, steps: int = 0, more: int = 0
) -> list[Reason]:
    """Claimed commits against the server's transaction ids: a method that commits otherwise than it claims is void.

    ``steps`` in which rows were deleted are transactions as well; ``more`` may have been. ``used``: None where they
    can't be told.
    """
    if used is None:
        return []
    commits = sum(result.commits for result in results) + steps
    lost = sum(len(result.lost) for result in results)
    allowed = commits + lost + more + TRANSACTIONS_ALLOWED + int(seconds * TRANSACTIONS_ALLOWED_PER_S)
    if used < commits:
        detail = f"{commits} commits claimed, but the server used only {used} transactions"
    elif exclusive and used > allowed:
        detail = f"{commits} commits claimed, but the server used {used} transactions ({allowed} would be explained)"
    else:
        return []
    return [Reason(code="transactions-mismatch", detail=detail)]
