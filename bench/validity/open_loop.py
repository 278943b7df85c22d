"""Was what came at a rate begun when it was due? Pure."""

from collections.abc import Iterator

from bench.model.record import WEIGHTY_SHARE, OpenLoop, Reason, overdue


def check_open_loop(found: OpenLoop, workers: int) -> Iterator[Reason]:
    """Judge an open loop; ``workers``: as many commits may be under way, and so many may wait at any moment."""
    if not found.due and found.waiting is not None:
        yield Reason(code="nothing-due", detail="nothing was due in the window: a longer one tells more")
        return
    yield from _check_waiting(found, workers)
    late = found.late_while_free / max(found.due, 1)
    if late > WEIGHTY_SHARE:
        detail = f"{late:.1%} of what was due began 1 ms late or more though a worker was free: the client is slow"
        yield Reason(code="client-late", detail=detail, share=late)


def _check_waiting(found: OpenLoop, workers: int) -> Iterator[Reason]:
    waiting = overdue(found, workers)
    if waiting is None:
        detail = (
            "all workers were busy when the window closed and from then on: how much was due and not begun is not"
            " known, and it took longer than is told here"
        )
        yield Reason(code="behind", detail=detail)
        return
    share = waiting / found.due
    if share > WEIGHTY_SHARE:
        detail = f"{share:.1%} of what was due was not begun when the window closed: it took longer than is told here"
        yield Reason(code="behind", detail=detail, share=share)
