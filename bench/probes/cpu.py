"""The processor: what it is, how fast it may run, what slows it by design.

Owns the facts of group ``cpu``. What it does from second to second (frequency, heat, energy) is
``observed.host``'s business.
Sources: /proc/cpuinfo (proc(5)); Documentation/ABI/testing/sysfs-devices-system-cpu,
Documentation/admin-guide/pm/cpufreq.rst and intel_pstate.rst, Documentation/power/powercap/powercap.rst.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.model.fingerprint import Fact, Unreadable
from bench.model.readings import NO_THROTTLE
from bench.probes.allowance import allowance_facts
from bench.probes.control_group import SELF
from bench.probes.observed.host import THROTTLE_FILES
from bench.probes.source import field, first_known, flag, read_common, read_each, read_fact, read_path, word

CPU = "sys/devices/system/cpu"
NO_CPUFREQ = "no cpufreq in this kernel"
NO_PSTATE = "no intel_pstate in this kernel"
NO_POWERCAP = "no powercap in this kernel"
NO_TOPOLOGY = "this kernel does not tell which processors share a core"

T = TypeVar("T")


def cpu_facts(root: Path, process: int | str = SELF) -> dict[str, Fact]:
    """Read identity, frequency (MHz), power limits (µW, µs) and mitigations, and what of it a process may use."""
    return {
        **_identity(root),
        **allowance_facts(root, process),
        **_frequency(root),
        "power_limits": power_limits(root),
        "throttle_counters": throttle_counters(root),
        "mitigations": mitigations(root),
    }


def _identity(root: Path) -> dict[str, Fact]:
    def cpuinfo(parse: Callable[[str], T]) -> T | Unreadable:
        return read_fact(root, "proc/cpuinfo", parse, "no /proc here")

    def idle(name: str) -> str | Unreadable:
        return read_fact(root, f"{CPU}/cpuidle/{name}", word, "no cpuidle in this kernel")

    return {
        "model": cpuinfo(field("model name")),
        "signature": first_known((cpuinfo(parse_signature), cpuinfo(parse_arm_signature))),
        "microcode": cpuinfo(field("microcode")),
        "logical_cpus": cpuinfo(parse_logical_cpus),
        "physical_cores": first_known((cpuinfo(parse_physical_cores), cores_by_topology(root))),
        "smt": read_fact(root, f"{CPU}/smt/control", word, "no control of SMT in this kernel"),
        "idle_driver": idle("current_driver"),
        "idle_governor": first_known((idle("current_governor"), idle("current_governor_ro"))),
    }


def _frequency(root: Path) -> dict[str, Fact]:
    def policy(name: str, parse: Callable[[str], T]) -> T | list[T] | Unreadable:
        return read_common(root, f"{CPU}/cpufreq/policy*/{name}", parse, NO_CPUFREQ)

    return {
        "frequency_driver": policy("scaling_driver", word),
        "governor": policy("scaling_governor", word),
        "energy_preference": read_common(
            root, f"{CPU}/cpufreq/policy*/energy_performance_preference", word, "no energy preference in this kernel"
        ),
        "hardware_min_mhz": policy("cpuinfo_min_freq", megahertz),
        "hardware_max_mhz": policy("cpuinfo_max_freq", megahertz),
        "allowed_min_mhz": policy("scaling_min_freq", megahertz),
        "allowed_max_mhz": policy("scaling_max_freq", megahertz),
        "base_mhz": read_common(root, f"{CPU}/cpufreq/policy*/base_frequency", megahertz, NO_PSTATE),
        "max_performance_pct": read_fact(root, f"{CPU}/intel_pstate/max_perf_pct", int, NO_PSTATE),
        "turbo": turbo(root),
    }


def parse_signature(text: str) -> str:
    """Join family, model and stepping, which distinguish processors sold under one name: ``6-190-0``."""
    return "-".join(field(name)(text) for name in ("cpu family", "model", "stepping"))


def parse_arm_signature(text: str) -> str:
    """Join what ARM has in place of them: ``0x41-8-0x4-0xd0b-1``."""
    names = ("implementer", "architecture", "variant", "part", "revision")
    return "-".join(field(f"CPU {name}")(text) for name in names)


def parse_logical_cpus(text: str) -> int:
    """Count the processors the kernel schedules on."""
    count = sum(line.partition(":")[0].strip() == "processor" for line in text.splitlines())
    if not count:
        raise ValueError("no 'processor' line")
    return count


def parse_physical_cores(text: str) -> int:
    """Count the distinct cores among them: (package, core) pairs."""
    cores: set[tuple[str, str]] = set()
    for processor in text.strip().split("\n\n"):
        cores.add((field("physical id")(processor), field("core id")(processor)))
    return len(cores)


def cores_by_topology(root: Path) -> int | Unreadable:
    """Count the distinct cores where /proc/cpuinfo does not tell them, as on ARM."""
    packages = read_each(root, f"{CPU}/cpu[0-9]*/topology/physical_package_id", int, NO_TOPOLOGY)
    cores = read_each(root, f"{CPU}/cpu[0-9]*/topology/core_id", int, NO_TOPOLOGY)
    if isinstance(packages, Unreadable) or isinstance(cores, Unreadable):
        return Unreadable(unreadable=NO_TOPOLOGY)
    return len(set(zip(packages, cores, strict=False)))


def megahertz(text: str) -> float:
    """Convert from kHz, in which cpufreq counts."""
    return int(text) / 1000


def turbo(root: Path) -> bool | Unreadable:
    """Return whether the processor may exceed its base frequency."""
    absent = "no turbo switch in this kernel (neither intel_pstate nor cpufreq boost)"
    by_pstate = read_fact(root, f"{CPU}/intel_pstate/no_turbo", unflag, absent)
    return first_known((by_pstate, read_fact(root, f"{CPU}/cpufreq/boost", flag, absent)))


def unflag(text: str) -> bool:
    """Parse the kernel's 0 or 1 of a switch that turns something off."""
    return not flag(text)


