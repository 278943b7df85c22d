"""What cuts of the power show of variants: what was lost of what was acknowledged, and who is convicted.

A cut convicts a variant where the database does not start, is not whole, or lost more than its settings let it. One
that promised to keep what is lost broke its promise: that is a failure; of others a conviction was to be expected.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.analysis.ending import Level, Next, Trust
from bench.model.cuts import CutPlan, CutRecord, How
from bench.model.errors import DataError
from bench.model.language import later, tr, tr_many
from bench.model.values import Amount, Count, Durability, Layout, Name
from bench.stats.intervals import Interval, mean, mean_interval
from bench.stats.missing import not_none

ALPHA = 0.05
ENOUGH_CUTS = 10
"""Of each variant: a fault that a quarter of the cuts show is seen by as many."""
MAY_LOSE = re.compile(r"may lose last (\d+) ms")
WHOLE: tuple[How, ...] = ("power", "machine")
"""Cuts that are not torn on purpose."""
UNSAFE = ("not crash-safe", "unknown", "in memory")
"""What promises nothing: what it loses is no broken promise."""
KINDS: tuple[How, ...] = ("power", "torn", "machine", "kill")
CUTS: tuple[How, ...] = ("power", "torn", "machine")
"""What counts: who is only killed loses nothing that the kernel cached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MsLost:
    """From the first acknowledged row that was lost to the cut, in ms; 0 of a cut that lost none."""

    mean: Amount
    interval: Interval | None
    """Of the mean, 95 %, by Student's t, and never below 0; None of a single cut."""
    most: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class OfKind:
    """All cuts of one kind."""

    how: How
    cuts: Count
    acknowledged: Count
    rows_lost: Count | None
    """Of cuts after which rows could be looked for; None where there is none."""
    per_cut: list[Count | None]
    """Of each, in order; None where rows could not be looked for."""
    ms_lost: MsLost | None
    did_not_start: Count
    corrupt: Count
    convicted: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class OfVariant:
    """All cuts of one variant and layout; what is counted is of cuts, torn or not, and not of kills."""

    variant: Name
    layout: Layout
    durability: Durability
    """What it promises."""
    because: str | None
    """Why that is not durable."""
    cuts: Count
    """Where all that was not flushed was forgotten, of a whole machine as of a server."""
    torn: Count
    """Where chance left some of it, in blocks of 4 KiB."""
    acknowledged: Count
    rows_lost: Count | None
    per_cut: list[Count | None]
    ms_lost: MsLost | None
    did_not_start: Count
    corrupt: Count
    convicted: Count
    """How many of the cuts, of both kinds."""
    rows_per_s: Amount | None
    """Acknowledged by the clients of the cuts, not of torn ones. No box's rate: on the file system that forgets, or
    through a tunnel."""
    kinds: list[OfKind]
    """Each that was tried, kills too."""
    kept: bool
    """It kept what it promised, whatever that is."""
    reasons: list[str]
    """What PostgreSQL and the judges said, each once."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DurabilityReport:
    """What a run of cuts shows."""

    schema: Literal["pgladder/durability/1"] = "pgladder/durability/1"
    run: Name
    host: str
    version: str
    """PostgreSQL's major."""
    planned: Count
    done: Count
    complete: bool
    variants: list[OfVariant]
    trust: Trust
    next: Next | None = None


def durability(plan: CutPlan, records: Sequence[CutRecord]) -> DurabilityReport:
    """Return what a run shows so far."""
    # Cuts go round the variants, each time in another order: here they stand as the plan has them.
    of_plan = [(variant.name, layout) for variant in plan.variants for layout in plan.layouts]
    found: dict[tuple[str, str], list[CutRecord]] = {each: [] for each in of_plan}
    for record in records:
        found.setdefault((record.cut.variant, record.cut.layout), []).append(record)
    planned = len(plan.variants) * len(plan.layouts) * (plan.power + plan.torn + plan.machine + plan.kill)
    variants = [_of_variant(each) for each in found.values() if each]
    return DurabilityReport(
        run=plan.run,
        host=plan.host,
        version=plan.version,
        planned=planned,
        done=len(records),
        complete=len(records) == planned,
        variants=variants,
        trust=_trust(variants, len(records), planned),
    )


