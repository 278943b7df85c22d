"""What a box gives for what it takes: the rows/s that it keeps up for a core, a watt, and the money that it cost.

Price and watts are as its owner says (``Owned``): nothing is measured of them, so an interval is that of the rate
divided by them. A ratio between boxes is the comparison's, by what each takes. Pure.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.analysis.listing import listed
from bench.model.fingerprint import processors
from bench.model.language import later, tr
from bench.model.outcome import AnyRecord
from bench.plan.contrast import WHOLE, Cell, by_cell
from bench.plan.rates import Block, burst, rates, settled
from bench.stats.compare import ALPHA, Comparison
from bench.stats.distributions import student_t_tail
from bench.stats.intervals import Estimate, geometric
from bench.stats.missing import not_none
from bench.stats.multiplicity import holm

if TYPE_CHECKING:
    from bench.analysis.comparison import CellComparison, ComparisonReport
    from bench.analysis.pulled import RunOutcomes

CORE, WATT = "core", "watt"
MORE, FEWER, UNDECIDED = "more", "fewer", "undecided"
GIVES = {
    MORE: later("more in {where}"),
    FEWER: later("fewer in {where}"),
    UNDECIDED: later("not decided in {where}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostWorth:
    """Rows/s of a box for each of something, and how often that is what the first box gives.

    Attributes:
        host: its name.
        rows_per_s: with the interval of its rate.
        over_first: the ratio to the first box; None of that itself, or where it does not have the same.
        adjusted_p: of a ratio of 1, by Holm over all ratios of the same thing; None where one block alone has both.

    """

    host: str
    rows_per_s: Estimate
    over_first: Estimate | None = None
    adjusted_p: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What boxes give for one of something, in one cell."""

    where: str
    """The cell."""
    per: str
    """``core``, ``watt``, or the code of a currency."""
    hosts: tuple[HostWorth, ...]
    """Those of which it is known, in the order of the comparison."""


def worths(runs: Sequence["RunOutcomes"], report: "ComparisonReport") -> list[Worth]:
    """Return what the hosts of a comparison give for a core, a watt and their price, cell by cell.

    ``runs`` are those that were compared, in their order.
    """
    taken = {run.box: what_it_takes(run) for run in runs}
    of_hosts = [_trials(run) for run in runs]
    places = list(of_hosts[0])
    for others in of_hosts:
        places = [place for place in places if place in others]
    found: list[Worth] = []
    rate = settled if report.headline == "settled" else burst
    for place, cell in zip(places, report.cells, strict=True):
        known: dict[str, Estimate] = {}
        for run, trials in zip(runs, of_hosts, strict=True):
            values = [value for value in rates(trials[place], rate).values() if value > 0]
            if values:
                known[run.box] = geometric(values)
        found += _of_cell(report, cell, known, taken)
    return _adjusted(found)


def _adjusted(found: Sequence[Worth]) -> list[Worth]:
    """Adjust the p-values of all ratios of one thing: who reads of many boxes takes the best of them."""
    left: dict[str, Iterator[float]] = {}
    for per in {worth.per for worth in found}:
        own = [each.adjusted_p for worth in found if worth.per == per for each in worth.hosts]
        left[per] = iter(holm(not_none(own)))
    adjusted = []
    for worth in found:
        hosts = []
        for each in worth.hosts:
            known = each.adjusted_p is not None
            hosts.append(replace(each, adjusted_p=next(left[worth.per])) if known else each)
        adjusted.append(replace(worth, hosts=tuple(hosts)))
    return adjusted


def what_it_takes(run: "RunOutcomes") -> dict[str, float]:
    """Return the cores, watts and price of a run's box, as far as they are known."""
    found: dict[str, float] = {}
    if cpus := processors(run.host):
        found[CORE] = cpus.usable
    owned = run.plan.owned
    if owned and owned.watts:
        found[WATT] = owned.watts
    if owned and owned.price and owned.currency:
        found[owned.currency] = owned.price
    return found


def _trials(run: "RunOutcomes") -> Mapping[Cell, Mapping[Block, AnyRecord]]:
    return {cell: arms[WHOLE] for cell, arms in by_cell(run.plan, run.records, WHOLE).items()}


