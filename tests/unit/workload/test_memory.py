"""What client processes take of memory, and trials that would take all of it."""

import os
import re
from dataclasses import replace

import pytest

from bench.model.errors import HostError
from bench.workload import memory
from bench.workload.memory import SHARE, check_memory, client_bytes, memory_left
from bench.workload.phase import ladder
from tests.builders import a_trial

GB = 10**9


def a_big_one(phase, **changes):
    return a_trial(phase=phase, parameters=replace(ladder()[phase].parameters, processes=1, **changes))


@pytest.mark.parametrize(
    ("phase", "batch", "payload", "in_flight", "measured_mb"),
    [
        ("2-C", 100, 64, 1, 42),
        ("2-C", 400_000, 64, 1, 83),
        ("2-C", 100_000, 64, 4, 82),
        ("2-C", 4, 50_000_000, 1, 932),
        ("2-B", 1, 64, 30_000, 117),
        ("2-E", 16_000, 1000, 1, 81),
        ("2-E", 16_000, 64, 4, 60),
        ("2-F", 400_000, 64, 1, 169),
        ("2-F", 100_000, 1000, 1, 262),
        ("2-F", 130_000, 1000, 2, 605),
        ("2-G", 400_000, 64, 1, 85),
        ("2-G", 100_000, 1000, 4, 91),
        ("2-G", 5_000, 64, 100, 114),
        ("1-B", 1, 50_000_000, 1, 491),
        ("2-I", 400_000, 64, 2, 98),
    ],
)
def test_the_estimate_is_near_what_was_measured(phase, batch, payload, in_flight, measured_mb):
    trial = a_big_one(phase, batch=batch, payload_bytes=payload, in_flight=in_flight)
    estimated_mb = client_bytes(ladder()[phase], trial.parameters) / 1e6
    assert 0.95 <= estimated_mb / measured_mb <= 1.5


def test_each_process_takes_as_much():
    one = a_big_one("2-G").parameters
    four = replace(one, processes=4)
    assert client_bytes(ladder()["2-G"], four) == 4 * client_bytes(ladder()["2-G"], one)


def test_the_whole_ladder_fits_a_box_of_512_mb():
    of_postgresql = [name for name, phase in ladder().items() if phase.engine is None]
    check_memory([a_trial(phase=name) for name in of_postgresql], ladder(), 512 << 20, "this box has {memory}")


@pytest.mark.parametrize(
    ("phase", "changes", "option"),
    [
        ("2-G", {"batch": 1_000_000_000}, "--batch"),
        ("2-F", {"batch": 10**12}, "--batch"),
        ("1", {"payload_bytes": 900_000_000}, "--payload-bytes"),
        ("2-B", {"in_flight": 100_000_000}, "--in-flight"),
        ("1-B", {"processes": 5000}, "--processes"),
    ],
)
def test_what_takes_more_is_refused_with_the_numbers_and_the_nearest_that_fits(phase, changes, option):
    trial = a_trial(phase=phase, parameters=replace(ladder()[phase].parameters, **changes))
    with pytest.raises(HostError, match=f"^Phase {phase} with ") as refusal:
        check_memory([trial], ladder(), 4 * GB, "this box has {memory}")
    [(name, value)] = changes.items()
    said = str(refusal.value)
    assert f"{option} {value:,}" in said
    assert "and this box has 4.00 GB, of which they may take 3.00 GB" in said
    most = int(re.search(rf"ask for {option} (\d+) or less\.$", said)[1])
    fits, too_much = (replace(trial.parameters, **{name: number}) for number in (most, most + 1))
    assert client_bytes(ladder()[phase], fits) <= SHARE * 4 * GB < client_bytes(ladder()[phase], too_much)


def test_where_one_number_less_does_not_help_it_says_so():
    parameters = replace(ladder()["2-G"].parameters, processes=1000, batch=100_000_000, in_flight=1000)
    with pytest.raises(HostError, match="ask for less of each"):
        check_memory([a_trial(phase="2-G", parameters=parameters)], ladder(), GB, "this box has {memory}")


@pytest.mark.parametrize(
    ("limit", "left"),
    [(None, (8 * GB, "this box has {memory} free")), (2 * GB, (2 * GB, "the control group allows {memory}"))],
)
def test_the_memory_is_what_control_groups_leave(monkeypatch, limit, left):
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("Memory", (), {"available": 8 * GB}))
    monkeypatch.setattr(memory, "memory_limit_bytes", lambda _: limit)
    assert memory_left() == left


def test_without_control_groups_it_is_the_machines(tmp_path):
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < memory_left(tmp_path)[0] <= most