def _trust(variants: Sequence[OfVariant], done: int, planned: int) -> Trust:
    """Return whether to trust that nothing is lost: of how rare a fault so many cuts would have shown one."""
    cuts = sum(each.cuts + each.torn for each in variants)
    least = min((each.cuts + each.torn for each in variants), default=0)
    why = []
    if done != planned:
        why.append(tr("not complete: {done} of {planned} cuts", done=done, planned=planned))
    if least:
        share = 1 - ALPHA ** (1 / least)
        shown = tr_many(
            "{count} cut of each: a fault that strikes {share:.0%} of cuts is seen, at 95 %",
            "{count} cuts of each: a fault that strikes {share:.0%} of cuts is seen, at 95 %",
            least,
            share=share,
        )
        why.append(shown)
    elif variants:
        why.append(tr("a server that is only killed shows nothing of a cut"))
    level: Level = "good" if done == planned and least >= ENOUGH_CUTS else "rough"
    return Trust(level=level if cuts else "none", within=None, trials=cuts, why=tuple(why))


def convicted(record: CutRecord) -> bool:
    """Return whether a cut shows that a variant is not to be trusted with what its settings promise."""
    return record.did_not_start is not None or bool(record.corrupt) or _lost_more(record)


def _lost_more(record: CutRecord) -> bool:
    """Return whether more is lost than is let; an unlogged table is emptied, as PostgreSQL says beforehand."""
    if record.unlogged or not record.rows_lost:
        return False
    let = MAY_LOSE.fullmatch(record.of_settings)
    return let is None or record.ms_lost is None or record.ms_lost > int(let[1])


def _of_variant(records: Sequence[CutRecord]) -> OfVariant:
    first, kinds = records[0], _kinds(records)
    whole = _of_kind("power", [each for each in records if each.cut.how in CUTS])
    by_how = {kind.how: kind for kind in kinds}
    kept = first.of_settings in UNSAFE or not any(map(convicted, records))
    load_s = sum(each.load_s for each in records if each.cut.how in WHOLE)
    acknowledged = sum(each.acknowledged for each in records if each.cut.how in WHOLE)
    return OfVariant(
        variant=first.cut.variant,
        layout=first.cut.layout,
        durability=first.durability,
        because=first.because,
        cuts=_count(by_how, "power") + _count(by_how, "machine"),
        torn=_count(by_how, "torn"),
        acknowledged=whole.acknowledged,
        rows_lost=whole.rows_lost,
        per_cut=whole.per_cut,
        ms_lost=whole.ms_lost,
        did_not_start=whole.did_not_start,
        corrupt=whole.corrupt,
        convicted=whole.convicted,
        rows_per_s=acknowledged / load_s if load_s else None,
        kinds=kinds,
        kept=kept,
        reasons=_reasons(records),
        sentence=_sentence(first, whole, by_how.get("kill"), kept=kept),
    )


def _kinds(records: Sequence[CutRecord]) -> list[OfKind]:
    """Return what came of each kind of cut that was tried."""
    kinds = []
    for how in KINDS:
        of_kind = [each for each in records if each.cut.how == how]
        if of_kind:
            kinds.append(_of_kind(how, of_kind))
    return kinds


def _count(by_how: Mapping[How, OfKind], how: How) -> int:
    return by_how[how].cuts if how in by_how else 0


def _of_kind(how: How, records: Sequence[CutRecord]) -> OfKind:
    if how == "machine" and any(each.unflushed is None for each in records):
        raise DataError(tr("A cut of a whole machine is recorded without what proves it: that is none."))
    per_cut = [each.rows_lost for each in records]
    lost = not_none(per_cut)
    return OfKind(
        how=how,
        cuts=len(records),
        acknowledged=sum(each.acknowledged for each in records),
        rows_lost=sum(lost) if lost else None,
        per_cut=per_cut,
        ms_lost=_ms_lost(not_none(each.ms_lost for each in records)),
        did_not_start=sum(each.did_not_start is not None for each in records),
        corrupt=sum(bool(each.corrupt) for each in records),
        convicted=sum(map(convicted, records)),
    )


