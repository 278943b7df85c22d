"""What is computed of a queue is what theory has of queues that it solves, and kept runs have what it takes."""

import math
from statistics import mean

import pytest

from tests.studies import queueing
from tests.studies.open_loop import RUNS

LOADS = (0.2, 0.5, 0.8)


@pytest.mark.parametrize("load", LOADS)
def test_one_connection_whose_commits_take_equally_long_waits_as_pollaczek_and_khinchine_have_it(load):
    took = queueing.waited(load, 0.0, 1, [1.0])
    assert mean(took) == pytest.approx(1 + load / 2 / (1 - load), rel=0.1)


@pytest.mark.parametrize("load", LOADS)
def test_one_connection_whose_commits_take_exponentially_long_has_exponential_latencies(load):
    shares = [(number + 0.5) / 2000 for number in range(2000)]
    took = queueing.waited(load, 0.0, 1, [-math.log(1 - share) for share in shares])
    assert took[len(took) // 2] == pytest.approx(math.log(2) / (1 - load), rel=0.15)
    assert took[int(0.99 * len(took))] == pytest.approx(math.log(100) / (1 - load), rel=0.25)


def test_where_many_connections_wait_for_one_event_loop_its_time_alone_makes_the_queue():
    alone = queueing.waited(10.0, 0.0, 1000, [1.0])
    assert [alone[0], alone[-1]] == pytest.approx([1.0, 1.0])
    shared = queueing.waited(10.0, 0.08, 1000, [1.0])
    assert shared[0] == pytest.approx(1.08)
    # Both halves pass the one loop, which is busy for 80 % of the time.
    assert mean(shared) > 1.08 + 0.08 * 0.8 / 2 / (1 - 0.8) / 2


def test_short_windows_of_a_busy_queue_seldom_agree_and_long_ones_of_an_idle_one_do(monkeypatch):
    monkeypatch.setattr(queueing, "PAIRS", 20)
    busy, idle = (queueing.agreeing(per_s, [0.0025], 2000 / per_s) for per_s in (340.0, 1.0))
    assert busy < 0.6
    assert idle > 0.9


def test_a_client_that_needs_longer_waits_longer_at_the_same_rate():
    slow, quick = (queueing.waited(5000.0, client_s, 10, [0.001]) for client_s in (150e-6, 50e-6))
    assert slow[int(0.99 * len(slow))] > quick[int(0.99 * len(quick))]


@pytest.mark.skipif(not RUNS.is_dir(), reason="make study-open-loop measures it")
def test_the_kept_runs_have_what_it_takes(monkeypatch, capsys):
    monkeypatch.setattr(queueing, "COME", 200)
    monkeypatch.setattr(queueing, "PAIRS", 1)
    queueing.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if "/s; " in line]
    assert len(lines) == 4 * 2 * 3
    assert all(line.count(" computed") == 2 for line in lines)