def mitigations(root: Path) -> Fact:
    """Read each processor vulnerability the kernel knows, and what it does about it."""
    paths = sorted((root / CPU / "vulnerabilities").glob("*"))
    if not paths:
        return Unreadable(unreadable="this kernel does not list vulnerabilities")
    return {path.name: read_path(path, word, "gone while reading") for path in paths}


def throttle_counters(root: Path) -> Fact:
    """Name the counters of slowing for heat or power: where there are none, no trial can tell that it was slowed."""
    return sorted({path.name for path in root.glob(THROTTLE_FILES)}) or Unreadable(unreadable=NO_THROTTLE)


def power_limits(root: Path) -> Fact:
    """Read the RAPL limits of each top zone: boxes with the same processor differ here.

    Both interfaces are listed, ``intel-rapl`` (MSR) and ``intel-rapl-mmio``; the processor obeys the lower one.
    """
    zones = [path for path in sorted(root.glob("sys/class/powercap/intel-rapl*:*")) if path.name.count(":") == 1]
    if not zones:
        return Unreadable(unreadable=NO_POWERCAP)
    return {zone.name: _zone(zone) for zone in zones}


def _zone(zone: Path) -> dict[str, Fact]:
    limits: dict[str, Fact] = {
        "name": read_path(zone / "name", word, "zone without a name"),
        "enabled": read_path(zone / "enabled", flag, "not reported by this kernel"),
    }
    for path in sorted(zone.glob("constraint_*_name")):
        constraint = read_path(path, word, "gone while reading")
        name = path.name.removesuffix("_name") if isinstance(constraint, Unreadable) else constraint
        prefix = path.name.removesuffix("_name")
        limits[f"{name}_uw"] = read_path(zone / f"{prefix}_power_limit_uw", int, "no such limit")
        limits[f"{name}_window_us"] = read_path(zone / f"{prefix}_time_window_us", int, "no time window")
    return limits
