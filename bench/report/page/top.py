"""The top of a page: the answer as one big number, three cards and one bar for each way to write a row.

The numbers and sentences are ``analysis.ladder_answer``'s; here they are only put where they are seen first. Bars are
plain HTML: they need no script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

from bench.analysis.ending import LEVELS, trusted
from bench.analysis.ladder import Ladder, LadderReport
from bench.analysis.ladder_answer import (
    CONDITIONS,
    LadderAnswer,
    Reached,
    highest_rate,
    how,
    in_figures,
    limit_amount,
    stopped,
    under,
)
from bench.analysis.limits import UNEXPLAINED, Limit, constraint_words
from bench.analysis.published import PUBLISHED
from bench.analysis.pulled import PulledRun
from bench.analysis.rung import Rung
from bench.analysis.ways import plain_way
from bench.model.fingerprint import processors
from bench.model.language import later, tr
from bench.report.ending import next_words
from bench.report.numbers import cores, in_short, whole
from bench.report.terminal import heading, in_doubt

ROWS_PER_S = {each.phase: each.rows_per_s for each in PUBLISHED}
MOST_LABELS = 7
"""Of the bars' scale: on a phone each has some 50 pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One of the three things to know beside the number."""

    question: str
    answer: str
    texts: Sequence[str] = ()
    command: str | None = None
    warns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One way to write rows; lengths are in percent of the widest."""

    way: str
    phase: str
    width: float
    number: str
    stopped_by: str
    doubts: str
    published: float | None
    """Where the published rate of the phase lies; None: it has none."""
    published_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the bars' scale, each ten times the one before."""

    place: float
    """In percent of the widest bar."""
    label: str
    """Empty where there is no room for all of them."""


