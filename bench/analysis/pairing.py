"""Whether the runs of several boxes were interleaved: then what drifted on their machine cancels within a block.

Told by the records alone, whatever was asked for.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from bench.analysis.pulled import PulledRun, latest
from bench.model.fingerprint import Fact
from bench.model.record import Record

NO_CONTAINER = "none"
KERNEL = ("kernel", "kernel_build", "container")


def interleaved(runs: Sequence[PulledRun]) -> bool:
    """Return whether one box measured at a time, and all had ended a block before any began the next one.

    Boxes that share a kernel have one clock: clock namespaces do not touch the time of day (time_namespaces(7)). Two
    machines that fingerprints could not distinguish have clocks that agree to a few milliseconds where NTP keeps them,
    less than lies between two turns.
    """
    if len({run.plan.run for run in runs}) > 1 or not share_kernel(runs):
        return False
    spans: list[tuple[float, float, int]] = []
    for run in runs:
        of_box = list(_block_spans(latest(run.records)))
        if not of_box:
            return False
        spans += of_box
    for (_, end, block), (begin, _, following) in pairwise(sorted(spans)):
        if end > begin or block > following:
            return False
    return True


def share_kernel(runs: Sequence[PulledRun]) -> bool:
    """Return whether all are containers of one kernel, as far as fingerprints tell."""
    known: set[tuple[Fact | None, ...]] = set()
    for run in runs:
        if run.host is None:
            return False
        facts = run.host.facts.get("system", {})
        kernel = tuple(facts.get(name) for name in KERNEL)
        if not all(isinstance(fact, str) for fact in kernel) or facts["container"] == NO_CONTAINER:
            return False
        known.add(kernel)
    return len(known) == 1


def _block_spans(records: Sequence[Record]) -> Iterable[tuple[float, float, int]]:
    """Return when each block's first trial began and its last one was measured, and its number; of those that count."""
    spans: dict[int, tuple[float, float]] = {}
    for record in records:
        if record.rows_per_s is None:
            continue
        began = datetime.fromisoformat(record.started).timestamp()
        # A record has no times of preparing and verifying: the span is a little shorter than the turn.
        ended = began + record.warm_up_s + record.seconds + (record.checkpoint_s or 0)
        first, last = spans.get(record.trial.block, (began, ended))
        spans[record.trial.block] = min(first, began), max(last, ended)
    for block, (began, ended) in spans.items():
        yield began, ended, block
