"""Whether a shared file may be taken: one judge for what is written here and for what others send.

What lies in a file is somebody else's: its size, form, words and figures are looked at, in this order, before anything
is made of it. An error leaves the file out, a warning goes with it. Pure.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from bench.analysis.cells import CellOfBoxes, cell_of
from bench.model.codec import DAMAGED, schema_of, unknown_field
from bench.model.language import tr
from bench.model.plain import one_line
from bench.model.shared import MOST_BYTES, Flaw, Shared, SharedRung, Vocabulary

MOST_PER_S = 1e9
"""Rows: no box comes near it."""
ROUNDING = 1e-4
"""Figures are written with six digits."""
MOST_WORDS = 200
"""Of a foreign text in a sentence."""


def check_shared(text: bytes, words: Vocabulary) -> tuple[Shared | None, list[Flaw]]:
    """Return what a shared file says, None where an error speaks against it, and all that was found."""
    if len(text) > MOST_BYTES:
        return None, [
            _error(
                "$",
                tr("It has {size:,} bytes, and a shared file has {most:,} at most.", size=len(text), most=MOST_BYTES),
            )
        ]
    try:
        given = msgspec.json.decode(text)
        found = msgspec.convert(given, Shared)
    except (*DAMAGED, msgspec.ValidationError) as error:
        return None, [_error(*_place(error))]
    flaws = list(_unknown(given, found))
    flaws += _of_whole(found)
    for at, rung in enumerate(found.rungs):
        flaws += _of_rung(f"$.rungs[{at}]", rung, words)
    flaws += _twice(found)
    if any(each.severity == "error" for each in flaws):
        return None, flaws
    known = tuple(rung for rung in found.rungs if not _foreign(rung, words))
    if not known:
        return None, [*flaws, _error("$.rungs", tr("No rung is left: none is of a phase and layout known here."))]
    return replace(found, rungs=known), flaws


def _place(error: Exception) -> tuple[str, str]:
    """Return where a text is not of the form, and why."""
    sentence, _, path = str(error).partition(" - at `")
    why = one_line(sentence)[:MOST_WORDS].rstrip(".")
    return path.rstrip("`") or "$", tr("It is no {schema}: {why}.", schema=schema_of(Shared), why=why)


def _unknown(given: Any, found: Shared) -> Iterable[Flaw]:
    if where := unknown_field(given, msgspec.to_builtins(found)):
        yield _warning(one_line(where)[:MOST_WORDS], tr("This field is none of the format's; it is not read."))


def _of_whole(found: Shared) -> Iterable[Flaw]:
    box = found.box
    if not found.complete:
        yield _warning("$.complete", tr("The run did not come to its end, or its files can't be proved unchanged."))
    if found.external:
        yield _warning("$.external", tr("The server's configuration is not known: it is ranked among no others."))
    if (box.price is None) != (box.currency is None):
        yield _error("$.box.price", tr("A price has a currency, and a currency a price."))
    if box.price is None and box.watts is None:
        return
    if box.virtual:
        yield _warning("$.box", tr("Price and watts are of a virtual machine, or of the machine that it runs on."))


def _of_rung(where: str, rung: SharedRung, words: Vocabulary) -> Iterable[Flaw]:
    for name, word in _foreign(rung, words).items():
        yield _warning(f"{where}.{name}", tr("{word} is none that this pgladder has; the rung is left out.", word=word))
    yield from _codes(where, rung, words)
    counted = rung.trials - rung.void
    if rung.void > rung.trials or rung.suspect > rung.trials:
        yield _error(f"{where}.trials", tr("More of its trials are void or suspect than there are."))
    if len(rung.sustained_of_trials) > counted:
        yield _error(f"{where}.sustained_of_trials", tr("It has more rates than trials that count."))
    if counted == 0 and rung.rows_per_s is not None:
        yield _error(f"{where}.rows_per_s", tr("All of its trials are void, and yet it has a rate."))
    yield from _rates(where, rung)


def _rates(where: str, rung: SharedRung) -> Iterable[Flaw]:
    """Say where its rates contradict each other, or are none of any box."""
    burst, sustained, each = rung.rows_per_s, rung.sustained_rows_per_s, rung.sustained_of_trials
    if max(burst or 0, sustained or 0, *each, 0) > MOST_PER_S:
        yield _error(f"{where}.rows_per_s", tr("More than {most:,.0f} rows/s are no rate of a box.", most=MOST_PER_S))
    if burst is not None and sustained is not None and sustained > burst * (1 + ROUNDING):
        yield _error(f"{where}.sustained_rows_per_s", tr("With the checkpoint it can't be faster than without."))
    if (sustained is not None) != bool(each):
        yield _error(f"{where}.sustained_of_trials", tr("The rate of all trials is there without that of each."))
    if sustained is not None and each:
        least, most = min(each) * (1 - ROUNDING), max(each) * (1 + ROUNDING)
        if not least <= sustained <= most:
            yield _error(
                f"{where}.sustained_rows_per_s", tr("The rate of all trials does not lie between those of each.")
            )
    p50, p99 = rung.p50_ms, rung.p99_ms
    if p50 is not None and p99 is not None and p50 > p99:
        yield _error(f"{where}.p50_ms", tr("Half of the commits took longer than 99 % of them."))


def _codes(where: str, rung: SharedRung, words: Vocabulary) -> Iterable[Flaw]:
    for code in rung.doubts:
        if code not in words.codes and code != "other":
            yield _warning(f"{where}.doubts", tr("The doubt {code} is none that this pgladder knows.", code=code))
    if (rung.void or rung.suspect) and not rung.doubts:
        yield _error(f"{where}.doubts", tr("Trials are doubtful, and no doubt is named."))


def _foreign(rung: SharedRung, words: Vocabulary) -> dict[str, str]:
    """Return the words of a rung that are none of pgladder's, by the name of their field."""
    known = {
        "phase": (rung.phase, words.methods),
        "driver": (rung.driver, words.drivers),
        "parameters.load": (rung.parameters.load, words.loads),
        "layout": (rung.layout, words.layouts),
        "variant": (rung.variant, words.variants),
    }
    found = {name: word for name, (word, among) in known.items() if word not in among}
    if rung.stopped_by and rung.stopped_by.constraint not in words.constraints:
        found["stopped_by.constraint"] = rung.stopped_by.constraint
    return found


def _twice(found: Shared) -> Iterable[Flaw]:
    seen: set[CellOfBoxes] = set()
    for at, rung in enumerate(found.rungs):
        cell = cell_of(found, rung)
        if cell in seen:
            yield _error(f"$.rungs[{at}]", tr("The file has this rung twice."))
        seen.add(cell)


def _error(path: str, sentence: str) -> Flaw:
    return Flaw(path=path, severity="error", sentence=sentence)


def _warning(path: str, sentence: str) -> Flaw:
    return Flaw(path=path, severity="warning", sentence=sentence)
