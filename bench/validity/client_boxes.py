"""Whether the window of clients on other machines was the agent's, and whether they could offer a rate. Pure.

What a clock is compared by: ``bench.workload.client_boxes``.
"""

from collections.abc import Iterable

from bench.model.record import Reason
from bench.workload.client_boxes import SECOND_NS, Ahead, ClockCheck

CLOCK_S = 0.005
"""So much of a window of 2 s, the shortest profile's, is 0.25 % of its rows: an eighth of the margin of 2 %."""
MOST_BUSY = 0.7
"""Of a client process' one core at a rate: beyond it rows queue there (``bench.plan.generator``, ``MOST_SHARE``)."""
SLEWED = 1e-3
"""Of the time between two looks: NTP may slew each of both clocks by 500 ppm, as in ``judge.check_clock``."""


def check_clocks(checks: Iterable[ClockCheck]) -> list[Reason]:
    """Return why a window may not have been the same there: of all clocks the one that is furthest off."""
    found: list[Reason] = []
    for check in checks:
        found += _doubts(check)
    return sorted(found, key=lambda reason: -(reason.share or 0))[:1]


def check_kept_busy(processes: Iterable[tuple[str, float]]) -> list[Reason]:
    """Return whether clients that offered a rate were near the end of what they can send, as that depends on their box.

    What they reach on the null server is known of the server's own box alone.

    Args:
        processes: of each client process its box, and the cores that it kept busy.

    """
    box, cores = max(processes, key=lambda each: each[1], default=("", 0.0))
    if cores <= MOST_BUSY:
        return []
    detail = (
        f"a client process on the client box {box} kept {cores:.2f} of its one core busy: beyond {MOST_BUSY:g} rows"
        " queue there, and latency is the client's"
    )
    return [Reason(code="client-capacity", detail=detail, share=cores)]


def _doubts(check: ClockCheck) -> Iterable[Reason]:
    before, after = check.before, check.after
    seconds = (after.at_ns - before.at_ns) / SECOND_NS
    unsure_s, moved_s = _seconds(max(before, after, key=_unsure).uncertain_ns), _seconds(abs(after.ns - before.ns))
    where = f"the clock of the client box {check.box}"
    if unsure_s > CLOCK_S:
        detail = f"{where} is known to {1000 * unsure_s:.1f} ms only: answers took twice as long"
        yield Reason(code="client-clock", detail=detail, share=unsure_s / seconds)
    elif moved_s > CLOCK_S + SLEWED * seconds:
        detail = f"{where} moved by {1000 * moved_s:.1f} ms against this box's within {seconds:.1f} s"
        yield Reason(code="client-clock", detail=detail, share=moved_s / seconds)


def _unsure(clock: Ahead) -> int:
    return clock.uncertain_ns


def _seconds(ns: int) -> float:
    return ns / SECOND_NS
