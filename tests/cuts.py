"""Records of cuts, and plans of them, made up."""

from dataclasses import replace

from bench.engines.postgresql.render import as_variant
from bench.model.cuts import CutPlan, CutRecord, Forgotten, PlannedCut

ASYNC, UNSAFE = "may lose last 600 ms", "not crash-safe"
FORGOTTEN = Forgotten(bytes_forgotten=8192, blocks_left=0, torn_pages=0, names_forgotten=1)


def cut(variant="stock", promise="durable", lost=0, ms=0.0, how="power", number=1, **changes) -> CutRecord:
    record = CutRecord(
        cut=PlannedCut(variant=variant, layout="plain", how=how, number=number, seed=number),
        began="2026-11-29T12:00:00+00:00",
        durability=promise,
        because=None,
        of_settings=promise,
        unlogged=False,
        load_s=2.0,
        acknowledged=1000,
        in_doubt=8,
        rows_lost=lost,
        ms_lost=ms,
        did_not_start=None,
        recovery_s=0.5,
        corrupt=[],
        forgotten=FORGOTTEN,
    )
    return replace(record, **changes)


def plan(**counts) -> CutPlan:
    return CutPlan(
        run="r",
        created="2026-11-29T12:00:00+00:00",
        host="box",
        seed=1,
        version="15",
        harness=as_variant("harness", ""),
        variants=[as_variant("stock", "")],
        layouts=["plain"],
        load_s=1.0,
        writers=8,
        **{"power": 0, "torn": 0, "kill": 0} | counts,
    )
