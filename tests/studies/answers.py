"""How often the sentence of a comparison is wrong: ``python -m tests.studies.answers``, two minutes.

Simulated runs of candidates whose true gains are known; a sentence is wrong where any bound or range in it does not
hold, whoever it names, or where it calls one the fastest that is not. It may be in one of twenty runs.
"""

import random
import re
from collections.abc import Iterable, Mapping

from bench.analysis.compare import compare_arms
from tests.builders import compared_run

RUNS, BLOCKS, SPREAD = 1000, 8, 0.04
TRUTHS: list[dict[str, float]] = [
    {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0},
    {"a": 8, "b": 5, "c": 0, "d": -5, "e": 15},
    {"a": 5},
    {"a": -7, "b": -3, "c": -1},
]
"""True gains of each candidate, in percent."""
NUMBER = r"([\d.]+)"
RANGE = re.compile(rf"(\w+) is (?:{NUMBER}–|up to ){NUMBER} % (faster|slower)")
NONE = re.compile(
    rf"[Nn]one of \d+ \w+ gains (?:more than {NUMBER} %|anything) or loses (?:more than {NUMBER} %|anything)"
)
OTHERS = re.compile(rf"none of the other \d+ gains more than {NUMBER} %|(?<=; )\w+ gains at most {NUMBER} %")
ONE = re.compile(rf"Undecided: a gains at most {NUMBER} % and loses at most {NUMBER} %")
FASTEST = re.compile(r"\b([a-e]) is the fastest")


def sentence(truth: Mapping[str, float], seed: int) -> str:
    """Return what a simulated run comes to."""
    source = random.Random(seed)
    rates = {}
    for name, gain in {"stock": 0.0, **truth}.items():
        rates[name] = [(100 + gain) * source.lognormvariate(0, SPREAD) for _ in range(BLOCKS)]
    return compare_arms([compared_run(rates)], lambda _cell, _blocks: None).sentence


def claims(text: str, truth: Mapping[str, float]) -> Iterable[bool]:
    """Return of each claim of a sentence whether it holds."""
    named = set()
    for name, low, high, word in RANGE.findall(text):
        named.add(name)
        gain = truth[name] if word == "faster" else -truth[name]
        yield float(low or 0) <= gain <= float(high)
    rest = [gain for name, gain in truth.items() if name not in named]
    for gains, loses in [found.groups() for found in (NONE.search(text), ONE.search(text)) if found]:
        yield max(rest) <= float(gains or 0)
        yield -min(rest) <= float(loses or 0)
    for found in OTHERS.findall(text):
        yield max(rest) <= float("".join(found))
    for name in FASTEST.findall(text):
        yield truth[name] == max(truth.values())


def main() -> None:
    """Print how many sentences of each kind of run are wrong."""
    for truth in TRUTHS:
        wrong = 0
        for seed in range(RUNS):
            held = list(claims(sentence(truth, seed), truth))
            assert held, "a sentence that claims nothing would be right"
            wrong += not all(held)
        print(f"{truth}: {100 * wrong / RUNS:.1f} % of {RUNS} sentences are wrong")  # noqa: T201


if __name__ == "__main__":
    main()
