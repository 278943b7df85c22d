"""A run as it may be passed on: figures, and words of pgladder's own; nothing that names a person or a machine.

Owns the format and its bounds. What of a run goes into it is ``bench.analysis.share``'s to say, whether a file of
somebody else's may be taken ``bench.analysis.shared_check``'s.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from bench.model.plan import Parameters
from bench.model.values import Amount, Count, Currency, Durability, Name, Positive, Rate, Seconds, Transport

MOST_BYTES = 200_000
"""Of a shared file."""

Code = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,39}$")]
Processor = Annotated[str, Meta(pattern=r"^[A-Za-z0-9 .-]{1,60}$")]
Month = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Release = Annotated[str, Meta(pattern=r"^\d{1,4}(\.\d{1,4}){1,2}$")]
System = Annotated[str, Meta(pattern=r"^(debian|ubuntu|other) ?[0-9.]{0,6}$")]
Disk = Literal["memory", "virtual", "nvme", "mmc", "hdd", "ssd"]
"""As ``bench.probes.disk`` tells them apart."""
FileSystem = Literal["ext4", "xfs", "btrfs", "zfs", "f2fs", "ext3", "tmpfs", "overlay", "bcachefs"]
Builder = Literal["Debian", "Ubuntu", "PGDG", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBox:
    """What was measured, as a kind: others have the same. None: it could not be read, or is none of the known."""

    processor: Processor | None
    """Maker and model."""
    cpus: Positive | None
    """Processors, each thread counted; where fewer may be used, those; None where a part of one is among them."""
    ram_gib: Count | None
    disk: Disk | None
    file_system: FileSystem | None
    flushes_per_s: Amount | None
    """fdatasync/s where the database lies."""
    system: System | None
    kernel: Release | None
    virtual: bool | None
    """A virtual machine or a container: its figures describe the machine that it ran on."""
    price: Rate | None = None
    """Of the box, as its owner gave it."""
    currency: Currency | None = None
    """Of the price."""
    watts: Rate | None = None
    """That the box takes under load, at the wall, as its owner measured it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimit:
    """What a rung is stopped by."""

    constraint: Name
    share: Amount
    """Of its time, or of what it has to give: 1 is all."""
    proved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRung:
    """One way to write rows under one configuration: its trials that count as one."""

    phase: Name
    driver: Name
    variant: Name
    layout: Name
    transport: Transport
    major: Positive | None
    """Of PostgreSQL."""
    parameters: Parameters
    preload_rows: Count
    durability: tuple[Durability, ...]
    """More than one where trials differ in it."""
    trials: Positive
    void: Count
    suspect: Count
    doubts: tuple[Code, ...]
    """Codes of the reasons, those that void first."""
    rows_per_s: Amount | None
    sustained_rows_per_s: Amount | None
    """Checkpoint included."""
    sustained_of_trials: tuple[Rate, ...]
    """Of each trial that counts, in their order: from these its interval follows."""
    p50_ms: Amount | None
    p99_ms: Amount | None
    client_cores: Amount | None
    server_cores: Amount | None
    stopped_by: SharedLimit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What is passed on of one run on one box."""

    schema: Literal["pgladder/share/1"] = "pgladder/share/1"
    pgladder: Release | None
    """That measured; None: it is not known."""
    trial_format: Literal["pgladder/trial/2"] = "pgladder/trial/2"
    measured: Month | None
    complete: bool
    """The run came to its end, and its files are those that were written."""
    external: bool
    """The server was somebody's own (``--dsn``): its configuration is not known, and ``box`` is that of the clients."""
    warm_up_s: Seconds
    window_s: Seconds
    builder: Builder | None
    """Who compiled PostgreSQL."""
    data_checksums: bool | None
    box: SharedBox
    rungs: tuple[SharedRung, ...]
    left_out: Count = 0
    """Rungs that are not passed on: of pieces of the user's own (``PGLADDER_PATH``), or too many for a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with a shared file, or strange."""

    path: str
    """Where in it, as ``$.rungs[2].trials``."""
    severity: Literal["error", "warning"]
    """With an error it is not taken."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words of pgladder's own pieces: no others are passed on."""

    methods: dict[str, str]
    """What each phase is called, by its name."""
    drivers: frozenset[str] = field(default_factory=frozenset)
    loads: frozenset[str] = field(default_factory=frozenset)
    layouts: frozenset[str] = field(default_factory=frozenset)
    variants: frozenset[str] = field(default_factory=frozenset)
    constraints: frozenset[str] = field(default_factory=frozenset)
    codes: frozenset[str] = field(default_factory=frozenset)


_CODES = """
agent-ended agent-late behind client-capacity client-capacity-unknown client-clock client-error client-late
clients-stalled clock-stepped commits-torn configuration-drifted configuration-loaded cpu-quota cpu-quota-unknown
deleted-unknown empty-reads few-commits flush-rate host-full in-flight inserts-delayed interrupted
level-not-kept no-commits no-flush no-reads not-alone not-steady not-verified nothing-deleted nothing-dropped
nothing-due others-unknown outside-partitions pooler readers-behind refused refused-rows-found retention-behind
rows-altered rows-duplicated rows-foreign rows-lost rows-unaccounted server-restarted server-trouble
some-clients-stalled some-empty-reads some-steal stalled standby-behind standby-gone standby-lag-unknown steal
steal-unknown swapped swapped-unknown table-altered table-unknown throttled throttled-unknown
transactions-mismatch
"""
CODES = frozenset(_CODES.split())
"""Of every doubt of pgladder's own; docs/trust.md tells what each is."""
