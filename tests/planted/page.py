"""What the journal of planted limits says: which limit was named first, and whether one was proved that can be none."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bench.stats.proportions import share_interval
from tests.journal import Line
from tests.planted.catalogue import CASES, Case
from tests.studies.predictions import FLUSHES

AIM, LEAST = 0.95, 0.8
"""Shares of answers that are to name the planted limit first: of all, and of each case."""
TEXT = """# Planted limits

**{answer}**

Each case plants a limit whose cause is known (`tests/planted/catalogue.py`), asks `pgladder explain` what stands in the
way, and looks at what it names first: what it proved, else what it suspects most. Names that the same cause shows in as
well count, too: a lock that is held while a row is flushed is both. Innocent are names that cannot be the limit of a
case; {tried} of them were taken away in an experiment, the others dismissed by what the first block showed.

| case | right | answers | named first | proved |
|---|---|---|---|---|
{cases}

{wrong}

## Where

{hosts}

{answers} explanations of one rung each; of their {trials} trials {not_valid} were suspect or void. Records:
[planted.jsonl](planted.jsonl); again, or more of them: `make study-planted`.
"""


def page(lines: Sequence[Line], cases: Mapping[str, Case] = CASES) -> str:
    """Return the page of a journal."""
    of_cases = {name: [line for line in lines if line["case"] == name] for name in cases}
    judged = {name: of_it for name, of_it in of_cases.items() if of_it and cases[name].right}
    return TEXT.format(
        answer=" ".join(_answer(judged, lines, cases)),
        tried=sum(len(_tried_innocents(line, cases)) for line in lines),
        cases="\n".join(_row(name, of_it, cases[name]) for name, of_it in of_cases.items() if of_it),
        wrong="\n".join(_wrong(judged, lines, cases)) or "Every answer named the planted limit first.",
        # What flushes took differs from run to run.
        hosts="\n".join(sorted({FLUSHES.sub("", line["host"]) for line in lines})),
        answers=len(lines),
        trials=sum(line["trials"] for line in lines),
        not_valid=sum(line["not_valid"] for line in lines),
    )


def is_right(line: Line, cases: Mapping[str, Case] = CASES) -> bool:
    """Return whether an answer names the planted limit first."""
    return line["first"] in cases[line["case"]].right


def wrongly_proved(line: Line, cases: Mapping[str, Case] = CASES) -> list[str]:
    """Return the innocents that an answer convicts."""
    return sorted(cases[line["case"]].innocents.intersection(line["proved"]))


def _tried_innocents(line: Line, cases: Mapping[str, Case]) -> frozenset[str]:
    return cases[line["case"]].innocents.intersection(each["name"] for each in line["experiments"])


def _answer(judged: Mapping[str, Sequence[Line]], lines: Sequence[Line], cases: Mapping[str, Case]) -> Iterator[str]:
    if not judged:
        yield "Nothing was measured yet."
        return
    answers = [line for of_it in judged.values() for line in of_it]
    right = sum(is_right(line, cases) for line in answers)
    between = share_interval(right, len(answers))
    yield (
        f"In {right} of {len(answers)} explanations of {len(judged)} planted limits the planted one was named first"
        f" ({right / len(answers):.0%} [{between.low:.0%}, {between.high:.0%}]; the aim is {AIM:.0%} of ten each)."
    )
    seldom = [name for name, of_it in judged.items() if _share_right(of_it, cases) < LEAST]
    yield f"In less than {LEAST:.0%}: {', '.join(seldom)}." if seldom else f"In every case in {LEAST:.0%} or more."
    innocents = sum(len(cases[line["case"]].innocents) for line in lines)
    convicted = sum(len(wrongly_proved(line, cases)) for line in lines)
    yield f"Of {innocents} innocents {convicted or 'none'} {'were' if convicted > 1 else 'was'} convicted."


def _share_right(of_it: Sequence[Line], cases: Mapping[str, Case]) -> float:
    return sum(is_right(line, cases) for line in of_it) / len(of_it)


def _row(name: str, of_it: Sequence[Line], case: Case) -> str:
    right = ", ".join(f"`{each}`" for each in sorted(case.right)) or "nothing is planted"
    proved = Counter(each for line in of_it for each in line["proved"])
    return f"| {name} | {right} | {len(of_it)} | {_counted(line['first'] for line in of_it)} | {_counted(proved)} |"


def _counted(names: "Counter[str] | Iterator[str]") -> str:
    """Return names by how often they came."""
    return ", ".join(f"`{name}` {times}" for name, times in Counter(names).most_common()) or "nothing"


def _wrong(judged: Mapping[str, Sequence[Line]], lines: Sequence[Line], cases: Mapping[str, Case]) -> Iterator[str]:
    for name, of_it in judged.items():
        for line in of_it:
            if not is_right(line, cases):
                yield f"- {name}, {line['repeat']}: `{line['first']}` came first."
    for line in lines:
        for each in wrongly_proved(line, cases):
            yield f"- {line['case']}, {line['repeat']}: `{each}` was proved, which cannot be its limit."
