"""The probe ``host``: heat, throttling, frequency, energy, pressure, I/O, from second to second while a trial runs.

Owns cheap readers of counters and gauges. What they read, and what lies between two readings, is
``bench.model.readings``', so that an analysis can say the same of the samples; their doubts are
``bench.validity.judge``'s for the same reason. Files are looked for once, then only read.
Sources: Documentation/admin-guide/thermal/intel_thermal_throttle.rst, Documentation/power/powercap/powercap.rst,
Documentation/accounting/psi.rst, Documentation/admin-guide/iostats.rst, proc(5).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.model.fingerprint import Unreadable
from bench.model.readings import (
    HOST_FIGURES,
    NO_THROTTLE,
    CpuTimes,
    DiskCounters,
    Reading,
    Stall,
    SwapPages,
    host_figures,
    reading_of,
)
from bench.probes.probe import Probe, Scene
from bench.probes.source import field, first_known, if_known, known_ones, read_fact, read_path, word

CPU = "sys/devices/system/cpu"
THROTTLE_FILES = f"{CPU}/cpu[0-9]*/thermal_throttle/*_count"
NO_SENSOR = "no temperature sensor of the processor in this kernel"
NO_CPUFREQ = "no cpufreq in this kernel"
NO_POWERCAP = "no powercap in this kernel"
NO_PRESSURE = "no pressure stall information in this kernel"
NOT_HERE = "gone while reading"
DRIVERS = frozenset({"coretemp", "k10temp", "zenpower", "via_cputemp", "cpu_thermal", "soc_thermal"})
"""Names of hwmon drivers that measure the processor."""
ARM_ZONES = ("cpu", "soc", "bigcore", "littlecore")
"""How the thermal zones of a processor begin on ARM boards: cpu-thermal, cpu_thermal, cpu0-thermal, soc-thermal."""


class Sensors(Probe):
    """The sensors of one host, found once; ``read()`` then costs well under 2 ms."""

    period = "second"
    figures = HOST_FIGURES

    def __init__(self, scene: Scene) -> None:
        """Look for the sensors."""
        root = scene.root
        self._root = root
        self._device = scene.device
        self._temperatures = temperature_files(root)
        self._throttles = Counters(root.glob(THROTTLE_FILES), NO_THROTTLE)
        self._frequencies = sorted(root.glob(f"{CPU}/cpufreq/policy*/scaling_cur_freq"))
        self._energies = energy_zones(root)
        self.energy_range_uj: dict[str, int | Unreadable] = {}
        """Where the counter of each zone starts again from 0."""
        for name, zone in self._energies.items():
            self.energy_range_uj[name] = read_path(zone / "max_energy_range_uj", int, NOT_HERE)

    def read(self) -> Reading:
        """Read them all once."""
        return Reading(
            temperature_c=hottest(self._temperatures),
            throttle_counts=self._throttles.read(),
            frequency_mhz=mean_mhz(self._frequencies),
            energy_uj=self._energy(),
            pressure_us=self._pressures(),
            swap=read_fact(self._root, "proc/vmstat", parse_swap, "no /proc here"),
            cpu=read_fact(self._root, "proc/stat", parse_cpu_times, "no /proc here"),
            disk=if_known(self._device, self._disk),
        )

    def summary(self, readings: Sequence[Any], span_s: float) -> Mapping[str, float | Unreadable]:
        """Return what the host did over a window."""
        return host_figures([reading_of(reading) for reading in readings], span_s)

    def _energy(self) -> dict[str, int] | Unreadable:
        energies: dict[str, int] = {}
        for name, zone in self._energies.items():
            energy = read_path(zone / "energy_uj", int, NOT_HERE)
            if isinstance(energy, Unreadable):
                return energy
            energies[name] = energy
        return energies or Unreadable(unreadable=NO_POWERCAP)

    def _pressures(self) -> dict[str, Stall | Unreadable]:
        pressures: dict[str, Stall | Unreadable] = {}
        for kind in ("cpu", "io", "memory"):
            pressures[kind] = read_fact(self._root, f"proc/pressure/{kind}", parse_stall, NO_PRESSURE)
        return pressures

    def _disk(self, device: str) -> DiskCounters | Unreadable:
        return read_fact(self._root, "proc/diskstats", lambda text: parse_disk(text, device), "no /proc here")


class Counters:
    """Counters that each processor has under the same name; one that is switched off stands still meanwhile."""

    def __init__(self, files: Iterable[Path], absent: str) -> None:
        """Find those that can be read; ``absent`` says in words that there are none."""
        self._files, self._absent = sorted(files), absent
        self._last: dict[Path, int] = {}
        for file, value in zip(self._files, numbers(self._files), strict=True):
            if not isinstance(value, Unreadable):
                self._last[file] = value

    def read(self) -> dict[str, int] | Unreadable:
        """Return the sum over processors by the counters' name."""
        now = numbers(self._files)
        known = known_ones(now, self._absent)
        if isinstance(known, Unreadable):
            return known
        for file, value in zip(self._files, now, strict=True):
            # A processor that is switched off takes its files along: its count stands still, the sum must not fall.
            if file in self._last and not isinstance(value, Unreadable):
                self._last[file] = value
        sums: Counter[str] = Counter()
        for file, count in self._last.items():
            sums[file.name] += count
        return dict(sums)


