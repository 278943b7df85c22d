"""pgtune's formulas, for PostgreSQL 14 and later on Linux.

Source: le0pard/pgtune@7caef27c204d (MIT): src/features/configuration/configurationSlice.js for the values,
src/common/components/configurationView/index.jsx for their text and order, and
src/common/components/configurationForm/validation.js for what is refused. Sizes are whole kB throughout; the
tool's floating-point products give the same as the integers here.
"""

from collections.abc import Iterator
from typing import Literal, get_args

from bench.model.errors import HostError, UsageError
from bench.tuning.hardware import Hardware
from bench.tuning.settings import MAJOR, Setting

Profile = Literal["web", "oltp", "dw", "desktop", "mixed"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
DatabaseSize = Literal["less_ram", "mid_ram", "greater_ram"]

MIN_RAM_MB = 512
MIN_CONNECTIONS = 20
MB = 1024
GB = 1024 * MB
SERVER_WORKERS = 8
"""PostgreSQL's own max_worker_processes, which pgtune reckons with where it sets none."""

CONNECTIONS: dict[Profile, int] = {"web": 200, "oltp": 300, "dw": 40, "desktop": 20, "mixed": 100}
WAL_MB: dict[Profile, tuple[int, int]] = {
    "web": (1024, 4096),
    "oltp": (2048, 8192),
    "dw": (4096, 16384),
    "desktop": (100, 2048),
    "mixed": (1024, 4096),
}
SHARED_BUFFERS_SHARE: dict[Profile, int] = {"web": 4, "oltp": 4, "dw": 4, "desktop": 16, "mixed": 4}
MAINTENANCE_SHARE: dict[Profile, int] = {"web": 16, "oltp": 16, "dw": 8, "desktop": 16, "mixed": 16}
STATISTICS_TARGET: dict[Profile, int] = {"web": 100, "oltp": 100, "dw": 500, "desktop": 100, "mixed": 100}
WORK_MEM_SHARE: dict[Profile, int] = {"web": 1, "oltp": 1, "dw": 2, "desktop": 6, "mixed": 2}
IO_CONCURRENCY = {"hdd": 2, "ssd": 200, "san": 300, "nvme": 1000}
MINIMAL_WAL = (
    Setting("wal_level", "minimal", "the desktop profile's: no replication"),
    Setting("max_wal_senders", "0", "wal_level = minimal demands it"),
)

ASYNCHRONOUS = (Setting("io_method", "io_uring", "PostgreSQL 18 and later, on Linux"),)


def settings(
    profile: Profile,
    hardware: Hardware,
    connections: int | None = None,
    database_size: DatabaseSize = "mid_ram",
    major: int = MAJOR,
) -> tuple[Setting, ...]:
    """Give what pgtune prints, in its order.

    Args:
        profile: pgtune's "DB type".
        hardware: the disk's size plays no part.
        connections: max_connections; None for the profile's own.
        major: of PostgreSQL.
        database_size: against RAM: below it, one to three times it, or more.

    Raises:
        HostError: memory under 512 MB, which pgtune's form refuses.
        UsageError: fewer than 20 connections, as well.

    """
    _check(hardware, connections)
    count = connections or CONNECTIONS[profile]
    ram = hardware.ram_mb * MB
    shared = ram // SHARED_BUFFERS_SHARE[profile]
    asked = "as asked" if connections else f"the {profile} profile's"
    return (
        Setting("max_connections", str(count), asked),
        *_memory(profile, ram, shared),
        Setting("checkpoint_completion_target", "0.9", "the same for all"),
        _wal_buffers(shared),
        Setting("default_statistics_target", str(STATISTICS_TARGET[profile]), f"the {profile} profile's"),
        _random_page_cost(profile, hardware, database_size),
        Setting("effective_io_concurrency", str(IO_CONCURRENCY[hardware.disk]), f"the disk is {hardware.disk}"),
        _work_mem(profile, ram - shared, count, hardware.cores, database_size),
        *_pages_and_jit(profile, shared),
        _wal_compression(major),
        *_autovacuum(profile, ram, hardware.cores),
        *(ASYNCHRONOUS if major >= 18 else ()),
        *_wal_sizes(profile),
        *_parallel(profile, hardware.cores),
        *(MINIMAL_WAL if profile == "desktop" else ()),
    )


def _check(hardware: Hardware, connections: int | None) -> None:
    if hardware.ram_mb < MIN_RAM_MB:
        raise HostError(f"pgtune takes no memory under {MIN_RAM_MB} MB; this is {hardware.ram_mb} MB.")
    if connections is not None and connections < MIN_CONNECTIONS:
        raise UsageError(f"pgtune takes no fewer than {MIN_CONNECTIONS} connections; {connections} were asked.")


def _size(kb: int) -> str:
    """Write the largest unit that is exact; never round."""
    if kb % GB == 0:
        return f"{kb // GB}GB"
    if kb % MB == 0:
        return f"{kb // MB}MB"
    return f"{kb}kB"


def _wal_compression(major: int) -> Setting:
    if major < 15:
        return Setting("wal_compression", "on", "before PostgreSQL 15: by pglz, the only one")
    return Setting("wal_compression", "lz4", "PostgreSQL 15 and later have it, and it costs little CPU")


def _maintenance_kb(profile: Profile, ram: int) -> int:
    return min(ram // MAINTENANCE_SHARE[profile], 8 * GB)


def _memory(profile: Profile, ram: int, shared: int) -> Iterator[Setting]:
    yield Setting("shared_buffers", _size(shared), f"RAM ÷ {SHARED_BUFFERS_SHARE[profile]}")
    cache, words = ram * 3 // 4, "RAM × 3 ÷ 4"
    if profile == "desktop":
        cache, words = ram // 4, "RAM ÷ 4"
    yield Setting("effective_cache_size", _size(cache), words)
    words = f"RAM ÷ {MAINTENANCE_SHARE[profile]}, at most 8GB"
    yield Setting("maintenance_work_mem", _size(_maintenance_kb(profile, ram)), words)


def _wal_buffers(shared: int) -> Setting:
    share = shared * 3 // 100
    if share > 14 * MB:
        return Setting("wal_buffers", "16MB", "3 % of shared_buffers; above 14MB made 16MB")
    # The tool's floor of 32 kB is out of reach from 512 MB of memory up.
    return Setting("wal_buffers", _size(share), "3 % of shared_buffers")


def _random_page_cost(profile: Profile, hardware: Hardware, database_size: DatabaseSize) -> Setting:
    if database_size == "less_ram":
        return Setting("random_page_cost", "1.1", "the database fits in RAM")
    if hardware.disk == "hdd":
        return Setting("random_page_cost", "4", "the disk is hdd")
    if profile == "dw":
        return Setting("random_page_cost", "4", "the dw profile's, on every disk: keeps the planner off index scans")
    return Setting("random_page_cost", "1.1", f"the disk is {hardware.disk}")


def _work_mem(profile: Profile, rest: int, count: int, cores: int, database_size: DatabaseSize) -> Setting:
    # Below four cores pgtune sets no max_worker_processes, and reckons with the server's own.
    workers = SERVER_WORKERS
    if cores >= 4:
        workers = cores
    share = WORK_MEM_SHARE[profile]
    kb = rest // ((count + workers) * 3 * share)
    words = f"(RAM − shared_buffers) ÷ (({count} connections + {workers} workers) × 3)"
    if share > 1:
        words += f" ÷ {share}"
    if database_size != "mid_ram":
        tenths, why = 9, "is over three times RAM"
        if database_size == "less_ram":
            tenths, why = 13, "fits in RAM"
        kb = kb * tenths // 10
        words += f" × {tenths / 10}, as the database {why}"
    if kb < 4 * MB:
        words += f" gives {kb}kB; at least 4MB"
    return Setting("work_mem", _size(max(kb, 4 * MB)), words)


def _pages_and_jit(profile: Profile, shared: int) -> Iterator[Setting]:
    if shared >= 2 * GB:
        yield Setting("huge_pages", "try", "shared_buffers is 2GB or more")
    else:
        yield Setting("huge_pages", "off", "shared_buffers is under 2GB")
    if profile in ("web", "oltp", "mixed"):
        yield Setting("jit", "off", "short statements do not repay compiling")


def _autovacuum(profile: Profile, ram: int, cores: int) -> Iterator[Setting]:
    words = f"{cores} cores; 4 from 16, 5 from 32"
    if cores >= 32:
        yield Setting("autovacuum_max_workers", "5", words)
    elif cores >= 16:
        yield Setting("autovacuum_max_workers", "4", words)
    if _maintenance_kb(profile, ram) >= 2 * GB:
        yield Setting("autovacuum_work_mem", "2GB", "each autovacuum worker could take maintenance_work_mem otherwise")


def _wal_sizes(profile: Profile) -> Iterator[Setting]:
    least, most = WAL_MB[profile]
    yield Setting("min_wal_size", _size(least * MB), f"the {profile} profile's, whatever the disk")
    yield Setting("max_wal_size", _size(most * MB), f"the {profile} profile's, whatever the disk")


def _parallel(profile: Profile, cores: int) -> Iterator[Setting]:
    if cores < 4:
        return
    half = (cores + 1) // 2
    few, words = str(min(half, 4)), "cores ÷ 2, at most 4"
    gather = (few, words)
    if profile == "dw":
        gather = (str(half), "cores ÷ 2, rounded up")
    yield Setting("max_worker_processes", str(cores), "one a core")
    yield Setting("max_parallel_workers_per_gather", *gather)
    yield Setting("max_parallel_workers", str(cores), "one a core")
    yield Setting("max_parallel_maintenance_workers", few, words)
