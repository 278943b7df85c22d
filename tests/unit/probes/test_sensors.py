"""The sensors on recorded hosts, and the arithmetic between two readings."""

import time
from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.model.readings import CpuTimes, DiskCounters, Stall, SwapPages, busy_share, energy_between
from bench.probes.block import data_device
from bench.probes.observed.host import Sensors, parse_cpu_times, parse_disk, parse_stall
from tests.builders import a_scene

RECORDED = Path(__file__).parent / "recorded"


def test_an_n100_gives_every_sensor():
    reading = Sensors(a_scene("nvme0n1", RECORDED / "n100")).read()
    assert reading.temperature_c == 54.0
    assert reading.throttle_counts == {"core_throttle_count": 8, "package_throttle_count": 28}
    assert reading.frequency_mhz == 2000.0
    assert reading.energy_uj == {"intel-rapl:0": 261_900_000_000}
    assert reading.pressure_us["io"] == Stall(some=88120331, full=71003112)
    assert reading.swap == SwapPages(swapped_in=12, swapped_out=340)
    assert reading.cpu == CpuTimes(busy=287910, steal=0, total=9708090)
    assert reading.disk == DiskCounters(writes=5170112, sectors_written=214003211, busy_ms=640120)


def test_an_n100_tells_where_its_energy_counter_wraps():
    assert Sensors(a_scene("nvme0n1", RECORDED / "n100")).energy_range_uj == {"intel-rapl:0": 262_143_328_850}


def test_a_virtual_machine_says_which_sensors_it_lacks_and_gives_the_rest():
    reading = Sensors(a_scene("vda", RECORDED / "vm")).read()
    assert reading.frequency_mhz == Unreadable(unreadable="no cpufreq in this kernel")
    assert reading.energy_uj == Unreadable(unreadable="no powercap in this kernel")
    assert reading.throttle_counts == Unreadable(unreadable="this kernel does not count thermal throttling")
    assert isinstance(reading.temperature_c, Unreadable)
    assert isinstance(reading.cpu, CpuTimes)
    assert isinstance(reading.disk, DiskCounters)


def test_without_any_file_every_sensor_has_a_reason(tmp_path):
    reading = Sensors(a_scene("sda", tmp_path)).read()
    sensors = [getattr(reading, name) for name in reading.__slots__ if name != "pressure_us"]
    assert all(isinstance(sensor, Unreadable) for sensor in [*sensors, *reading.pressure_us.values()])


def test_without_a_device_the_disk_sensor_repeats_the_reason():
    why = Unreadable(unreadable="tmpfs lies in memory, on no device")
    assert Sensors(a_scene(why, RECORDED / "n100")).read().disk == why


def test_a_device_that_is_gone_is_said_not_raised():
    disk = Sensors(a_scene("sdz", RECORDED / "n100")).read().disk
    assert isinstance(disk, Unreadable)
    assert "no device sdz" in disk.unreadable


def test_without_the_packages_thermal_zone_the_hottest_core_counts(tmp_path):
    hwmon = tmp_path / "sys/class/hwmon/hwmon4"
    hwmon.mkdir(parents=True)
    (hwmon / "name").write_text("coretemp\n")
    for sensor, temperature in enumerate((51000, 61500, 49000), start=1):
        (hwmon / f"temp{sensor}_input").write_text(f"{temperature}\n")
    assert Sensors(a_scene("sda", tmp_path)).read().temperature_c == 61.5


def test_a_counter_that_vanishes_between_two_readings_is_said_not_raised(tmp_path):
    counter = tmp_path / "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    counter.parent.mkdir(parents=True)
    counter.write_text("3\n")
    sensors = Sensors(a_scene("sda", tmp_path))
    counter.unlink()
    assert sensors.read().throttle_counts == Unreadable(unreadable="gone while reading")


def test_the_sensors_of_this_machine_take_less_than_2_ms_of_the_processor(tmp_path):
    sensors = Sensors(a_scene(data_device(tmp_path.resolve())))
    assert min(seconds_to_read(sensors) for _ in range(20)) < 0.002


def test_the_sensors_of_an_n100_take_less_than_2_ms_of_the_processor():
    sensors = Sensors(a_scene("nvme0n1", RECORDED / "n100"))
    assert min(seconds_to_read(sensors) for _ in range(20)) < 0.002


def seconds_to_read(sensors: Sensors) -> float:
    start = time.thread_time()
    sensors.read()
    return time.thread_time() - start


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(100, 250, 150), (100, 100, 0), (262_143_328_000, 1_000, 1_850)],
)
def test_energy_is_the_difference_also_across_the_wrap(before, after, expected):
    assert energy_between(before, after, 262_143_328_850) == expected


def test_the_busy_share_leaves_idle_waiting_and_stolen_time_out():
    before = parse_cpu_times("cpu  100 0 50 800 30 10 10 0 0 0\n")
    after = parse_cpu_times("cpu  130 5 60 850 40 15 10 20 7 0\n")
    assert busy_share(before, after) == pytest.approx(50 / 130)


def test_without_a_tick_in_between_there_is_no_busy_share():
    times = CpuTimes(busy=1, steal=0, total=2)
    assert busy_share(times, times) is None


@pytest.mark.parametrize("text", ["", "intr 1 2\n", "cpu0 1 2 3 4 5 6 7 8\n"])
def test_a_first_line_that_is_not_of_all_processors_is_refused(text):
    with pytest.raises(ValueError, match="not that of all processors"):
        parse_cpu_times(text)


def test_of_an_older_kernel_which_counts_no_full_stall_of_the_processor_the_other_is_read():
    assert parse_stall("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n") == Stall(some=5, full=None)


def test_a_pressure_file_without_any_stall_is_refused():
    with pytest.raises(ValueError, match="lines full, not some and full"):
        parse_stall("full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n")


def test_a_partition_is_not_taken_for_its_disk():
    text = (RECORDED / "n100/proc/diskstats").read_text()
    assert parse_disk(text, "nvme0n1p2").writes == 4458111
