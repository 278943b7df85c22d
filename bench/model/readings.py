"""What is read of host and server once a second while a window is open, and what lies between two readings. Pure.

Reading the sensors is the work of ``bench.probes.observed.host``; what it means for a trial, of ``validity.judge``. The
agent makes a record of it, the analysis looks whether a record says the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

import msgspec

from bench.model.fingerprint import Unreadable, is_reason

NOT_KEPT = Unreadable(unreadable="not kept")
READ_ONCE = Unreadable(unreadable="read once only")
NO_THROTTLE = "this kernel does not count thermal throttling"


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """All processors together since boot, in clock ticks (1/100 s)."""

    busy: int
    """user, nice, system, irq, softirq; guests are within user and nice."""
    steal: int
    """Wanted to run, but the hypervisor ran something else."""
    total: int


@dataclass(frozen=True, slots=True)
class Throttling:
    """What the CPU quota of one group did since the group was made."""

    cores: float
    periods: int
    throttled: int
    """Periods in which the group had used up its quota and had to wait."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Time in µs since boot in which some, or all, tasks waited for a resource."""

    some: int
    full: int | None
    """None: not counted, as of the processor before Linux 5.13."""


@dataclass(frozen=True, slots=True)
class SwapPages:
    """Pages since boot."""

    swapped_in: int
    swapped_out: int


@dataclass(frozen=True, slots=True)
class DiskCounters:
    """One block device since boot."""

    writes: int
    sectors_written: int
    """Of 512 bytes."""
    busy_ms: int
    """Time with at least one request under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All sensors once; what could not be read says why."""

    temperature_c: float | Unreadable
    """The hottest sensor of the processor."""
    throttle_counts: dict[str, int] | Unreadable
    """Events since boot by name of the counter, summed over processors; each processor counts those of its package."""
    frequency_mhz: float | Unreadable
    """Mean over processors."""
    energy_uj: dict[str, int] | Unreadable
    """Of each processor package by zone; wraps, so take differences with ``energy_between``."""
    pressure_us: dict[str, Stall | Unreadable]
    """For cpu, io, memory."""
    swap: SwapPages | Unreadable
    cpu: CpuTimes | Unreadable
    disk: DiskCounters | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading a second of host and server."""

    at_s: float
    """Since the window opened."""
    host: Reading
    server: dict[str, float]


KINDS: Mapping[str, Any] = {
    "temperature_c": float,
    "throttle_counts": dict[str, int],
    "frequency_mhz": float,
    "energy_uj": dict[str, int],
    "swap": SwapPages,
    "cpu": CpuTimes,
    "disk": DiskCounters,
}
"""What is decoded of a reading that was kept."""


def moment_of(kept: Mapping[str, Any]) -> Moment:
    """Return a reading as it was kept in a samples file; the inverse of how it was written.

    Raises:
        ValueError: it is none.

    """
    server = msgspec.convert(kept.get("server", {}), dict[str, int | float | None])
    counted = {name: value for name, value in server.items() if value is not None}
    at_s = msgspec.convert(kept.get("at_s", 0), float)
    return Moment(at_s=at_s, host=reading_of(kept.get("host", {})), server=counted)


def reading_of(kept: Mapping[str, Any]) -> Reading:
    """Return what the host's sensors gave as it was kept; what was not kept says so. Raises as ``moment_of``."""
    facts = {name: _fact(kept.get(name, NOT_KEPT), kind) for name, kind in KINDS.items()}
    pressure_us = {kind: _fact(stall, Stall) for kind, stall in kept.get("pressure_us", {}).items()}
    return Reading(pressure_us=pressure_us, **facts)


def _fact(value: Any, kind: Any) -> Any:
    if isinstance(value, Unreadable):
        return value
    if is_reason(value):
        return msgspec.convert(value, Unreadable)
    return msgspec.convert(value, kind)


def energy_between(before_uj: int, after_uj: int, range_uj: int) -> int:
    """Return the energy used between two readings in µJ, across at most one wrap of the counter.

    A range of 262 kJ, usual on Intel, lasts 4.8 h at 15 W.
    """
    used = after_uj - before_uj
    # The counter began again at 0.
    if used < 0:
        used += range_uj
    return used


def busy_share(before: CpuTimes, after: CpuTimes) -> float | None:
    """Return the share of all processors' time that was busy, 0 to 1; None where no tick passed in between."""
    passed = after.total - before.total
    return (after.busy - before.busy) / passed if passed else None


def host_shares(moments: Sequence[Moment]) -> tuple[float | None, float | None]:
    """Return percent of the host's CPU time that was busy, and that a hypervisor took. Pure."""
    first, last = moments[0].host.cpu, moments[-1].host.cpu
    if isinstance(first, Unreadable) or isinstance(last, Unreadable) or (busy := busy_share(first, last)) is None:
        return None, None
    return 100 * busy, 100 * (last.steal - first.steal) / (last.total - first.total)


