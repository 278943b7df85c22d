"""The page of a collection: one HTML file without scripts, boxes by what they keep up (``collection.html.j2``).

What lies in the files is somebody else's: it is text here, and never markup, address or script.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import isinf
from typing import Any

from bench.analysis.cells import CellOfBoxes
from bench.analysis.collection import KEPT_UP, Entry, Place, Placed, RankedCell
from bench.analysis.ways import method_words
from bench.model.language import later, spoken, tr
from bench.model.plan import Parameters
from bench.model.shared import SharedRung, Vocabulary
from bench.report.markup import environment
from bench.report.numbers import DASH, rate
from bench.report.share import box_words, in_full, rows_words

LEGEND = later(
    "Rows/s with the closing checkpoint in the time: geometric mean of a box's trials, and its interval of 95 %."
    " Ranks are ranges, 1 the highest: all that the joint intervals of 95 % of a table leave open (Klein, Wright,"
    " Wieczorek 2020). Boxes whose ranges overlap are not shown to differ. A core is a processor that may be used, each"
    " thread counted; price and watts are as each owner gave them, and prices in different currencies are not compared."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A box in a table."""

    label: str
    box: str
    cells: Sequence[str]
    doubts: str
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A cell as it is shown."""

    heading: str
    conditions: str
    columns: Sequence[str]
    rows: Sequence[Row]
    answer: str


def build_collection(
    entries: Sequence[Entry], ranked: Sequence[RankedCell], left_out: int, words: Vocabulary, version: str
) -> str:
    """Return the page; ``left_out`` are the files that could not be taken."""
    external = sum(entry.shared.external for entry in entries)
    page: str = _template().render(
        version=version,
        boxes=len(entries),
        left_out=left_out,
        external=external,
        tables=[_table(each, words) for each in ranked],
        mine=list(mine_sentences(ranked, words)),
        legend=tr(LEGEND),
        language=spoken(),
    )
    return page


def mine_sentences(ranked: Sequence[RankedCell], words: Vocabulary) -> Sequence[str]:
    """Return where one's own box stands, a sentence a cell; the cells in which it is alone are left out."""
    found: list[str] = []
    for each in ranked:
        if len(each.placed) > 1:
            found += [_mine(each.cell, placed, words) for placed in each.placed if placed.entry.mine]
    return found


def first_sentence(ranked: Sequence[RankedCell], words: Vocabulary) -> Sequence[str]:
    """Return which box keeps up most in the first table, that of most boxes; nothing where no box is in any."""
    return [f"{heading_of(each.cell, words)}: {_answer(each, each.placed[0])}" for each in ranked[:1]]


def _mine(cell: CellOfBoxes, placed: Placed, words: Vocabulary) -> str:
    kept, *others = placed.places.items()
    places = [tr("rank {rank} of {of}", rank=ranks(kept[1]), of=kept[1].of)]
    for name, place in others:
        value, rank = rate(place.value), ranks(place)
        places.append(tr("{rate} rows/s {per}: {rank} of {of}", rate=value, per=tr(name), rank=rank, of=place.of))
    return tr(
        "Yours, {what}: {rate} rows/s kept up, {places}.",
        what=heading_of(cell, words),
        rate=in_full(kept[1].value),
        places="; ".join(places),
    )


def heading_of(cell: CellOfBoxes, words: Vocabulary) -> str:
    """Return what is written in a cell."""
    method = method_words(words.methods[cell.phase]) if cell.phase in words.methods else cell.phase
    rows = rows_words(cell.parameters.batch)
    return tr("{method} (phase {phase}), {rows}", method=method, phase=cell.phase, rows=rows)


def conditions_of(cell: CellOfBoxes) -> str:
    """Return under which conditions; of its parameters those that are not the usual."""
    usual = Parameters()
    parts = [
        f"PostgreSQL {cell.major}" if cell.major else tr("PostgreSQL of an unknown major"),
        *(cell.variant, cell.layout, cell.transport, tr(" or ").join(cell.durability) or tr("durability unknown")),
        *(cell.driver, tr("{seconds:g} s windows", seconds=cell.window_s)),
    ]
    if cell.preload_rows:
        parts.append(tr("{rows:,} rows before", rows=cell.preload_rows))
    for each in fields(Parameters):
        value = getattr(cell.parameters, each.name)
        if each.name != "batch" and value != getattr(usual, each.name) and value is not None:
            parts.append(f"{each.name.replace('_', ' ')} {value}")
    return ", ".join(parts)


def _table(ranked: RankedCell, words: Vocabulary) -> Table:
    measures = list(dict.fromkeys(name for placed in ranked.placed for name in placed.places))
    columns = []
    for name in measures:
        columns += [name, "rank"]
    first = ranked.placed[0]
    heading = heading_of(ranked.cell, words)
    return Table(
        heading=heading,
        conditions=conditions_of(ranked.cell),
        columns=columns,
        rows=[_row(placed, measures) for placed in ranked.placed],
        answer=_answer(ranked, first),
    )


def _answer(ranked: RankedCell, first: Placed) -> str:
    """Return who may be the first of a cell."""
    place = first.places[KEPT_UP]
    most = tr("{rate} rows/s by {box}", rate=in_full(place.value), box=box_words(first.entry.shared.box))
    contenders = sum(placed.places[KEPT_UP].best == 1 for placed in ranked.placed)
    if len(ranked.placed) == 1:
        return tr("One box: {most}.", most=most)
    if contenders == 1:
        return tr("The most of {count} boxes: {most} (rank 1).", count=len(ranked.placed), most=most)
    return tr(
        "The most of {count} boxes: {most} (rank {ranks}); {contenders} of them may be the fastest.",
        count=len(ranked.placed),
        most=most,
        contenders=contenders,
        ranks=ranks(place),
    )


def _row(placed: Placed, measures: Sequence[str]) -> Row:
    texts = []
    for name in measures:
        place = placed.places.get(name)
        texts += [_value(place), ranks(place) if place else DASH]
    shared = placed.entry.shared
    return Row(
        label=tr("yours") if placed.entry.mine else placed.entry.label,
        box=box_words(shared.box),
        cells=texts,
        doubts=_doubts(placed.rung),
        mine=placed.entry.mine,
    )


def _value(place: Place | None) -> str:
    if place is None:
        return DASH
    if isinf(place.interval.high):
        return tr("{rate} (one trial)", rate=rate(place.value))
    return f"{rate(place.value)} ({rate(place.interval.low)}–{rate(place.interval.high)})"


def ranks(place: Place) -> str:
    """Return the ranks that a box may have."""
    return str(place.best) if place.best == place.worst else f"{place.best}–{place.worst}"


def _doubts(rung: SharedRung) -> str:
    counts = ((rung.void, later("{count} void")), (rung.suspect, later("{count} suspect")))
    named = ", ".join(tr(state, count=count) for count, state in counts if count)
    if not named:
        return ""
    return tr("{named} of {trials}: {codes}", named=named, trials=rung.trials, codes=", ".join(rung.doubts))


@cache
def _template() -> Any:
    return environment("bench.report").get_template("collection.html.j2")
