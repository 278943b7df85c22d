"""What the host does from second to second while a trial runs: heat, throttling, frequency, energy, pressure, I/O.

Owns cheap readers of counters and gauges. What they read, and what lies between two readings, is
``bench.model.readings``'; what the host is, the other probes'. Files are looked for once, then only read.
Sources: Documentation/admin-guide/thermal/intel_thermal_throttle.rst, Documentation/power/powercap/powercap.rst,
Documentation/accounting/psi.rst, Documentation/admin-guide/iostats.rst, proc(5).
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.model.fingerprint import Unreadable
from bench.model.readings import NO_THROTTLE, CpuTimes, DiskCounters, Reading, Stall, SwapPages
from bench.probes.source import LIVE, all_known, field, first_known, known_ones, read_fact, read_path, word

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


class Sensors:
    """The sensors of one host, found once; ``read()`` then costs well under 2 ms."""

    def __init__(self, device: str | Unreadable, root: Path = LIVE) -> None:
        """Look for the sensors; ``device`` is a name of /proc/diskstats (``block.data_device`` finds it)."""
        self._root = root
        self._device = device
        self._temperatures = temperature_files(root)
        self._throttles = Counters(root.glob(THROTTLE_FILES), NO_THROTTLE)
        self._frequencies = sorted(root.glob(f"{CPU}/cpufreq/policy*/scaling_cur_freq"))
        self._energies = energy_zones(root)
        self.energy_range_uj: dict[str, int | Unreadable] = {
            name: read_path(zone / "max_energy_range_uj", int, NOT_HERE) for name, zone in self._energies.items()
        }
        """Where the counter of each zone starts again from 0."""

    def read(self) -> Reading:
        """Read them all once."""
        return Reading(
            temperature_c=hottest(self._temperatures),
            throttle_counts=self._throttles.read(),
            frequency_mhz=mean_mhz(self._frequencies),
            energy_uj=self._energy(),
            pressure_us={kind: self._pressure(kind) for kind in ("cpu", "io", "memory")},
            swap=read_fact(self._root, "proc/vmstat", parse_swap, "no /proc here"),
            cpu=read_fact(self._root, "proc/stat", parse_cpu_times, "no /proc here"),
            disk=self._disk(),
        )

    def _energy(self) -> dict[str, int] | Unreadable:
        values = all_known(read_path(zone / "energy_uj", int, NOT_HERE) for zone in self._energies.values())
        if isinstance(values, Unreadable):
            return values
        return dict(zip(self._energies, values, strict=True)) or Unreadable(unreadable=NO_POWERCAP)

    def _pressure(self, kind: str) -> Stall | Unreadable:
        return read_fact(self._root, f"proc/pressure/{kind}", parse_stall, NO_PRESSURE)

    def _disk(self) -> DiskCounters | Unreadable:
        device = self._device
        if isinstance(device, Unreadable):
            return device
        return read_fact(self._root, "proc/diskstats", lambda text: parse_disk(text, device), "no /proc here")


class Counters:
    """Counters that each processor has under the same name; one that is switched off stands still meanwhile."""

    def __init__(self, files: Iterable[Path], absent: str) -> None:
        """Find those that can be read; ``absent`` says in words that there are none."""
        self._files, self._absent = sorted(files), absent
        self._last = {file: value for file, value in self._now().items() if not isinstance(value, Unreadable)}

    def _now(self) -> dict[Path, int | Unreadable]:
        return {file: read_path(file, int, NOT_HERE) for file in self._files}

    def read(self) -> dict[str, int] | Unreadable:
        """Return the sum over processors by the counters' name."""
        now = self._now()
        known = known_ones(now.values(), self._absent)
        if isinstance(known, Unreadable):
            return known
        sums: Counter[str] = Counter()
        for file, last in self._last.items():
            value = now[file]
            self._last[file] = last if isinstance(value, Unreadable) else value
            sums[file.name] += self._last[file]
        return dict(sums)


def temperature_files(root: Path) -> list[list[Path]]:
    """Find the processor's sensors: first the package's zone, then its driver's sensors, then an ARM board's zones."""
    zones = [(zone / "temp", name) for zone, name in _names(root.glob("sys/class/thermal/thermal_zone*/type"))]
    drivers = [(driver, name) for driver, name in _names(root.glob("sys/class/hwmon/hwmon*/name"))]
    of_drivers = [file for driver, name in drivers if name in DRIVERS for file in sorted(driver.glob("temp*_input"))]
    return [
        [file for file, name in zones if name == "x86_pkg_temp"],
        of_drivers,
        [file for file, name in zones if name.startswith(ARM_ZONES)],
    ]


def energy_zones(root: Path) -> dict[str, Path]:
    """Find the RAPL zone of each processor package, by the zone's directory name."""
    zones = _names(root.glob("sys/class/powercap/intel-rapl:*/name"))
    return {zone.name: zone for zone, name in zones if name.startswith("package-") and zone.name.count(":") == 1}


def _names(files: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return the directory of each file that holds a name, and the name."""
    names = [(file.parent, read_path(file, word, NOT_HERE)) for file in sorted(files)]
    return [(directory, name) for directory, name in names if isinstance(name, str)]


def hottest(sources: Iterable[list[Path]]) -> float | Unreadable:
    """Read the highest temperature in °C of the first source of which a sensor answers; the kernel counts in m°C."""
    values = first_known(
        (known_ones((read_path(file, int, NOT_HERE) for file in files), NO_SENSOR) for files in sources if files),
        NO_SENSOR,
    )
    return values if isinstance(values, Unreadable) else max(values) / 1000


def mean_mhz(files: list[Path]) -> float | Unreadable:
    """Average the current frequency of the processors that are on; the kernel counts in kHz."""
    values = known_ones((read_path(file, int, NOT_HERE) for file in files), NO_CPUFREQ)
    return values if isinstance(values, Unreadable) else sum(values) / len(values) / 1000


def parse_stall(text: str) -> Stall:
    """Take the totals of a file of /proc/pressure."""
    totals = {line.split()[0]: int(line.rpartition("total=")[2]) for line in text.splitlines()}
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
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, line.split()[1:9])
    busy = user + nice + system + irq + softirq
    return CpuTimes(busy, steal, busy + steal + idle + iowait)


def parse_disk(text: str, device: str) -> DiskCounters:
    """Take the line of one device of /proc/diskstats."""
    for columns in map(str.split, text.splitlines()):
        if columns[2] == device:
            return DiskCounters(writes=int(columns[7]), sectors_written=int(columns[9]), busy_ms=int(columns[12]))
    raise ValueError(f"no device {device}")
