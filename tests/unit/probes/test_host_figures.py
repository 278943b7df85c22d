"""What the readings of a host come to over a window."""

import pytest

from bench.model.fingerprint import Unreadable
from bench.model.readings import HOST_FIGURES, DiskCounters, Stall, host_figures, reading_of
from bench.probes.observed.host import PROBE
from bench.probes.probe import OWN, load_probe, probe_files

NONE = {"unreadable": "none here"}


def reading(at_s, **changes):
    """The host at a second: half its disk's time busy, 2,000 writes of 4 KiB a second."""
    return {
        "temperature_c": 50.0 + at_s,
        "frequency_mhz": 2000.0 + 100 * at_s,
        "pressure_us": {
            "cpu": {"some": 900_000 * at_s, "full": None},
            "io": {"some": 250_000 * at_s, "full": 0},
            "memory": {"some": 7, "full": 7},
        },
        "throttle_counts": {"core_throttle_count": 7 + at_s, "package_throttle_count": 2 * at_s},
        "disk": {"writes": 10 + 2000 * at_s, "sectors_written": 16_000 * at_s, "busy_ms": 500 * at_s},
        **changes,
    }


def figures(*readings, span_s=2.0):
    return host_figures([reading_of(each) for each in readings], span_s)


def test_they_are_extremes_means_and_rates():
    assert figures(reading(0), reading(1), reading(2)) == pytest.approx(
        {
            "temperature_c": 52,
            "frequency_mhz": 2100,
            "cpu_pressure_pct": 90,
            "io_pressure_pct": 25,
            "memory_pressure_pct": 0,
            "disk_busy_pct": 50,
            "disk_writes_per_s": 2000,
            "disk_written_mb_per_s": 8.192,
            "throttle_events": 6,
        }
    )


def test_what_can_not_be_read_has_its_reason_and_hides_nothing_else():
    found = figures(reading(0, temperature_c=NONE, disk=NONE), reading(2, temperature_c=NONE))
    for name in HOST_FIGURES:
        unknown = name == "temperature_c" or name.startswith("disk_")
        assert (found[name] == Unreadable(unreadable="none here")) == unknown


def test_a_sensor_that_failed_once_tells_of_the_rest():
    assert figures(reading(0), reading(1, temperature_c=NONE), reading(2))["temperature_c"] == 52


def test_a_host_that_counts_no_throttling_was_not_throttled_0_times():
    found = figures(reading(0, throttle_counts=NONE), reading(2, throttle_counts=NONE))
    assert found["throttle_events"] == Unreadable(unreadable="none here")


def test_one_reading_makes_no_rate():
    found = figures(reading(1), span_s=0.0)
    assert found["temperature_c"] == 51
    assert found["disk_busy_pct"] == found["io_pressure_pct"] == Unreadable(unreadable="read once only")


def test_what_a_file_does_not_keep_is_not_known():
    assert set(figures({}, {}).values()) == {Unreadable(unreadable="not kept")}


def test_a_reading_comes_back_as_it_was_kept():
    found = reading_of(reading(1, swap=NONE))
    assert found.pressure_us["io"] == Stall(some=250_000, full=0)
    assert found.disk == DiskCounters(writes=2010, sectors_written=16_000, busy_ms=500)
    assert found.swap == Unreadable(unreadable="none here")


def test_every_probe_of_pgladders_own_is_one():
    for path in probe_files().values():
        assert path.parent == OWN
        assert load_probe(path).figures
    assert set(PROBE.figures) == set(figures(reading(0), reading(1)))
