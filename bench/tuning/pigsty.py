"""Pigsty's formulas, for PostgreSQL 14 and later on Debian.

Source: pgsty/pigsty@c73d321ddf84 (Apache-2.0): roles/pgsql/templates/{oltp,olap,crit,tiny}.yml for the values and
their order, roles/pgsql/tasks/config.yml for the size of the disk, roles/pgsql/defaults/main.yml for the defaults.
Its memory, WAL, planner and vacuum settings are here; not its instrumentation (pg_stat_statements, auto_explain,
track_*), which costs time too, nor its logging, TLS, archiving, standby and other extension settings. Memory is
whole MB, disk whole GB.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bench.tuning.hardware import Hardware
from bench.tuning.settings import MAJOR, Setting

Profile = Literal["oltp", "olap", "crit", "tiny"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
ServiceDestination = Literal["pgbouncer", "postgres"]

MIN_CONNECTIONS = 20
TWENTIETH_CAP_GB = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """The figures in which the four templates differ."""

    pooled: int
    direct: int
    locks: int = 1
    maintenance: int = 4
    work_mem_mb: tuple[int, int]
    workers: tuple[int, int]
    temp: int = 1


_PROFILES: dict[Profile, _Profile] = {
    "oltp": _Profile(pooled=500, direct=1000, work_mem_mb=(64, 1024), workers=(8, 16)),
    "crit": _Profile(pooled=500, direct=1000, work_mem_mb=(64, 1024), workers=(8, 16)),
    "olap": _Profile(
        pooled=500,
        direct=500,
        locks=2,
        maintenance=2,
        work_mem_mb=(64, 8192),
        workers=(12, 20),
        temp=4,
    ),
    "tiny": _Profile(pooled=250, direct=250, work_mem_mb=(16, 256), workers=(4, 12)),
}

_COMPUTED = None
_ROWS: tuple[tuple[str, str | dict[Profile, str] | None, str], ...] = (
    ("max_connections", _COMPUTED, ""),
    ("superuser_reserved_connections", "10", ""),
    ("max_locks_per_transaction", _COMPUTED, ""),
    ("max_prepared_transactions", _COMPUTED, ""),
    ("wal_level", "logical", "logical replication is always possible"),
    ("wal_log_hints", "on", "lets pg_rewind work"),
    ("wal_compression", "lz4", "PostgreSQL 15 and later have it"),
    ("max_worker_processes", _COMPUTED, ""),
    ("max_wal_senders", "50", ""),
    ("max_replication_slots", "50", ""),
    ("shared_buffers", _COMPUTED, ""),
    ("maintenance_work_mem", _COMPUTED, ""),
    ("work_mem", _COMPUTED, ""),
    ("max_parallel_workers", _COMPUTED, ""),
    ("max_parallel_maintenance_workers", _COMPUTED, ""),
    ("max_parallel_workers_per_gather", _COMPUTED, ""),
    ("parallel_setup_cost", {"oltp": "2000", "crit": "2000"}, "twice the default: fewer parallel plans"),
    ("parallel_tuple_cost", {"oltp": "0.2", "crit": "0.2"}, "twice the default: fewer parallel plans"),
    ("min_parallel_table_scan_size", {"oltp": "32MB", "crit": "32MB"}, "4 × the default: fewer parallel plans"),
    ("min_parallel_index_scan_size", {"oltp": "2MB", "crit": "2MB"}, "4 × the default: fewer parallel plans"),
    ("hash_mem_multiplier", "8.0", "hash tables may take 8 × work_mem"),
    ("huge_pages", "try", ""),
    ("io_method", "io_uring", "on Debian and its like"),
    ("io_workers", _COMPUTED, ""),
    ("temp_file_limit", _COMPUTED, ""),
    ("vacuum_cost_delay", {"oltp": "20ms", "crit": "20ms", "olap": "10ms", "tiny": "20ms"}, ""),
    ("vacuum_cost_limit", {"oltp": "2000", "crit": "2000", "olap": "10000", "tiny": "2000"}, ""),
    ("bgwriter_delay", "10ms", "looks for dirty pages 20 × as often as the default"),
    ("bgwriter_lru_maxpages", "800", "8 × the default"),
    ("bgwriter_lru_multiplier", "5.0", "a larger cushion than the default 2.0"),
    ("min_wal_size", _COMPUTED, ""),
    ("max_wal_size", _COMPUTED, ""),
    ("max_slot_wal_keep_size", _COMPUTED, ""),
    ("idle_replication_slot_timeout", {"oltp": "7d", "crit": "3d", "olap": "7d", "tiny": "7d"}, ""),
    ("wal_buffers", "16MB", ""),
    ("wal_writer_delay", {"oltp": "20ms", "crit": "10ms", "olap": "20ms", "tiny": "20ms"}, ""),
    ("wal_writer_flush_after", {"oltp": "1MB", "crit": "0", "olap": "1MB", "tiny": "1MB"}, ""),
    ("commit_delay", "20", "in microseconds"),
    ("commit_siblings", "10", ""),
    ("checkpoint_timeout", "15min", "3 × the default"),
    ("checkpoint_completion_target", "0.95", ""),
    ("vacuum_defer_cleanup_age", {"crit": "500000"}, ""),
    ("max_logical_replication_workers", "8", ""),
    ("max_sync_workers_per_subscription", "6", ""),
    ("enable_partitionwise_join", {"olap": "on"}, ""),
    ("enable_partitionwise_aggregate", {"olap": "on"}, ""),
    ("random_page_cost", _COMPUTED, ""),
    ("effective_io_concurrency", _COMPUTED, ""),
    ("maintenance_io_concurrency", _COMPUTED, ""),
    ("effective_cache_size", _COMPUTED, ""),
    ("default_statistics_target", {"oltp": "400", "crit": "400", "olap": "1000", "tiny": "200"}, ""),
    ("autovacuum_max_workers", {"oltp": "3", "crit": "3", "olap": "3", "tiny": "2"}, ""),
    ("autovacuum_naptime", "1min", ""),
    ("autovacuum_vacuum_threshold", {"oltp": "500", "crit": "500", "olap": "1000", "tiny": "500"}, ""),
    ("autovacuum_analyze_threshold", {"oltp": "250", "crit": "250", "olap": "500", "tiny": "250"}, ""),
    ("autovacuum_vacuum_scale_factor", {"oltp": "0.08", "crit": "0.08", "olap": "0.08"}, "below the default 0.2"),
    ("autovacuum_analyze_scale_factor", {"oltp": "0.04", "crit": "0.04", "olap": "0.04"}, "below the default 0.1"),
    ("autovacuum_vacuum_cost_delay", "-1", "as vacuum_cost_delay"),
    ("autovacuum_vacuum_cost_limit", "-1", "as vacuum_cost_limit"),
    ("autovacuum_freeze_max_age", "1000000000", "5 × the default"),
    ("deadlock_timeout", "50ms", ""),
    (
        "idle_in_transaction_session_timeout",
        {"oltp": "10min", "crit": "1min", "olap": "0", "tiny": "10min"},
        "",
    ),
    ("timescaledb.max_background_workers", _COMPUTED, ""),
)
"""Every line in the order of the templates: name, text (of all, or by profile; absent where not written), why."""
_MAJORS = {
    "wal_compression": range(15, 1000),
    "vacuum_defer_cleanup_age": range(16),
    "io_method": range(18, 1000),
    "io_workers": range(18, 19),
    "idle_replication_slot_timeout": range(18, 1000),
}
"""Of PostgreSQL, for which the templates write a line; every other line for all from 14 on."""


def settings(
    profile: Profile,
    hardware: Hardware,
    connections: int | None = None,
    *,
    buffer_ratio: float = 0.25,
    service: ServiceDestination = "pgbouncer",
    libraries: frozenset[str] = frozenset(),
    major: int = MAJOR,
) -> tuple[Setting, ...]:
    """Give what Pigsty's template renders, in its order.

    Args:
        profile: the template, ``pg_conf``.
        hardware: any disk but ``hdd`` counts as Pigsty's ``SSD``.
        connections: ``pg_max_conn``; below 20 it is ignored, as Pigsty does.
        buffer_ratio: ``pg_shared_buffer_ratio``, the share of RAM given to shared_buffers.
        service: ``pg_default_service_dest``; matters to oltp and crit.
        libraries: of ``pg_libs``, those that change a setting: ``citus``, ``timescaledb``.
        major: of PostgreSQL, ``pg_version``.

    """
    figures = _PROFILES[profile]
    count, words = _connections(profile, connections, service)
    computed = (
        Setting("max_connections", str(count), words),
        *_transactions(figures, count, libraries),
        *_memory(figures, hardware, count, buffer_ratio),
        *_workers(profile, hardware.cores, libraries),
        *_io_workers(profile, hardware.cores),
        *_disk(figures, hardware),
    )
    by_name = {setting.name: setting for setting in computed}
    found: list[Setting] = []
    for name, text, why in _ROWS:
        if name in _MAJORS and major not in _MAJORS[name]:
            continue
        words = f": {why}" if why else ""
        if isinstance(text, str):
            found.append(Setting(name, text, f"the same for all profiles{words}"))
        elif text is not _COMPUTED and profile in text:
            found.append(Setting(name, text[profile], f"the {profile} profile's{words}"))
        elif name in by_name:
            found.append(by_name[name])
    return tuple(found)


def _connections(profile: Profile, asked: int | None, service: ServiceDestination) -> tuple[int, str]:
    if asked is not None and asked >= MIN_CONNECTIONS:
        return asked, "as asked"
    figures = _PROFILES[profile]
    words = f"the {profile} profile's"
    if figures.pooled != figures.direct:
        words += f", served by {service}"
    if asked is not None:
        words += f"; {asked} were asked, fewer than {MIN_CONNECTIONS} are ignored"
    if service == "pgbouncer":
        return figures.pooled, words
    return figures.direct, words


def _transactions(figures: _Profile, count: int, libraries: frozenset[str]) -> Iterator[Setting]:
    factor = figures.locks
    # Both keep a table in many pieces, and each piece takes a lock.
    if libraries & {"citus", "timescaledb"}:
        factor *= 2
    words = "max_connections"
    if factor > 1:
        words = f"{factor} × max_connections"
    yield Setting("max_locks_per_transaction", str(factor * count), words)
    if "citus" in libraries:
        yield Setting("max_prepared_transactions", str(count), "max_connections: citus commits in two phases")
    else:
        yield Setting("max_prepared_transactions", "0", "citus is not loaded")


def _memory(figures: _Profile, hardware: Hardware, count: int, ratio: float) -> Iterator[Setting]:
    # A double, as in the template: 0.28 × 25 MB is 8 MB there, where exact arithmetic has 7.
    shared = math.ceil(hardware.ram_mb * ratio)
    least, most = figures.work_mem_mb
    work = min(max(shared // count, least), most)
    yield Setting("shared_buffers", f"{shared}MB", f"RAM × {ratio:g}, rounded up")
    words = f"shared_buffers ÷ {figures.maintenance}, rounded up"
    yield Setting("maintenance_work_mem", f"{-(-shared // figures.maintenance)}MB", words)
    words = f"shared_buffers ÷ {count} connections = {shared // count}MB, at least {least}MB, at most {most}MB"
    yield Setting("work_mem", f"{work}MB", words)
    yield Setting("effective_cache_size", f"{hardware.ram_mb - shared}MB", "RAM − shared_buffers")


def _workers(profile: Profile, cores: int, libraries: frozenset[str]) -> Iterator[Setting]:
    more, least = _PROFILES[profile].workers
    base = max(cores + more, least)
    yield Setting("max_worker_processes", str(base + 8), f"cores + {more}, at least {least}, and 8 more")
    if "timescaledb" in libraries:
        words = f"cores + {more}, at least {least}"
        yield Setting("timescaledb.max_background_workers", str(base), words)
    percent, least, up = {"olap": (80, 2, True), "tiny": (50, 1, False)}.get(profile, (50, 2, True))
    yield _share_of_cores("max_parallel_workers", cores, percent, least, up=up)
    yield _share_of_cores("max_parallel_maintenance_workers", cores, 33, least if profile == "tiny" else 2, up=up)
    name = "max_parallel_workers_per_gather"
    if profile == "olap":
        yield _share_of_cores(name, cores, 50, 2, up=False)
    elif profile == "oltp":
        yield Setting(name, str(min(max(cores // 5, 2), 8)), "20 % of the cores, rounded down, at least 2, at most 8")
    else:
        yield Setting(name, "0", f"the {profile} profile's: no parallel queries")


def _io_workers(profile: Profile, cores: int) -> Iterator[Setting]:
    if profile == "tiny":
        yield Setting("io_workers", "3", "the tiny profile's")
        return
    percent, most = {"olap": (50, 32), "crit": (25, 8), "oltp": (25, 16)}[profile]
    count = min(max(-(-cores * percent // 100), 4), most)
    yield Setting("io_workers", str(count), f"{percent} % of the cores, rounded up, at least 4, at most {most}")


def _share_of_cores(name: str, cores: int, percent: int, least: int, *, up: bool) -> Setting:
    share, rounded = cores * percent // 100, "down"
    if up:
        share, rounded = -(-cores * percent // 100), "up"
    words = f"{percent} % of the cores, rounded {rounded}, at least {least}"
    return Setting(name, str(max(share, least)), words)


def _disk(figures: _Profile, hardware: Hardware) -> Iterator[Setting]:
    twentieth = min(-(-hardware.disk_gb // 20), TWENTIETH_CAP_GB)
    unit = f"disk ÷ 20, rounded up, at most {TWENTIETH_CAP_GB}GB"
    sizes = {"temp_file_limit": figures.temp, "min_wal_size": 1, "max_wal_size": 4, "max_slot_wal_keep_size": 6}
    for name, factor in sizes.items():
        words = unit if factor == 1 else f"{factor} × ({unit})"
        yield Setting(name, f"{factor * twentieth}GB", words)
    # For a disk that turns the templates leave PostgreSQL's own costs.
    if hardware.disk != "hdd":
        yield Setting("random_page_cost", "1.1", "the disk is no hdd")
        yield Setting("effective_io_concurrency", "200", "the disk is no hdd")
        yield Setting("maintenance_io_concurrency", "100", "the disk is no hdd")
