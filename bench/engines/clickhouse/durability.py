"""What a crash would take of rows that ClickHouse acknowledged, and what a flush costs it.

By itself it flushes nothing: when an INSERT is acknowledged its part is the kernel's to write, as a rule within 30 s.
With ``fsync_after_insert`` and ``fsync_part_directory`` it is on the disk. What merges make of parts is not; those
parts stay for eight minutes (``old_parts_lifetime``), and a start that finds the merged one damaged takes them again.
Source: ClickHouse documentation, MergeTree tables settings.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from bench.engines.engine import Grade
from bench.model.fingerprint import Unreadable
from bench.probes.medium import memory_under

if TYPE_CHECKING:
    from bench.engines.clickhouse.session import ClickHouseSession

FLUSHES = ("fsync_after_insert", "fsync_part_directory")
PAIRS, PAIRS_S, LEAST_PAIRS = 100, 0.5, 10


def grade(made: Collection[str], by_default: Collection[str], data: Path | Unreadable, early: bool) -> Grade:
    """Grade by the table's settings, the server's, and the medium. Pure but for a look at the medium.

    Args:
        made: the table as it was read back.
        by_default: of ``FLUSHES`` those that the server is set to for every table.
        data: where the data lies.
        early: a client's session is answered before its rows are stored.

    """
    medium = data if isinstance(data, Unreadable) else memory_under(data)
    if isinstance(medium, str):
        return Grade(word="in memory", because=f"the data lies on {medium}")
    if early:
        return Grade(word="not crash-safe", because="rows are acknowledged before they are stored")
    lacking = [name for name in FLUSHES if not _set(name, made) and name not in by_default]
    if lacking:
        return Grade(
            word="not crash-safe", because=f"nothing is flushed ({' and '.join(lacking)} off): the kernel writes later"
        )
    if isinstance(medium, Unreadable):
        return Grade(because=medium.unreadable)
    return Grade(word="durable")


def _set(name: str, made: Collection[str]) -> bool:
    return any(f"{name} = 1" in line for line in made)


def flush_us(session: "ClickHouseSession") -> float | Unreadable:
    """Return how much longer an INSERT takes that waits for its flushes than one that does not, in µs.

    Of pairs, the lower decile of each kind: what others do to machine and disk makes both longer.
    """
    tables = {"flushed": f"SETTINGS {', '.join(f'{name} = 1' for name in FLUSHES)}", "unflushed": ""}
    for name, settings in tables.items():
        session.drop(name)
        session.ask(f"CREATE TABLE {{schema}}.{name} (n Int64) ENGINE = MergeTree ORDER BY n {settings}")
    took: dict[str, list[float]] = {name: [] for name in tables}
    began = monotonic()
    while len(took["unflushed"]) < PAIRS and (monotonic() - began < PAIRS_S or len(took["unflushed"]) < LEAST_PAIRS):
        for name, times in took.items():
            at = perf_counter()
            session.ask(f"INSERT INTO {{schema}}.{name} SELECT 1")
            times.append((perf_counter() - at) * 1e6)
    for name in tables:
        session.drop(name)
    return _lower_decile(took["flushed"]) - _lower_decile(took["unflushed"])


def _lower_decile(times: Sequence[float]) -> float:
    return quantiles(times, n=10)[0]
