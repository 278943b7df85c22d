"""timescaledb-tune's formulas, for PostgreSQL 14 and later on Linux and a configuration file that sets nothing yet.

Source: timescale/timescaledb-tune@c7a642bd4e16 (0.19.0, Apache-2.0), pkg/pgtune/{memory,parallel,wal,
background_writer,misc}.go for the values, internal/parse/parse.go for their text. The kind of the disk plays no part.
Memory is whole MB, as for every formula: the tool reads bytes, and on a box with a part of a MB says some kB less.
The real tool leaves a value alone that is within 5 % of its recommendation; a variant starts from none.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from bench.model.errors import UsageError
from bench.tuning.hardware import Hardware
from bench.tuning.settings import MAJOR, Setting

Profile = Literal["default", "promscale"]

MIN_CONNECTIONS = 25
MIN_BACKGROUND_WORKERS = 16
BUILT_IN_PROCESSES = 3
WAL_DISK_PERCENT = 60
KB, MB, GB, TB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
WAL_SEGMENT = 16 * MB
UNITS = ((TB, "TB"), (GB, "GB"), (MB, "MB"), (KB, "kB"))

MISCELLANEOUS = (
    Setting("autovacuum_max_workers", "10", "the same for all"),
    Setting("autovacuum_naptime", "10", "the same for all, in seconds"),
    Setting("default_toast_compression", "lz4", "PostgreSQL 14 and later have it"),
    Setting("jit", "off", "the same for all"),
    Setting("effective_io_concurrency", "256", "PostgreSQL 13 and later, on any disk"),
)
PROMSCALE = (
    Setting("checkpoint_timeout", "900", "the promscale profile's, in seconds"),
    Setting("wal_compression", "1", "the promscale profile's: on"),
    Setting("bgwriter_flush_after", "0", "the promscale profile's: the kernel decides"),
)


def settings(
    profile: Profile,
    hardware: Hardware,
    connections: int | None = None,
    *,
    wal_disk_gb: int | None = None,
    background_workers: int = MIN_BACKGROUND_WORKERS,
    major: int = MAJOR,  # noqa: ARG001 - it says the same for every one from 14 on
) -> tuple[Setting, ...]:
    """Give what timescaledb-tune writes, in its order.

    Args:
        profile: ``default`` or ``promscale``.
        hardware: memory and cores are used.
        connections: max_connections; None for the step function of memory.
        wal_disk_gb: size in GiB of a disk that holds nothing but WAL (the tool's ``--wal-disk-size``).
        background_workers: of TimescaleDB.
        major: of PostgreSQL.

    Raises:
        UsageError: fewer than 25 connections or 16 background workers, where the tool stops.

    """
    _check(connections, background_workers)
    ram = hardware.ram_mb * MB
    count = connections or _default_connections(ram)
    return (
        *_memory(profile, ram, hardware.cores, count),
        *_parallel(hardware.cores, background_workers),
        _wal_buffers(ram),
        *_wal_sizes(profile, wal_disk_gb),
        *(PROMSCALE if profile == "promscale" else ()),
        Setting("default_statistics_target", "100", "the same for all"),
        Setting("random_page_cost", "1.1", "the same for all, on any disk"),
        Setting("checkpoint_completion_target", "0.9", "the same for all"),
        Setting("max_connections", str(count), "as asked" if connections else "25, 50, 75 up to 2, 4, 6 GB, then 100"),
        _max_locks(ram),
        *MISCELLANEOUS,
    )


def _check(connections: int | None, background_workers: int) -> None:
    if connections is not None and connections < MIN_CONNECTIONS:
        raise UsageError(
            f"timescaledb-tune takes no fewer than {MIN_CONNECTIONS} connections; {connections} were asked."
        )
    if background_workers < MIN_BACKGROUND_WORKERS:
        raise UsageError(
            f"timescaledb-tune takes no fewer than {MIN_BACKGROUND_WORKERS} background workers; "
            f"{background_workers} were asked."
        )


def _size(count: int) -> str:
    """Text of bytes as in parse.go: the largest unit, or the next one down where more than 0.001 of it is left."""
    for (unit, name), (smaller, its_name) in pairwise(UNITS):
        if count < unit:
            continue
        if (count % unit) * 1000 > unit:
            return f"{count // smaller}{its_name}"
        return f"{count // unit}{name}"
    return f"{max((count + KB // 2) // KB, 1)}kB"


def _default_connections(ram: int) -> int:
    for gb, connections in ((2, 25), (4, 50), (6, 75)):
        if ram <= gb * GB:
            return connections
    return 100


def _memory(profile: Profile, ram: int, cores: int, count: int) -> Iterator[Setting]:
    divisor = 4
    if profile == "promscale":
        divisor = 2
    yield Setting("shared_buffers", _size(ram // divisor), f"RAM in whole MB ÷ {divisor}")
    yield Setting("effective_cache_size", _size(ram * 3 // 4), "RAM in whole MB × 3 ÷ 4")
    yield Setting("maintenance_work_mem", _size(min(ram // 8, 2047 * MB)), "RAM in whole MB ÷ 8, at most 2047MB")
    yield _work_mem(ram, cores, count)


def _work_mem(ram: int, cores: int, count: int) -> Setting:
    half = (cores + 1) // 2
    # Doubles in the tool's own order: 6208 MB with 97 connections is 25599kB there, where exact arithmetic has 25MB.
    share = int(ram / GB * (400.0 * MB / count) / half)
    words = f"400MB a GB of RAM in whole MB ÷ {count} connections ÷ {half} (cores ÷ 2, rounded half up)"
    if share < 64 * KB:
        return Setting("work_mem", "64kB", f"{words}, at least 64kB")
    return Setting("work_mem", _size(share), words)


def _parallel(cores: int, background_workers: int) -> Iterator[Setting]:
    if cores == 1:
        return
    processes = BUILT_IN_PROCESSES + background_workers + cores
    words = f"{BUILT_IN_PROCESSES} built in + {background_workers} of TimescaleDB + {cores} cores"
    yield Setting("timescaledb.max_background_workers", str(background_workers), "as asked; 16 unless told otherwise")
    yield Setting("max_worker_processes", str(processes), words)
    yield Setting("max_parallel_workers_per_gather", str((cores + 1) // 2), "cores ÷ 2, rounded half up")
    yield Setting("max_parallel_workers", str(cores), "one a core")


def _wal_buffers(ram: int) -> Setting:
    if ram >= 2 * GB:
        return Setting("wal_buffers", "16MB", "RAM is 2 GB or more")
    return Setting("wal_buffers", _size(ram * 7864 // MB), "7864kB a GB of RAM in whole MB, as that is under 2 GB")


def _wal_sizes(profile: Profile, wal_disk_gb: int | None) -> Iterator[Setting]:
    most = GB
    words = f"the {profile} profile's, where no WAL disk is named"
    if wal_disk_gb is not None:
        share = wal_disk_gb * GB * WAL_DISK_PERCENT // 100
        most = -(-share // WAL_SEGMENT) * WAL_SEGMENT
        words = f"{WAL_DISK_PERCENT} % of the {wal_disk_gb}GB WAL disk, rounded up to whole 16MB segments"
    elif profile == "promscale":
        most = 4 * GB
    yield Setting("min_wal_size", _size(most // 2), "max_wal_size ÷ 2")
    yield Setting("max_wal_size", _size(most), words)


def _max_locks(ram: int) -> Setting:
    locks = 128
    for gb, more in ((8, 256), (16, 512), (32, 1024)):
        if ram >= gb * GB:
            locks = more
    return Setting("max_locks_per_transaction", str(locks), "128; 256, 512, 1024 from 8, 16, 32 GB of RAM")
