"""A shared run in words: its sentences, and the card of 1200 × 630 that goes beside it (``card.svg.j2``).

Says what the figures of ``bench.model.shared`` say, and knows no more of the run than they do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.analysis.cells import cell_of
from bench.analysis.limits import UNEXPLAINED, constraint_words
from bench.analysis.share import conditions_of
from bench.analysis.ways import method_words
from bench.model.language import ENGLISH, later, speaking, tr, tr_many
from bench.model.shared import Shared, SharedBox, SharedRung, Vocabulary
from bench.report.markup import environment
from bench.report.numbers import DASH, known, rate

WIDTH, HEIGHT = 1200, 630
MOST_BARS = 6
BAR = 560
"""Pixels of the longest bar."""
EM = 0.62
"""Mean width of a character of a wide sans serif (DejaVu Sans), of its size."""
MOST_DOUBTS = 3
DURABLE = ("durable",)


def best(shared: Shared) -> SharedRung | None:
    """Return the rung that kept up most; one that may lose rows only where none is durable.

    What came at a rate, beside readers or before a standby was not asked for the most: it counts where nothing else is.
    """
    rated = [rung for rung in shared.rungs if reached(rung) is not None]

    def worth(rung: SharedRung) -> tuple[bool, bool, float]:
        asked_for_most = not (rung.parameters.rate or rung.parameters.mixed or rung.parameters.replicated)
        return asked_for_most, rung.durability == DURABLE, reached(rung) or 0.0

    return max(rated, key=worth, default=None)


def reached(rung: SharedRung) -> float | None:
    """Return the rate that a rung kept up; the burst where no checkpoint was timed."""
    return rung.sustained_rows_per_s if rung.sustained_rows_per_s is not None else rung.rows_per_s


def sentences(shared: Shared, words: Vocabulary) -> list[str]:
    """Return the answer, what stopped it, whether to trust it."""
    rung = best(shared)
    if rung is None:
        return [tr("No rung has a trial that counts: there is nothing to pass on but that.")]
    found = [_answer(shared, rung, words)]
    found += _stopped(rung)
    found.append(trust(shared))
    if shared.left_out:
        found.append(
            tr_many(
                "Left out: {count} rung is of pieces of your own, or too many for one file.",
                "Left out: {count} rungs are of pieces of your own, or too many for one file.",
                shared.left_out,
            )
        )
    return found


def _answer(shared: Shared, rung: SharedRung, words: Vocabulary) -> str:
    values = {
        "box": tr("The server that was brought") if shared.external else box_words(shared.box),
        "burst": in_full(rung.rows_per_s),
        "how": way_words(rung, words),
        "under": ", ".join(_conditions(rung)),
    }
    if rung.sustained_rows_per_s is None:
        return tr("{box}: {burst} rows/s in bursts (no checkpoint was timed), by {how}; {under}.", **values)
    return tr(
        "{box}: {rate} rows/s kept up, checkpoint included ({burst} in bursts), by {how}; {under}.",
        rate=in_full(rung.sustained_rows_per_s),
        **values,
    )


@known
def in_full(value: float) -> str:
    """Return a rate of three figures as a sentence has it: 532,000; 72.5."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


def way_words(rung: SharedRung, words: Vocabulary) -> str:
    """Return how a rung writes rows: its technique, phase and batch."""
    method = method_words(words.methods[rung.phase]) if rung.phase in words.methods else rung.phase
    rows = rows_words(rung.parameters.batch)
    return tr("{method} (phase {phase}, {rows})", method=method, phase=rung.phase, rows=rows)


def rows_words(batch: int) -> str:
    """Return how many rows a commit has."""
    return tr("one row a commit") if batch == 1 else tr("{batch:,} rows a commit", batch=batch)


def _conditions(rung: SharedRung) -> Iterable[str]:
    if rung.major:
        yield f"PostgreSQL {rung.major}"
    yield from (rung.variant, rung.layout, rung.transport, tr(" or ").join(rung.durability) or tr("durability unknown"))


def box_words(box: SharedBox) -> str:
    """Return what kind of box it is."""
    parts = [box.processor or tr("a processor of no known name")]
    if box.cpus:
        parts.append(tr_many("{count} CPU", "{count} CPUs", box.cpus))
    if box.ram_gib:
        parts.append(f"{box.ram_gib} GiB")
    if box.disk:
        parts.append(tr("{kind} disk", kind=box.disk) if box.disk != "memory" else tr("data in memory"))
    if box.virtual:
        parts.append(tr("a virtual machine"))
    return ", ".join(parts)


