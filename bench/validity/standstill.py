"""Who stood still while a window was open: all at once, or some client processes while the others went on. Pure.

A pause counts where it is long for the window and far beyond what a commit usually takes: a disk may be slow.
"""

from collections.abc import Sequence

from hdrh.histogram import HdrHistogram

from bench.model.record import Reason
from bench.stats.gaps import Gap, longest_gap, own_gaps
from bench.stats.histogram import below, usual_ms

STALLED_SHARE = 0.05
"""Of the window, where a pause begins to count; of the clients' time, from where on their pauses are of weight."""
FAR_BEYOND_P99, FAR_BEYOND_P50 = 3, 10
SECOND_NS = 1_000_000_000
MOST_IN_PAUSE = 1e6 / 2
"""µs a second of pause: a commit that took longer than half of it was part of it."""


def check_pauses(by_process: Sequence[Sequence[Gap]], window_s: float, latency: HdrHistogram) -> list[Reason]:
    """Judge the pauses of the client processes, by the latencies in µs of all their commits."""
    gap_s = longest_gap(by_process) / SECOND_NS
    # Without the commits of the pause itself, which would make it look usual.
    of_others = below(latency, gap_s * MOST_IN_PAUSE)
    return [
        *check_gap(gap_s, window_s, *usual_ms(of_others)),
        *_some_alone(by_process, window_s, latency),
    ]


def check_gap(gap_s: float, window_s: float, p50_ms: float | None, p99_ms: float | None) -> list[Reason]:
    """Judge the longest pause of all clients; the percentiles as of ``far_beyond_usual``."""
    than = far_beyond_usual(gap_s, window_s, p50_ms, p99_ms)
    if than is None:
        return []
    share = gap_s / window_s
    detail = f"nothing was acknowledged for {gap_s:.2f} s, {share:.0%} of the window, where {than}"
    return [Reason(code="stalled", detail=detail, share=share)]


def _some_alone(by_process: Sequence[Sequence[Gap]], window_s: float, latency: HdrHistogram) -> list[Reason]:
    """Judge the pauses that some client processes had for themselves; the share is of the time of all clients."""
    if len(by_process) < 2:
        return []
    of_each_s = [gap / SECOND_NS for gap in own_gaps(by_process)]
    longest_s = max(of_each_s)
    usual = usual_ms(below(latency, longest_s * MOST_IN_PAUSE))
    still_s = [gap_s for gap_s in of_each_s if far_beyond_usual(gap_s, window_s, *usual)]
    if not still_s:
        return []
    than = far_beyond_usual(longest_s, window_s, *usual)
    share = sum(still_s) / (window_s * len(of_each_s))
    code = "clients-stalled" if share > STALLED_SHARE else "some-clients-stalled"
    up_to = ""
    if len(still_s) > 1:
        up_to = "up to "
    detail = (
        f"{len(still_s)} of {len(of_each_s)} client processes had nothing acknowledged for {up_to}{longest_s:.2f} s,"
        f" {longest_s / window_s:.0%} of the window, while others went on, where {than}"
    )
    return [Reason(code=code, detail=detail, share=share)]


def far_beyond_usual(gap_s: float, window_s: float, p50_ms: float | None, p99_ms: float | None) -> str | None:
    """Return what a pause is far beyond, in words; None where it is too short to count.

    ``p50_ms`` and ``p99_ms`` are of all other commits, None where there are too few to have one: what is too uncertain
    to be shown still tells what is far beyond it.
    """
    if gap_s <= STALLED_SHARE * window_s:
        return None
    # The 99th percentile already holds slow commits: three times as long is far beyond it.
    if p99_ms is not None:
        far_beyond, than = FAR_BEYOND_P99 * p99_ms, f"99 % of commits take up to {p99_ms:.3g} ms"
    elif p50_ms is not None:
        far_beyond, than = FAR_BEYOND_P50 * p50_ms, f"half of the commits take up to {p50_ms:.3g} ms"
    else:
        return None
    if 1000 * gap_s <= far_beyond:
        return None
    return than
