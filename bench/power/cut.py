"""The life of a cut: a server made for a variant, and for each cut: begun, written to, killed, forgotten, judged."""

import asyncio
from asyncio import Task
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic, monotonic_ns

from bench.engines.engine import Grade
from bench.engines.postgresql.durability import grade, promise_of
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.session import ServerError
from bench.model.cuts import CutPlan, CutRecord, Forgotten, PlannedCut
from bench.model.language import tr
from bench.model.plan import Variant
from bench.power.judge import judge
from bench.power.ledger import PAGES_EACH, Ledger, statement, write
from bench.power.powered import Powered
from bench.power.server import PoweredServer

FIRST_TIMEOUT_S = 60
"""For the first commit of each writer."""
LEAST_PAGES = 20
"""Of those that each commit changes, written and not flushed, when writes are torn: chance tears half of them.

Once 100 pages of any file were waited for, and of 50 cuts 13 convicted nobody: there was little else than what a
growing table had been given ahead, up to 20 pages for each writer that waits (PostgreSQL 15, hio.c,
RelationAddExtraBlocks), which nobody reads after a cut. The 29 that tore 121 pages or more all convicted. More than 20
come later: on two cores with eight times as much to do 50 convicted in 20 of 25 cuts, and 20 in 30 of 33. In the others
the checkpoint had flushed them before the server was dead.
"""
SILENT_S = 2
"""From the last commit to the power's end, at most: Linux looks every 5 s for what is dirty, and was for 30 s."""
PAUSE_S = 0.1
"""Of each writer after a commit, until somebody has pulled a plug: else minutes of load would fill the box's disk."""
MORE = 0.5
"""Of the load's time: what chance adds at most."""

UNLOGGED = """
SELECT bool_or(relpersistence = 'u') FROM pg_catalog.pg_class WHERE relnamespace = '{schema}'::regnamespace
"""
PAGES = "SELECT pg_catalog.pg_relation_filepath('{schema}.pages')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a server was made for promises; as in ``CutRecord``."""

    promised: Grade
    of_settings: Grade
    unlogged: bool
    pages: str
    """The file of the pages that each commit changes."""


def make(server: PoweredServer, plan: CutPlan, variant: Variant, layout: TableLayout) -> Made:
    """Make a cluster with a variant in force and a table of a layout, for all cuts of them.

    Raises:
        ServerError: PostgreSQL does not take the variant, or lacks what judges it.

    """
    server.create(plan.harness, tls=False)
    server.apply(variant)
    with closing(server.connect()) as session:
        session.run(session.qualified(layout.statements))
        session.run(statement("made", session.schema), {"pages": plan.writers * PAGES_EACH})
        settings, unlogged = promise_of(session), bool(session.value(session.qualified(UNLOGGED)))
        pages = session.value(session.qualified(PAGES))
    server.stop()
    # What the data lies on is nobody's promise here: the disk is ours, and forgets.
    return Made(
        promised=grade(settings, layout.risk, (), ()),
        of_settings=grade(settings, None, (), ()),
        unlogged=unlogged,
        pages=pages,
    )


def carry_out(server: Powered, plan: CutPlan, cut: PlannedCut, made: Made) -> CutRecord:
    """Cut the power once; return what came of it.

    Raises:
        PgladderError: there was no cut: the server or the file system failed before.

    """
    began = datetime.now(UTC).isoformat(timespec="seconds")
    ledger = Ledger()
    try:
        server.begin(cut.how)
        load_s, cut_ns, forgotten = asyncio.run(_blast(server, plan, cut, ledger, made.pages))
        judged = judge(server, ledger, cut_ns, unlogged=made.unlogged)
    finally:
        server.remade()
    attempted = sum(ledger.attempted.values())
    return CutRecord(
        cut=cut,
        began=began,
        durability=made.promised.word,
        because=made.promised.because,
        of_settings=made.of_settings.word,
        unlogged=made.unlogged,
        load_s=load_s,
        acknowledged=ledger.count,
        in_doubt=attempted - ledger.count,
        rows_lost=judged.rows_lost,
        ms_lost=judged.ms_lost,
        did_not_start=judged.did_not_start,
        recovery_s=judged.recovery_s,
        corrupt=judged.corrupt,
        forgotten=forgotten,
        unflushed=server.unflushed,
    )


async def _blast(
    server: Powered, plan: CutPlan, cut: PlannedCut, ledger: Ledger, pages: str
) -> tuple[float, int, Forgotten | None]:
    """Have rows written, and cut the power at a moment that chance decides; return how long, when, what it took."""
    seconds = plan.load_s * (1 + MORE * Random(cut.seed).random())
    load = asyncio.create_task(
        write(server.endpoint("tcp"), ledger, plan.writers, checkpoints=cut.how == "torn"), name="load"
    )
    await _first_commits(ledger, plan.writers, load)
    began_ns = monotonic_ns()
    await _still_written(load, seconds)
    if cut.how == "torn":
        await _while_pages_are_written(server, load, pages)
    if server.by_hand:
        ledger.pause_s = PAUSE_S
    ledger.over = True
    cut_ns = await server.lose_power()
    await load
    if cut_ns is None:
        cut_ns = ledger.last_ns
        _check_written(server.heard_ns, cut_ns)
    forgotten = await asyncio.to_thread(server.forget, cut.how, cut.seed)
    return (cut_ns - began_ns) / 1e9, cut_ns, forgotten


def _check_written(heard_ns: int | None, last_ns: int) -> None:
    """Refuse a cut at which nothing was written any more: all may have been flushed by then.

    Args:
        heard_ns: when it was last seen to have power.
        last_ns: when the last commit was acknowledged.

    Raises:
        ServerError: between them lies too much time.

    """
    if heard_ns is not None and heard_ns - last_ns > SILENT_S * 1e9:
        silent_s = (heard_ns - last_ns) / 1e9
        raise ServerError(
            tr("nothing was written any more when the power went, for {seconds:.1f} s: no cut", seconds=silent_s)
        )


async def _while_pages_are_written(server: Powered, load: "Task[None]", pages: str) -> None:
    """Wait until a checkpoint has written pages that it has not flushed: only then is there something to tear."""
    deadline = monotonic() + FIRST_TIMEOUT_S
    while not await asyncio.to_thread(server.holds_pages, LEAST_PAGES, pages):
        if monotonic() > deadline:
            raise ServerError(f"no checkpoint wrote {LEAST_PAGES} pages within {FIRST_TIMEOUT_S} s")
        await _still_written(load, 0.001)


async def _first_commits(ledger: Ledger, writers: int, load: "Task[None]") -> None:
    deadline = monotonic() + FIRST_TIMEOUT_S
    while sum(map(bool, ledger.acknowledged_ns.values())) < writers:
        if monotonic() > deadline:
            load.cancel()
            raise ServerError(f"no commit of some writers within {FIRST_TIMEOUT_S} s, before the power was cut")
        await _still_written(load, 0.01)


async def _still_written(load: "Task[None]", seconds: float) -> None:
    await asyncio.wait({load}, timeout=seconds)
    if load.done():
        await load
        raise ServerError("nothing was written any more before the power was cut")
