"""The metronome: what the same work costs, and that it costs next to nothing."""

import time
from threading import Event

import pytest

from bench.agent import observers
from bench.agent.observers import Observer, call_directly
from bench.model.fingerprint import Unreadable
from bench.probes.observed.metronome import NEVER, PROBE, TEXTS, work
from bench.probes.probe import BEATS_PER_S
from tests.builders import a_scene


def test_the_work_is_always_the_same():
    assert work() == work() == 64 * len(TEXTS)


def test_its_figures_are_what_a_beat_took_in_the_window_alone():
    readings = [
        {"beats": 10, "cpu_s": 0.5, "wall_s": 0.9},
        {"beats": 20, "cpu_s": 0.504, "wall_s": 0.91},
        {"beats": 30, "cpu_s": 0.508, "wall_s": 0.92},
    ]
    found = PROBE(a_scene()).summary(readings, 2.0)
    assert found == pytest.approx({"cpu_ms": 0.4, "wall_ms": 1.0, "beats": 20})


def test_one_that_never_came_to_beat_says_so():
    assert PROBE(a_scene()).summary([{"beats": 3, "cpu_s": 1.0, "wall_s": 1.0}] * 2, 2.0) == dict.fromkeys(
        PROBE.figures, NEVER
    )


def test_it_counts_the_cpu_time_of_its_own_work_and_no_waiting():
    probe = PROBE(a_scene())
    first, began = probe.read(), time.thread_time()
    for _ in range(20):
        probe.beat()
        time.sleep(0.005)
    spent_s, found = time.thread_time() - began, probe.summary([first, probe.read()], 1.0)
    assert not any(isinstance(figure, Unreadable) for figure in found.values())
    assert 0 < found["cpu_ms"] * found["beats"] / 1000 <= spent_s
    assert found["wall_ms"] > 0
    assert found["beats"] == 20


class Paused(Event):
    """Notes the pauses that are asked for, and waits for a moment of each: waking up costs as much."""

    def __init__(self, beats):
        super().__init__()
        self.asked, self._beats = [], beats

    def wait(self, timeout=None):
        self.asked.append(timeout)
        super().wait(0.001)
        return len(self.asked) > self._beats


def test_it_takes_less_than_one_percent_of_a_core(monkeypatch):
    monkeypatch.setattr(observers.INSTANTS, "uniform", lambda least, most: (least + most) / 2)
    observer, over = Observer("metronome", PROBE, a_scene(), call_directly), Paused(beats=100)
    # By CPU time, with what waiting and waking up cost: how busy others are lets it beat less often.
    began = time.thread_time()
    observer._beat(over)
    spent_s = time.thread_time() - began
    assert observer.probe.read()["beats"] == 100
    assert spent_s < 0.01 * sum(over.asked)
    assert min(over.asked) == 1 / BEATS_PER_S