@dataclass(frozen=True)
class TopView:
    """The top of one host's run that was a climb."""

    name: str
    run: PulledRun
    report: LadderReport

    @property
    def answer(self) -> LadderAnswer | None:
        """What the climb came to; None: nobody climbed (rows came at a rate)."""
        return self.report.answer

    @property
    def brand(self) -> str:
        """Whose numbers these are, and of when."""
        facts = self.report.host.facts.get("cpu", {}) if self.report.host else {}
        model, cpus = facts.get("model"), processors(self.report.host)
        parts = [self.name, model if isinstance(model, str) else None]
        parts.append(None if cpus is None else tr("{count} CPUs", count=f"{cpus.usable:g}"))
        return " · ".join(filter(None, [*parts, self.run.plan.created[:10]]))

    @property
    def number(self) -> str:
        """The rate, big; empty where there is none."""
        most = self.answer.most if self.answer else None
        return in_figures(highest_rate(most)) if most else ""

    @property
    def what(self) -> str:
        """What the number is of."""
        assert self.answer
        most = self.answer.most
        assert most
        if most.settled_rows_per_s is None:
            return tr("in bursts; no closing checkpoint was measured")
        return tr("kept up, checkpoint included ({burst} in bursts)", burst=in_figures(most.rows_per_s))

    @property
    def way(self) -> str:
        """How it was reached; under what, where the run has several or a crash may take rows."""
        assert self.answer
        assert self.answer.most
        return f"{how(self.answer.most)}{under(self.answer.most, self.report.ladders)}"

    @property
    def best_of(self) -> str:
        """Among how much it is the best."""
        assert self.answer
        if self.answer.in_bulk:
            return tr("the best way found")
        count = self.answer.of_ways
        return tr("the one way measured") if count == 1 else tr("the fastest of {count} ways measured", count=count)

    @property
    def sentences(self) -> Sequence[str]:
        """The answer in words, but for what the cards say."""
        assert self.answer
        if self.answer.most is None:
            return self.answer.sentences
        in_cards = {stopped(self.answer.stopped_by), trusted(self.answer.trust)}
        return [sentence for sentence in self.answer.sentences if sentence not in in_cards]

    @property
    def ladder(self) -> Ladder | None:
        """The ladder of the number; of a run without one the first."""
        most = self.answer.most if self.answer else None
        for ladder in self.report.ladders:
            if most is None or _is_of(most, ladder):
                return ladder
        return None

    @property
    def heading(self) -> str:
        """What the rungs of the bars have in common."""
        return heading(self.ladder) if self.ladder else ""

    @property
    def cards(self) -> list[Card]:
        """What stopped it, whether to trust it, what is next."""
        assert self.answer
        return [self._stopped(), self._trust(), *self._next()]

    def _stopped(self) -> Card:
        assert self.answer
        limit = self.answer.stopped_by
        texts = [_how_sure(limit)]
        if self.ladder and self.answer.most:
            written = self.answer.most.phase, self.answer.most.way
            rung = next(each for each in self.ladder.rungs if (each.phase, plain_way(each)) == written)
            cpus = processors(self.run.host)
            sentence = later("Cores busy: client {client}, server {server}.")
            usable = ""
            if cpus:
                sentence = later("Cores busy: client {client}, server {server}, of {cpus}.")
                usable = f"{cpus.usable:g}"
            client, server = cores(rung.client_cores), cores(rung.server_cores)
            texts.append(tr(sentence, client=client, server=server, cpus=usable))
        return Card(question=tr("what stopped it"), answer=_limit(limit), texts=texts)

    def _trust(self) -> Card:
        assert self.answer
        trust = self.answer.trust
        trials = trust.trials
        near = "" if trust.within is None else f": ±{100 * trust.within:.0f} %"
        texts = [f"{why[0].upper()}{why[1:]}." for why in trust.why]
        return Card(
            question=tr("can I trust it?"),
            answer=f"{tr(LEVELS[trust.level])}{near}" if trust.level != "none" else tr("there is no number"),
            texts=texts or [tr("Its {trials} trials agree, and no record carries a doubt of weight.", trials=trials)],
            warns=trust.level != "good",
        )

    def _next(self) -> Iterable[Card]:
        assert self.answer
        step = self.answer.next
        if step:
            yield Card(question=tr("next"), answer=next_words(step), command=step.command and _by_name(step.command))

    @property
    def _drawn(self) -> list[Rung]:
        return [rung for rung in self.ladder.rungs if rung.rows_per_s] if self.ladder else []

    @property
    def _ends(self) -> tuple[int, float]:
        """The first line of the bars' scale and its end, in powers of ten: all rates lie between, the published too."""
        marked = [ROWS_PER_S[rung.phase] for rung in self._drawn if rung.phase in ROWS_PER_S]
        rates = [*map(_rate, self._drawn), *marked]
        low, high = floor(log10(min(rates))), log10(max(rates))
        return low, max(high, low + 1)

    def _place(self, rate: float) -> float:
        low, high = self._ends
        return 100 * (log10(rate) - low) / (high - low)

    @property
    def ticks(self) -> list[Tick]:
        """The lines of the bars' scale; of many not each has a label."""
        if not self._drawn:
            return []
        low, high = self._ends
        powers = range(low, floor(high) + 1)
        step = -(-len(powers) // MOST_LABELS)
        ticks = []
        for power in powers:
            rate = 10.0**power
            label = in_short(rate) if (power - low) % step == 0 else ""
            ticks.append(Tick(place=self._place(rate), label=label))
        return ticks

    @property
    def bars(self) -> list[Bar]:
        """One for each rung of the ladder, from the bottom up."""
        published, place = ROWS_PER_S, self._place
        return [
            Bar(
                way=plain_way(rung),
                phase=rung.phase,
                width=place(_rate(rung)),
                number=whole(_rate(rung)),
                stopped_by=_limit(rung.stopped_by),
                doubts=in_doubt(rung),
                published=place(published[rung.phase]) if rung.phase in published else None,
                published_number=whole(published.get(rung.phase)),
            )
            for rung in self._drawn
        ]


def _by_name(command: str) -> str:
    """Return a command without the path of its program: a page is passed on, to where another leads there."""
    program, _, words = command.partition(" ")
    return f"{program.rpartition('/')[2]} {words}"


def _is_of(reached: Reached, ladder: Ladder) -> bool:
    return all(getattr(reached, name) == getattr(ladder, name) for name in CONDITIONS)


def _rate(rung: Rung) -> float:
    """Return the sustained rate, as the big number is."""
    return rung.settled_rows_per_s or rung.rows_per_s or 0.0


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return tr("not known")
    return tr("not found") if limit.constraint == UNEXPLAINED else constraint_words(limit.constraint)


def _how_sure(limit: Limit | None) -> str:
    if limit is None:
        return tr("Its trials show nothing of it.")
    if limit.constraint == UNEXPLAINED:
        return tr("No constraint that is known accounts for it.")
    if limit.proved:
        return tr("{amount}; proved by taking it away.", amount=limit_amount(limit))
    return tr("{amount}; suspected, not proved.", amount=limit_amount(limit))
