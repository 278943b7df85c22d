"""Energy over a window: summed over packages, across the counter's wrap, None where it could not be read."""

from pathlib import Path

from bench.agent.observe import Moment, energy_j
from bench.model import Unreadable
from bench.probes.sensors import Sensors

SILENT = Sensors(Unreadable(unreadable="none"), Path("/nowhere")).read()
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
    assert energy_j(moments({"intel-rapl:0": 1}, unreadable, {"intel-rapl:0": 3}), RANGES) is None
    assert energy_j(moments({"intel-rapl:0": 1}, {"intel-rapl:0": 3}), {"intel-rapl:0": unreadable}) is None
    assert energy_j(moments({"intel-rapl:0": 1}), RANGES) is None
    assert energy_j([], RANGES) is None