def numbers(files: Iterable[Path]) -> list[int | Unreadable]:
    """Read files that hold a number each."""
    return [read_path(file, int, NOT_HERE) for file in files]


def temperature_files(root: Path) -> list[list[Path]]:
    """Find the processor's sensors: first the package's zone, then its driver's sensors, then an ARM board's zones."""
    packages: list[Path] = []
    boards: list[Path] = []
    for zone, name in _named(root.glob("sys/class/thermal/thermal_zone*/type")):
        if name == "x86_pkg_temp":
            packages.append(zone / "temp")
        elif name.startswith(ARM_ZONES):
            boards.append(zone / "temp")
    of_drivers: list[Path] = []
    for driver, name in _named(root.glob("sys/class/hwmon/hwmon*/name")):
        if name in DRIVERS:
            of_drivers += sorted(driver.glob("temp*_input"))
    return [packages, of_drivers, boards]


def energy_zones(root: Path) -> dict[str, Path]:
    """Find the RAPL zone of each processor package, by the zone's directory name."""
    zones: dict[str, Path] = {}
    for zone, name in _named(root.glob("sys/class/powercap/intel-rapl:*/name")):
        # intel-rapl:0 is a package, intel-rapl:0:0 a part of it: its energy is within the package's.
        if name.startswith("package-") and zone.name.count(":") == 1:
            zones[zone.name] = zone
    return zones


def _named(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the directory of each file that holds a name, and the name."""
    for file in sorted(files):
        name = read_path(file, word, NOT_HERE)
        if isinstance(name, str):
            yield file.parent, name


def hottest(sources: Iterable[list[Path]]) -> float | Unreadable:
    """Read the highest temperature in °C of the first source of which a sensor answers; the kernel counts in m°C."""
    of_sources = (known_ones(numbers(files), NO_SENSOR) for files in sources if files)
    values = first_known(of_sources, NO_SENSOR)
    return if_known(values, lambda values: max(values) / 1000)


def mean_mhz(files: list[Path]) -> float | Unreadable:
    """Average the current frequency of the processors that are on; the kernel counts in kHz."""
    values = known_ones(numbers(files), NO_CPUFREQ)
    return if_known(values, lambda values: sum(values) / len(values) / 1000)


def parse_stall(text: str) -> Stall:
    """Take the totals of a file of /proc/pressure."""
    totals: dict[str, int] = {}
    for line in text.splitlines():
        tasks, *_ = line.split()
        totals[tasks] = int(line.rpartition("total=")[2])
    if not {"some"} <= totals.keys() <= {"some", "full"}:
        raise ValueError(f"lines {', '.join(totals)}, not some and full")
    return Stall(totals["some"], totals.get("full"))


def parse_swap(text: str) -> SwapPages:
    """Take the swap counters of /proc/vmstat."""
    return SwapPages(int(field("pswpin", " ")(text)), int(field("pswpout", " ")(text)))


def parse_cpu_times(text: str) -> CpuTimes:
    """Take the first line of /proc/stat."""
    line = text.partition("\n")[0]
    if not line.startswith("cpu "):
        raise ValueError("the first line is not that of all processors")
    # guest and guest_nice come after these, and are counted in user and nice already (proc(5)).
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, line.split()[1:9])
    busy = user + nice + system + irq + softirq
    return CpuTimes(busy, steal, busy + steal + idle + iowait)


def parse_disk(text: str, device: str) -> DiskCounters:
    """Take the line of one device of /proc/diskstats."""
    # After numbers and name, iostats.rst counts from 1: 5 is writes, 7 sectors written, 10 the time with I/O under way.
    for columns in map(str.split, text.splitlines()):
        if columns[2] == device:
            return DiskCounters(writes=int(columns[7]), sectors_written=int(columns[9]), busy_ms=int(columns[12]))
    raise ValueError(f"no device {device}")


PROBE = Sensors
