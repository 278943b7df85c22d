"""Facts of the processor that one recorded host does not show."""

import pytest

from bench.probes.cpu import cpu_facts, parse_physical_cores, turbo

CPU = "sys/devices/system/cpu"


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_threads_of_one_core_count_once():
    block = "processor: {}\nphysical id: 0\ncore id: {}"
    assert parse_physical_cores("\n\n".join(block.format(cpu, cpu // 2) for cpu in range(8))) == 4


def test_the_same_core_number_in_two_packages_is_two_cores():
    assert parse_physical_cores("physical id: 0\ncore id: 0\n\nphysical id: 1\ncore id: 0\n") == 2


@pytest.mark.parametrize(("no_turbo", "expected"), [("0\n", True), ("1\n", False)])
def test_intel_pstate_tells_whether_turbo_is_off(tmp_path, no_turbo, expected):
    write(tmp_path, f"{CPU}/intel_pstate/no_turbo", no_turbo)
    assert turbo(tmp_path) is expected


@pytest.mark.parametrize(("boost", "expected"), [("0\n", False), ("1\n", True)])
def test_other_drivers_tell_whether_boost_is_on(tmp_path, boost, expected):
    write(tmp_path, f"{CPU}/cpufreq/boost", boost)
    assert turbo(tmp_path) is expected


def test_cores_of_two_kinds_are_listed(tmp_path):
    for core, limit in enumerate(("4700000\n", "3400000\n")):
        write(tmp_path, f"{CPU}/cpufreq/policy{core}/cpuinfo_max_freq", limit)
    assert cpu_facts(tmp_path)["hardware_max_mhz"] == [4700, 3400]