def _stopped(rung: SharedRung) -> Iterable[str]:
    limit = rung.stopped_by
    if limit is None or limit.constraint == UNEXPLAINED:
        return
    how = (
        later("Stopped by: {limit} (proved).")
        if limit.proved
        else later("Stopped by: {limit} (suspected, not proved).")
    )
    yield tr(how, limit=constraint_words(limit.constraint))


def trust(shared: Shared) -> str:
    """Return how many trials are doubtful, and by which doubts most."""
    trials = sum(rung.trials for rung in shared.rungs)
    doubtful = sum(rung.void + rung.suspect for rung in shared.rungs)
    of_all = tr_many("{count} trial", "{count} trials", trials)
    whole = "" if shared.complete else tr("; the run did not come to its end")
    if not doubtful:
        return tr("Trust: nothing of weight speaks against its {trials}{whole}.", trials=of_all, whole=whole)
    by_code: dict[str, int] = {}
    for rung in shared.rungs:
        for code in rung.doubts:
            # What is slight, or could not be looked at, makes no trial doubtful.
            if not code.startswith("some-") and not code.endswith("-unknown"):
                by_code[code] = by_code.get(code, 0) + rung.void + rung.suspect
    named = sorted(by_code, key=lambda code: -by_code[code])[:MOST_DOUBTS]
    return tr(
        "Trust: {count} of its {trials} are doubtful ({codes}){whole}.",
        count=doubtful,
        trials=of_all,
        codes=", ".join(named),
        whole=whole,
    )


# --- the card --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text, and the size at which it fits."""

    text: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rung beside others."""

    label: Line
    length: float
    value: str
    best: bool


def card(shared: Shared, words: Vocabulary) -> str:
    """Return the card as SVG: the number, how, on what, up to six rungs as bars, whether to trust it.

    It is English, as the file that it goes with.
    """
    with speaking(ENGLISH):
        return _card(shared, words)


def _card(shared: Shared, words: Vocabulary) -> str:
    rung = best(shared)
    number = in_full(reached(rung)) if rung else DASH
    kept = "kept up, checkpoint included"
    if rung and rung.sustained_rows_per_s is None:
        kept = "in bursts, no checkpoint timed"
    how = f"{kept}, by {way_words(rung, words)}" if rung else "no rung has a trial that counts"
    stop = " ".join(_stopped(rung)) if rung else ""
    footer = [", ".join(_conditions(rung))] if rung else []
    footer += filter(None, (shared.measured, f"pgladder {shared.pgladder}" if shared.pgladder else "pgladder"))
    svg: str = _template("card.svg.j2").render(
        width=WIDTH,
        height=HEIGHT,
        number=number,
        # Behind the number, at the size that it is drawn in.
        unit_x=60 + round(len(number) * 120 * EM) + 20,
        how=_line(how, 1080, 30),
        box=_line("a server that was brought" if shared.external else box_words(shared.box), 1080, 34),
        bars=_bars(shared, rung, words) if rung else [],
        stop=_line(stop, 1080, 22),
        trust=_line(trust(shared), 1080, 22),
        footer=_line(" · ".join(footer), 1080, 22),
    )
    return svg


def _bars(shared: Shared, most: SharedRung, words: Vocabulary) -> Sequence[Bar]:
    """Return the fastest rungs of the same conditions as the one that kept up most."""
    alike = [rung for rung in shared.rungs if conditions_of(rung) == conditions_of(most) and reached(rung)]
    fastest = sorted(alike, key=lambda rung: -(reached(rung) or 0.0))[:MOST_BARS]
    longest = reached(fastest[0]) or 1.0
    bars = []
    for rung in fastest:
        label = f"{rung.phase} {words.methods.get(rung.phase, '')}, {rung.parameters.batch:,}"
        value = reached(rung) or 0.0
        bars.append(
            Bar(
                label=_line(label, 330, 24),
                length=round(max(BAR * value / longest, 2), 1),
                value=rate(value),
                best=cell_of(shared, rung) == cell_of(shared, most),
            )
        )
    return bars


def _line(text: str, width: int, size: int) -> Line:
    """Return a line at the largest size, up to the one wanted, at which it fits so many pixels."""
    return Line(text=text, size=min(size, int(width / (EM * max(len(text), 1)))))


def png_maker() -> Callable[[str], bytes] | None:
    """Return what draws a card as PNG; None where the library is not here (``pip install '.[control]'``)."""
    try:
        import vl_convert  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return None
    return lambda svg: bytes(vl_convert.svg_to_png(svg))


@cache
def _template(name: str) -> Any:
    return environment("bench.report").get_template(name)
