"""What an open loop adds to each row that comes: drawing when it is due, taking it, keeping its record."""

from dataclasses import replace
from time import monotonic_ns, process_time_ns

from bench.model.values import Arrivals
from bench.workload.arrivals import Coming, Share, moments
from bench.workload.messages import Window
from bench.workload.phase import ladder
from bench.workload.recorder import OpenRecorder

ROWS_PER_S = 10_000
ARRIVALS: Arrivals = "poisson"
FAR_NS = 10**15
ANSWERED_NS = 1_000_009


def share_of_time(phase: str, collect_ms: float | None, seconds: float = 20) -> float:
    """Return which part of its time, in %, a client process of a phase spends on it at 10,000 rows/s.

    Waiting for what is due next is not in it: whoever waits has time.
    """
    parameters = replace(ladder()[phase].parameters, collect_ms=collect_ms)
    batch = parameters.batch
    per_s = ROWS_PER_S if collect_ms else ROWS_PER_S / batch
    due = moments(Share(per_s=per_s, arrivals=ARRIVALS, number=1, of=1, seed=1), 0)
    coming = Coming(due, parameters, Window(opens_ns=0, closes_ns=FAR_NS))
    recorder = OpenRecorder(0, FAR_NS, batch, collects=coming.collects, limit_ns=None)
    ends_ns = round(seconds * 1e9)
    began_ns = process_time_ns()
    while coming.ready_ns < ends_ns:
        now_ns = coming.ready_ns
        came = coming.take(now_ns, was_free=True)
        # As often as a client reads it; what it would say is made up.
        _ = monotonic_ns(), monotonic_ns(), monotonic_ns(), monotonic_ns(), monotonic_ns()
        answered_ns = now_ns + ANSWERED_NS
        recorder.acknowledge(now_ns, now_ns, now_ns, answered_ns, answered_ns, came)
    recorder.fold()
    return 100 * (process_time_ns() - began_ns) / (seconds * 1e9)
