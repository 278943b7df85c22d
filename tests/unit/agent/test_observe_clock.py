import time

from bench.agent import observe


def test_a_pause_between_two_readings_is_no_step_of_the_clock(monkeypatch):
    pauses, now = iter((0.0, 2.0, 0.0, 0.0, 0.0, 0.5)), [100.0]

    def passing():
        now[0] += next(pauses)
        return now[0]

    monkeypatch.setattr(observe, "monotonic", passing)
    monkeypatch.setattr(time, "time", lambda: now[0] + 1000)
    assert observe.wall_clock_ahead() == 1000
