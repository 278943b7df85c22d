"""The probe ``metronome``: the CPU time of one small fixed piece of work, done again and again while a window is open.

The work is what clients do with every row: texts are encoded, 640 kB of them, in about 0.4 ms. What it costs of CPU
time says how fast the processor was (its frequency, a busy sibling, caches that others fill), whatever the server's
configuration and the rate. It is read by the clock of the thread: time in which it had to wait counts in ``wall_ms``.
"""

from collections.abc import Mapping, Sequence
from time import perf_counter, thread_time
from typing import Any

from bench.model.fingerprint import Unreadable
from bench.probes.probe import Probe, Scene

TEXTS = tuple(f"{number:064}" for number in range(10_000))
NEVER = Unreadable(unreadable="it never came to beat in the window")


def work() -> int:
    """Do the work once, and return the bytes that it came to."""
    size = 0
    for text in TEXTS:
        size += len(text.encode())
    return size


class Metronome(Probe):
    """Counts beats and what they took; ``bench.probes.probe.Beating`` says how often."""

    period = "second"
    figures = ("cpu_ms", "wall_ms", "beats")

    def __init__(self, scene: Scene) -> None:
        """Begin to count."""
        del scene
        self._so_far = 0, 0.0, 0.0
        """Replaced as one: another thread reads it."""

    def beat(self) -> None:
        """See ``Beating.beat``."""
        beats, cpu_s, wall_s = self._so_far
        wall_began, cpu_began = perf_counter(), thread_time()
        work()
        cpu_s += thread_time() - cpu_began
        self._so_far = beats + 1, cpu_s, wall_s + perf_counter() - wall_began

    def read(self) -> Mapping[str, float]:
        """Return the sums so far."""
        beats, cpu_s, wall_s = self._so_far
        return {"beats": beats, "cpu_s": cpu_s, "wall_s": wall_s}

    def summary(self, readings: Sequence[Any], span_s: float) -> Mapping[str, float | Unreadable]:
        """Return what a beat took, on average."""
        del span_s
        first, last = readings[0], readings[-1]
        beats = last["beats"] - first["beats"]
        if not beats:
            return dict.fromkeys(self.figures, NEVER)
        return {
            "cpu_ms": 1000 * (last["cpu_s"] - first["cpu_s"]) / beats,
            "wall_ms": 1000 * (last["wall_s"] - first["wall_s"]) / beats,
            "beats": beats,
        }


PROBE = Metronome
