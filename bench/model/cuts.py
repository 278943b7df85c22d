"""What cuts of the power are: which are planned, and what came of each. A run of them is no plan of trials."""

from dataclasses import dataclass
from typing import Literal

from bench.model.plan import Variant
from bench.model.values import Amount, Count, Durability, Layout, Moment, Name, Positive, Seconds

How = Literal["power", "torn", "machine", "kill"]
"""What is not flushed is forgotten; some of it is on the disk by chance, in blocks of 4 KiB; the whole machine of the
server loses its power; or the server is only killed, and the kernel keeps what it cached: that is no cut, and acquits
what is not flushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPlan:
    """``cuts.json`` of a run: for each variant and layout so many cuts of each kind, in this order."""

    schema: Literal["pgladder/cuts/1"] = "pgladder/cuts/1"
    run: Name
    created: Moment
    host: str
    seed: Count
    version: str
    """PostgreSQL's major."""
    harness: Variant
    variants: list[Variant]
    layouts: list[Layout]
    power: Count
    torn: Count
    machine: Count = 0
    """Cuts of the whole box that is the host; then there are none of the other kinds."""
    kill: Count
    load_s: Seconds
    """How long clients write before a cut, at least; chance adds up to half of it."""
    writers: Positive
    """Connections that write, each one commit after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCut:
    """One cut."""

    variant: Name
    layout: Layout
    how: How
    number: Positive
    """Of those of its kind, from 1 on."""
    seed: Count
    """Decides the moment, and what a disk has of what was not flushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a cut took of what was not flushed, and what it left of it."""

    bytes_forgotten: Count
    """In blocks of 4 KiB."""
    blocks_left: Count
    """Of 4 KiB, that were not flushed and are on the disk."""
    torn_pages: Count
    """Pages of 8 KiB of which one half is on the disk."""
    names_forgotten: Count
    """Files that were made, renamed or removed since the last flush, and are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unflushed:
    """What proves that a machine lost its power: it wrote numbers into a file, never flushed, and said each of them."""

    said: Count
    """The last number that was heard."""
    left: Count
    """The last that was in the file afterwards, smaller than that; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRecord:
    """A line of ``cuts.jsonl``: what came of one cut, as the ledger outside of the server and the judge tell it."""

    schema: Literal["pgladder/cut/1"] = "pgladder/cut/1"
    cut: PlannedCut
    began: Moment
    durability: Durability
    """What the variant's settings and the layout promise."""
    because: str | None
    """Why that is not durable."""
    of_settings: Durability
    """What the settings alone promise, of a table that is not unlogged."""
    unlogged: bool
    """The table is emptied by a crash: PostgreSQL says so beforehand."""
    load_s: Seconds
    """From the first commit to the cut."""
    acknowledged: Count
    """Commits, each of one row, that were answered before the cut."""
    in_doubt: Count
    """Commits that were under way: their rows may be there, or not."""
    rows_lost: Count | None
    """Acknowledged, and not there after the restart; None where there was none."""
    ms_lost: Amount | None
    """From the acknowledgement of the first row that is lost to the cut; 0: none is lost."""
    did_not_start: str | None
    """What PostgreSQL complains of; None: it started on what was left."""
    recovery_s: Seconds | None
    """From its start until it answered; None where it did not."""
    corrupt: list[str]
    """What is wrong with what is there, by pg_amcheck, pg_checksums, or the ledger: each at most once."""
    forgotten: Forgotten | None
    """What the file system that forgets says of the cut; None where there was none."""
    unflushed: Unflushed | None = None
    """What proves the cut of a whole machine; None of other kinds."""
