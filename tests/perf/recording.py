"""What keeping a record of a commit costs: its time, and the memory that all of them take."""

import tracemalloc
from time import monotonic_ns, perf_counter_ns

from bench.workload.recorder import Recorder


def recorder_ns(records: int = 200_000) -> float:
    """Return ns for each record: five readings of the clock, and keeping them, folding included."""
    recorder = Recorder(0, 10**12)
    began = perf_counter_ns()
    for number in range(records):
        for _ in range(4):
            monotonic_ns()
        recorder.acknowledge(number, number + 1, number + 2, number * 1009, monotonic_ns() and number * 1010)
    return (perf_counter_ns() - began) / records


def recorder_bytes(records: int) -> int:
    """Return bytes a recorder holds after so many records of ever different latencies."""
    tracemalloc.start()
    recorder = Recorder(0, 10**12)
    for number in range(records):
        recorder.acknowledge(0, 0, 0, number * 10_007 % 10**9, number)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held
