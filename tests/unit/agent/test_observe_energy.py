"""Energy over a window: summed over packages, across the counter's wrap, why where it could not be read."""

from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.model.readings import Moment, energy_j
from bench.probes.observed.host import Sensors
from tests.builders import a_scene

SILENT = Sensors(a_scene(Unreadable(unreadable="none"), Path("/nowhere"))).read()
RANGES = {"intel-rapl:0": 1000, "intel-rapl:1": 5000}


def moments(*energies):
    return [
        Moment(at_s=float(at), host=type(SILENT)(**{**fields(), "energy_uj": energy}), server={})
        for at, energy in enumerate(energies)
    ]


def fields():
    return {name: getattr(SILENT, name) for name in SILENT.__dataclass_fields__}


def test_it_is_the_sum_over_the_packages_in_joules():
    read = moments({"intel-rapl:0": 100, "intel-rapl:1": 0}, {"intel-rapl:0": 300, "intel-rapl:1": 800})
    assert energy_j(read, RANGES) == 0.001


def test_a_counter_that_began_again_meanwhile_is_no_loss():
    read = moments({"intel-rapl:0": 900}, {"intel-rapl:0": 200}, {"intel-rapl:0": 100})
    assert energy_j(read, RANGES) == (300 + 900) / 1e6


def test_what_could_not_be_read_once_is_not_known():
    unreadable = Unreadable(unreadable="permission denied")
    assert energy_j(moments({"intel-rapl:0": 1}, unreadable, {"intel-rapl:0": 3}), RANGES) == unreadable
    assert energy_j(moments({"intel-rapl:0": 3}, {"intel-rapl:0": 1}), {"intel-rapl:0": unreadable}) == unreadable
    assert energy_j(moments({"intel-rapl:0": 1}), RANGES) == Unreadable(unreadable="read once only")
    assert energy_j([], RANGES) == Unreadable(unreadable="read once only")


def test_where_a_counter_wraps_need_not_be_known_as_long_as_it_does_not():
    read = moments({"intel-rapl:0": 1}, {"intel-rapl:0": 3_000_001})
    assert energy_j(read, {"intel-rapl:0": Unreadable(unreadable="no such file")}) == 3


@pytest.mark.parametrize("still", [0, 700])
def test_a_counter_that_never_moves_is_no_measurement_of_0_joules(still):
    read = moments({"intel-rapl:0": still}, {"intel-rapl:0": still}, {"intel-rapl:0": still})
    why = "the counter of intel-rapl:0 never moved, as on virtual machines"
    assert energy_j(read, RANGES) == Unreadable(unreadable=why)


def test_where_the_counter_of_one_of_two_packages_never_moves_their_sum_is_not_known():
    read = moments({"intel-rapl:0": 100, "intel-rapl:1": 5}, {"intel-rapl:0": 300, "intel-rapl:1": 5})
    assert energy_j(read, RANGES) == Unreadable(
        unreadable="the counter of intel-rapl:1 never moved, as on virtual machines"
    )