def _ms_lost(values: Sequence[float]) -> MsLost | None:
    if not values:
        return None
    interval = None
    if len(values) > 1:
        found = mean_interval(values, ALPHA)
        interval = Interval(max(0.0, found.low), found.high)
    return MsLost(mean=mean(values), interval=interval, most=max(values))


def _reasons(records: Iterable[CutRecord]) -> list[str]:
    found: dict[str, None] = {}
    for record in records:
        if record.did_not_start is not None:
            found[record.did_not_start] = None
        found.update(dict.fromkeys(record.corrupt))
    return list(found)


# --- in words --------------------------------------------------------------------------------------------------------


def _sentence(first: CutRecord, whole: OfKind, kill: OfKind | None, *, kept: bool) -> str:
    """Say what became of a variant."""
    name = first.cut.variant
    if first.cut.layout != "plain":
        name = tr("{name} on {layout}", name=name, layout=first.cut.layout)
    said = [_fate(name, first, whole) if whole.cuts else tr("{name} was not cut.", name=name)]
    if not kept:
        said.append(tr("It promises better: {promise}.", promise=_promise(first)))
    if kill is not None:
        said.append(_only_killed(kill, acquitted=whole.convicted > 0 and kill.convicted == 0))
    return " ".join(said)


def _promise(record: CutRecord) -> str:
    if let := MAY_LOSE.fullmatch(record.of_settings):
        return tr("may lose last {time}", time=f"{let[1]} ms")
    return record.of_settings


def _fate(name: str, first: CutRecord, whole: OfKind) -> str:
    sentence = later("{name} lost {lost:,} of {of:,} acknowledged rows in {cuts}.")
    if whole.convicted and first.of_settings in UNSAFE:
        sentence = later("{name} is convicted by {count} of {cuts}: {seen}.")
    elif whole.convicted:
        sentence = later("{name} lost {lost:,} of {of:,} acknowledged rows in {cuts}; {count} convict it: {seen}.")
    elif first.unlogged:
        sentence = later("{name} was emptied by {cuts}, as an unlogged table is: {rows:,} rows lost, all else whole.")
    elif whole.rows_lost and whole.ms_lost:
        sentence = later(
            "{name} lost {lost:,} of {of:,} acknowledged rows in {cuts}, those of the last {ms:.0f} ms at most; it"
            " {promise}."
        )
    lost = whole.rows_lost or 0
    return tr(
        sentence,
        name=name,
        lost=lost,
        rows=lost,
        of=whole.acknowledged,
        cuts=tr_many("{count} cut", "{count} cuts", whole.cuts),
        count=whole.convicted,
        seen=_counts(whole),
        ms=whole.ms_lost.most if whole.ms_lost else None,
        promise=_promise(first),
    )


def _counts(whole: OfKind) -> str:
    """Say in how many cuts what was seen; several may be of one."""
    lost = sum(bool(each) for each in whole.per_cut)
    seen = (
        (whole.did_not_start, later("{count} did not start")),
        (whole.corrupt, later("{count} corrupt")),
        (lost, later("{count} lost rows")),
    )
    return ", ".join(tr(words, count=number) for number, words in seen if number)


def _only_killed(kill: OfKind, *, acquitted: bool) -> str:
    times = tr_many("once", "{count} times", kill.cuts)
    said = tr("Only killed, {times}, it lost nothing", times=times)
    if kill.rows_lost:
        said = tr("Only killed, {times}, it lost {rows:,} rows", times=times, rows=kill.rows_lost)
    if acquitted:
        return tr("{killed}: the kernel kept what it had cached, and acquits it wrongly.", killed=said)
    return f"{said}."