def counters_between(moments: Sequence[Moment], missing: Iterable[str]) -> dict[str, float | None]:
    """Return how far the server's counters went from the first reading to the last, None of those missing. Pure."""
    if len(moments) < 2:
        return {}
    first, last = moments[0].server, moments[-1].server
    read = {name: last[name] - first[name] for name in first if name in last}
    return {**read, **dict.fromkeys(missing)}


def per_second(moments: Sequence[Moment], counter: str) -> float | None:
    """Return how fast a counter of the server went, None where it was not read. Pure."""
    if len(moments) < 2:
        return None
    first, last = moments[0], moments[-1]
    if counter not in first.server or counter not in last.server:
        return None
    return (last.server[counter] - first.server[counter]) / (last.at_s - first.at_s)


def energy_j(moments: Sequence[Moment], range_uj: Mapping[str, int | Unreadable]) -> float | Unreadable:
    """Return the joules of all processor packages from the first reading to the last, or why not. Pure."""
    used_uj: dict[str, int] = {}
    for earlier, later in pairwise(moments):
        before, after = earlier.host.energy_uj, later.host.energy_uj
        if isinstance(before, Unreadable):
            return before
        if isinstance(after, Unreadable):
            return after
        for zone, old in before.items():
            limit = range_uj[zone]
            if not isinstance(limit, Unreadable):
                used = energy_between(old, after[zone], limit)
            elif after[zone] < old:
                return limit
            else:
                used = after[zone] - old
            used_uj[zone] = used_uj.get(zone, 0) + used
    if not used_uj:
        return READ_ONCE
    still = [zone for zone, used in used_uj.items() if not used]
    if still:
        return Unreadable(unreadable=f"the counter of {', '.join(still)} never moved, as on virtual machines")
    return sum(used_uj.values()) / 1e6


HOST_FIGURES = (
    "temperature_c",
    "frequency_mhz",
    "cpu_pressure_pct",
    "io_pressure_pct",
    "memory_pressure_pct",
    "disk_busy_pct",
    "disk_writes_per_s",
    "disk_written_mb_per_s",
    "throttle_events",
)
"""What the readings of a host come to."""
SECTOR_BYTES = 512
"""/proc/diskstats counts in these, whatever the device's own block size (Documentation/admin-guide/iostats.rst)."""


def host_figures(readings: Sequence[Reading], span_s: float) -> dict[str, float | Unreadable]:
    """Return the highest temperature, the mean frequency, and what pressures and disk did over a time. Pure."""
    first, last = readings[0], readings[-1]
    figures = {
        "temperature_c": _over(readings, "temperature_c", max),
        "frequency_mhz": _over(readings, "frequency_mhz", fmean),
    }
    for kind in ("cpu", "io", "memory"):
        before, after = first.pressure_us.get(kind, NOT_KEPT), last.pressure_us.get(kind, NOT_KEPT)
        figures[f"{kind}_pressure_pct"] = _rate(before, after, "some", span_s * 1e6 / 100)
    figures["disk_busy_pct"] = _rate(first.disk, last.disk, "busy_ms", span_s * 1000 / 100)
    figures["disk_writes_per_s"] = _rate(first.disk, last.disk, "writes", span_s)
    figures["disk_written_mb_per_s"] = _rate(first.disk, last.disk, "sectors_written", span_s * 1e6 / SECTOR_BYTES)
    figures["throttle_events"] = _throttles(first.throttle_counts, last.throttle_counts)
    return figures


def _throttles(before: dict[str, int] | Unreadable, after: dict[str, int] | Unreadable) -> float | Unreadable:
    """Return how often the processor was slowed for heat or power, whatever the counter."""
    if isinstance(before, Unreadable):
        return before
    if isinstance(after, Unreadable):
        return after
    return float(sum(count - before.get(name, count) for name, count in after.items()))


def _over(readings: Iterable[Reading], sensor: str, reduce: Callable[[list[float]], float]) -> float | Unreadable:
    """Reduce what a sensor gave, or tell why it never gave anything."""
    known: list[float] = []
    why = NOT_KEPT
    for reading in readings:
        value = getattr(reading, sensor)
        if isinstance(value, Unreadable):
            why = value
        else:
            known.append(value)
    return reduce(known) if known else why


def _rate(before: Any, after: Any, counter: str, per: float) -> float | Unreadable:
    """Return how far a counter went, over ``per``."""
    for counters in (before, after):
        if isinstance(counters, Unreadable):
            return counters
    went: int = getattr(after, counter) - getattr(before, counter)
    return went / per if per else READ_ONCE
