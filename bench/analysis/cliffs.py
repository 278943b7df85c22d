"""Trials whose rate fell to a lower level and stayed there, and what was written until then (``bench.stats.cliff``)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.pulled import PulledRun, latest
from bench.model.language import later, tr
from bench.model.values import Amount, Count, Name, Positive, Seconds
from bench.stats.cliff import cliff

SECTOR_BYTES = 512
"""Of the kernel's count, whatever the device's own are (Documentation/admin-guide/iostats.rst)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """One trial's."""

    trial: Positive
    phase: Name
    after_s: Seconds
    """Of the window."""
    burst_rows_per_s: Amount
    """The level before, without the closing CHECKPOINT."""
    sustained_rows_per_s: Amount
    """The level after."""
    written_bytes: Count | None
    """By the server's disk from the window's opening to the fall, whoever wrote; None: not known."""

    @property
    def sentence(self) -> str:
        """In words."""
        sentence = later(
            "Trial {trial}, {phase}: the rate fell from {burst:,.0f} to {sustained:,.0f} rows/s {seconds:g} s into the"
            " window, and stayed there, as on a disk whose cache is full."
        )
        if self.written_bytes is not None:
            sentence = later(
                "Trial {trial}, {phase}: the rate fell from {burst:,.0f} to {sustained:,.0f} rows/s {seconds:g} s into"
                " the window, when its disk had written {written:.1f} GB, and stayed there, as on a disk whose cache is"
                " full."
            )
        return tr(
            sentence,
            trial=self.trial,
            phase=self.phase,
            burst=self.burst_rows_per_s,
            sustained=self.sustained_rows_per_s,
            seconds=self.after_s,
            written=(self.written_bytes or 0) / 1e9,
        )


def falls(run: PulledRun) -> tuple[Fall, ...]:
    """Return those of a run, by trial; none where its samples are not kept."""
    if not run.with_samples:
        return ()
    found = []
    for record in latest(run.records):
        if record.void:
            continue
        samples = run.samples[record.key]
        seen = cliff(samples.rows_per_second[: int(record.seconds)])
        if seen:
            fall = Fall(
                trial=record.trial.number,
                phase=record.trial.phase,
                after_s=seen.after,
                burst_rows_per_s=seen.burst,
                sustained_rows_per_s=seen.sustained,
                written_bytes=_written(samples.readings, seen.after),
            )
            found.append(fall)
    return tuple(found)


def _written(readings: Sequence[Mapping[str, Any]], until_s: float) -> int | None:
    """Return what the disk wrote from the first reading to the last one up to a second of the window."""
    counts = [sectors for at_s, sectors in _sectors(readings) if at_s <= until_s]
    if len(counts) < 2 or counts[-1] < counts[0]:
        return None
    return (counts[-1] - counts[0]) * SECTOR_BYTES


def _sectors(readings: Iterable[Mapping[str, Any]]) -> Iterable[tuple[float, int]]:
    """Yield the second of each reading that knows it, and the sectors written so far."""
    for reading in readings:
        host, at_s = reading.get("host"), reading.get("at_s")
        disk = host.get("disk") if isinstance(host, dict) else None
        sectors = disk.get("sectors_written") if isinstance(disk, dict) else None
        if isinstance(at_s, int | float) and isinstance(sectors, int):
            yield at_s, sectors