def _of_cell(
    report: "ComparisonReport",
    cell: "CellComparison",
    known: Mapping[str, Estimate],
    taken: Mapping[str, Mapping[str, float]],
) -> Iterable[Worth]:
    every = list(dict.fromkeys(per for of_host in taken.values() for per in of_host))
    # What each box takes first, then what it cost.
    for per in sorted(every, key=lambda name: (name not in (CORE, WATT), name)):
        hosts: list[HostWorth] = []
        first = cell.arms[0].name
        ratios = {pair.candidate: getattr(pair, report.headline) for pair in cell.pairs}
        for host, rows in known.items():
            if by := taken[host].get(per):
                one = HostWorth(host=host, rows_per_s=rows.times(1 / by))
                if host != first and first in known and per in taken[first]:
                    one = _beside_first(one, ratios.get(host), taken[first][per] / by)
                hosts.append(one)
        if hosts:
            yield Worth(where=cell.where(report.cells), per=per, hosts=tuple(hosts))


def _beside_first(one: HostWorth, compared: Comparison | None, times: float) -> HostWorth:
    """Add the comparison's ratio of a host to the first, times what the first takes over what it takes."""
    if compared is None:
        return one
    ends = compared.interval
    low, high = (ends.low, ends.high) if ends else (None, None)
    over = Estimate(estimate=compared.ratio, low=low, high=high).times(times)
    return replace(one, over_first=over, adjusted_p=_p_value(over.estimate, compared))


def _p_value(ratio: float, compared: Comparison) -> float | None:
    """Return that of a ratio of 1, two-sided: what boxes take is no estimate, and leaves its error as it is."""
    if not compared.error or not compared.freedom:
        return None
    return 2 * student_t_tail(abs(math.log(ratio)) / compared.error, compared.freedom)


# --- is it worth the money? ------------------------------------------------------------------------------------------


def worth_sentences(found: Sequence[Worth]) -> list[str]:
    """Answer for each further box whether it gives more for the money than the first; of no price nothing is said."""
    sentences = []
    for per in dict.fromkeys(worth.per for worth in found if worth.per not in (CORE, WATT)):
        of_money = [worth for worth in found if worth.per == per]
        first = of_money[0].hosts[0].host
        hosts = dict.fromkeys(each.host for worth in of_money for each in worth.hosts if each.over_first)
        sentences += [_sentence(host, first, per, of_money) for host in hosts]
    return sentences


def _sentence(host: str, first: str, per: str, found: Sequence[Worth]) -> str:
    places: dict[str, list[str]] = {}
    for worth in found:
        for each in worth.hosts:
            if each.host == host and each.over_first:
                place = f"{worth.where} ({_range(each.over_first)})"
                places.setdefault(_gives(each), []).append(place)
    parts = []
    for gives, words in GIVES.items():
        if gives in places:
            parts.append(tr(words, where=listed(places[gives])))
    return tr(
        "Is {host} worth the money? {answer}: rows/s a {per}, against {first}: {found}.",
        host=host,
        answer=tr(_answer(set(places))),
        per=per,
        first=first,
        found="; ".join(parts),
    )


def _gives(one: HostWorth) -> str:
    """Return what a host gives, beside the first: a word of ``GIVES``."""
    if one.over_first is None or one.adjusted_p is None or one.adjusted_p > ALPHA:
        return UNDECIDED
    return MORE if one.over_first.estimate > 1 else FEWER


def _answer(given: set[str]) -> str:
    """Return whether a host is worth the money, by what it gives in each place."""
    if given == {MORE}:
        return later("Yes")
    if given == {FEWER}:
        return later("No")
    if given == {UNDECIDED}:
        return later("These trials can't tell")
    return later("It depends")


def _range(ratio: Estimate) -> str:
    if ratio.low is None or ratio.high is None:
        return tr("{ratio:.2f}×, one block shows no interval", ratio=ratio.estimate)
    return f"{ratio.low:.2f}–{ratio.high:.2f}×"
