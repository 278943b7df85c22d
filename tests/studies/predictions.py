"""How well ``explain`` predicts what taking a constraint away gains: ``make study-predictions``, hours.

Explains rungs of the ladder one by one, under conditions that move the limit, and appends each experiment's prediction
and measurement to docs/results/predictions.jsonl; writes docs/results/predictions.md, and its picture, from that
journal alone. Interrupted, it goes on where it was. A prediction is written down before its experiment begins.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

from bench.report.terminal import describe_host
from bench.stats.intervals import Estimate
from bench.stats.proportions import share_interval
from bench.store.run_directory import RunDirectory
from tests import journal
from tests.kept import KEPT
from tests.studies.measuring import PGLADDER

JOURNAL, PAGE, PICTURE = (KEPT / f"predictions.{ending}" for ending in ("jsonl", "md", "svg"))
NEAR = 0.10
"""Of the measured rate, that a prediction may be off."""
PRECISE = 0.05
"""Of the measured gain, that half its interval may be."""
AIM = 0.80
"""Share of the predictions that is to be near."""
SHORT = ("--warm-up", "0.3", "--window", "2")
CONDITIONS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "as it comes": ((), ("1", "1-B", "2", "2-B", "2-C", "2-D", "2-E", "2-F", "2-G", "2-H")),
    "payload of 1,024 bytes": (("--payload-bytes", "1024"), ("1-B", "2-B", "2-D", "2-G")),
    "8 in flight": (("--in-flight", "8"), ("2-B", "2-D", "2-E")),
    "async-commit": (("--variants", "async-commit"), ("1-B", "2-B", "2-D", "2-G")),
    "over TLS": (("--transports", "tls"), ("1", "2-B", "2-G")),
}
"""By name: options of ``explain``, and the phases that are explained under them."""
TEXT = """# Predicted and measured

**{answer}**

`pgladder explain` writes down what taking a constraint away should gain, then takes it away and measures. This page
holds the one against the other; how it predicts: [explaining.md](../explaining.md#predicted-beside-measured). A
prediction comes from the first block alone, the measurement from all others.

{facts}

![Predicted against measured gain, both as factors of the rung's rows/s](predictions.svg)

Full: measured to ±5 %. Empty: less well. The band is the 10 % that a prediction may be off.

## By constraint

| constraint | predicted | of these near | half are off by | measured to ±5 % | of these near |
|---|---|---|---|---|---|
{by_constraint}

## Those that were off

Every prediction that is more than 10 % off, the furthest first. Gains are factors of the rung's rows/s.

| phase | condition | constraint | predicted | measured | off |
|---|---|---|---|---|---|
{outliers}

## Where

{hosts}

{explanations} explanations of one rung each; of their {trials} trials {not_valid} were suspect or void. Records:
[predictions.jsonl](predictions.jsonl); again, or more of them: `make study-predictions`.
"""
AXIS = (0.8, 1, 1.5, 2, 3, 5, 8, 12)
WIDTH, MARGIN = 480, 48
FLUSHES = re.compile(r", [\d,]+ fdatasync/s( \([^)]*\))?")


@dataclass(frozen=True, slots=True)
class Tried:
    """One experiment that was predicted."""

    condition: str
    phase: str
    constraint: str
    predicted: float
    """Factor of the rung's rows/s."""
    measured: Estimate

    @property
    def off(self) -> float:
        """How far the prediction is off, as a share of the measured rate."""
        return self.predicted / self.measured.estimate - 1

    @property
    def near(self) -> bool:
        """Whether it is within ``NEAR``."""
        return abs(self.off) <= NEAR

    @property
    def moves(self) -> bool:
        """Whether anything beyond ``NEAR`` was gained or lost, or predicted to be."""
        return any(abs(gain - 1) > NEAR for gain in (self.predicted, self.measured.estimate))

    @property
    def half_width(self) -> float | None:
        """Half of the measurement's interval, as a share of it; None: it has none."""
        if self.measured.low is None or self.measured.high is None:
            return None
        return (self.measured.high - self.measured.low) / 2 / self.measured.estimate

    @property
    def precise(self) -> bool:
        """Whether it was measured to ``PRECISE`` or better."""
        return self.half_width is not None and self.half_width <= PRECISE


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(into: Path, repeats: int, blocks: int) -> None:
    """Explain what the journal lacks, one rung after the other."""
    done = {(line["condition"], line["phase"], line["repeat"]) for line in journal.read(into)}
    # Repeats outside: what is interrupted has something of each condition.
    for repeat in range(1, repeats + 1):
        for condition, (options, phases) in CONDITIONS.items():
            for phase in phases:
                if (condition, phase, repeat) not in done:
                    sys.stderr.write(f"{phase}, {condition}, {repeat}\n")
                    about = {"condition": condition, "phase": phase, "repeat": repeat}
                    journal.append(into, about | _explained(["--phases", phase, "--blocks", str(blocks), *options]))


def _explained(asked: Sequence[str]) -> journal.Line:
    """Return what is kept of one explanation."""
    # Not in /tmp, which may lie in memory: what is flushed there costs nothing.
    with tempfile.TemporaryDirectory(prefix="pgladder-predictions-", dir="/var/tmp") as place:
        # The server of a run by root is another user's, who must get there.
        Path(place).chmod(0o755)
        run = Path(place, "run")
        where: list[str | Path] = ["--data-dir", Path(place, "data"), "--out", run]
        command: list[str | Path] = [PGLADDER, "explain", "--yes", "--json", *SHORT, *asked, *where]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if not ended.stdout:
            sys.exit(f"pgladder explain answered nothing (exit code {ended.returncode})")
        answer: dict[str, Any] = json.loads(ended.stdout)
        kept = RunDirectory(run)
        states = [record.validity.state for record in kept.records()]
        host = kept.host()
    return {
        "run": answer["run"],
        "host": describe_host(host).plain if host else "a host that is not known",
        "trials": len(states),
        "not_valid": len(states) - states.count("valid"),
        "experiments": [
            {name: each[name] for name in ("name", "predicted_gain", "measured_gain", "conclusion")}
            for each in answer["constraints"]
            if each["measured_gain"]
        ],
    }


# --- the page --------------------------------------------------------------------------------------------------------


def tried(lines: Iterable[journal.Line]) -> Iterator[Tried]:
    """Yield each experiment of a journal that was predicted, and whose removal was proved."""
    for line in lines:
        for each in line["experiments"]:
            if each["predicted_gain"] is not None and each["conclusion"] != "untested":
                measured = Estimate(**each["measured_gain"])
                yield Tried(line["condition"], line["phase"], each["name"], each["predicted_gain"], measured)


def answer(found: Sequence[Tried]) -> str:
    """Return the sentences that the page begins with."""
    if not found:
        return "Nothing was predicted."
    first = f"Of {len(found)} knock-outs {_share_near(found)} were predicted within {NEAR:.0%} of the rate that came"
    if any(each.half_width for each in found):
        first += f"; were each prediction the true gain, {perfect(found):.0%} would be"
    precise = [each for each in found if each.precise]
    aim = f"the aim is {AIM:.0%} of 100 that are measured to ±{PRECISE:.0%} or better"
    if not precise:
        return f"{first}. None was measured to ±{PRECISE:.0%} or better: {aim}."
    return f"{first}. Of {len(precise)} measured to ±{PRECISE:.0%} or better it is {_share_near(precise)}; {aim}."


def _share_near(found: Sequence[Tried]) -> str:
    near = sum(each.near for each in found)
    share = share_interval(near, len(found))
    return f"{near} ({near / len(found):.0%} [{share.low:.0%}, {share.high:.0%}])"


def perfect(found: Sequence[Tried]) -> float:
    """Return the share that would be near if each prediction were the true gain."""
    normal = NormalDist()
    half_widths = [each.half_width for each in found if each.half_width]
    errors = [half / normal.inv_cdf(0.975) for half in half_widths]
    within = [2 * normal.cdf(NEAR / error) - 1 for error in errors]
    return sum(within) / len(within) if within else math.nan


def page(lines: Sequence[journal.Line]) -> str:
    """Return the page of a journal."""
    found = list(tried(lines))
    trials, not_valid = (sum(line[name] for line in lines) for name in ("trials", "not_valid"))
    outliers = sorted((each for each in found if not each.near), key=lambda each: -abs(each.off))
    return TEXT.format(
        answer=answer(found),
        facts="\n".join(_facts(found)),
        by_constraint="\n".join(_by_constraint(found)),
        outliers="\n".join(map(_outlier, outliers)),
        # What flushes took differs from run to run.
        hosts="\n".join(sorted({FLUSHES.sub("", line["host"]) for line in lines})),
        explanations=len(lines),
        trials=trials,
        not_valid=not_valid,
    )


def _facts(found: Sequence[Tried]) -> Iterator[str]:
    precise = [each for each in found if each.precise]
    # Until some are measured well enough, all are what there is to tell of.
    told, which = (precise, "those measured so well") if precise else (found, "all")
    if told:
        offs = [abs(each.off) for each in told]
        unmoved = sum(abs(1 / each.measured.estimate - 1) <= NEAR for each in told)
        yield f"- Half of {which} are off by {median(offs):.1%} or less, the worst by {max(offs):.0%}."
        yield f"- Who predicts no gain at all, ever, is as near in {unmoved} of {len(told)}."
    if moving := [each for each in told if each.moves]:
        yield f"- Of the {len(moving)} that moved, or were to move, by more than {NEAR:.0%}: {_share_near(moving)}."
    if precise:
        yield f"- Were each prediction the true gain, {perfect(precise):.0%} would be near: measurements have noise."
        yield from _of_rough([each for each in found if not each.precise])


def _of_rough(rough: Sequence[Tried]) -> Iterator[str]:
    if rough:
        near = sum(each.near for each in rough)
        yield (
            f"- {len(rough)} more were measured less well; {near} of their predictions are near, where"
            f" {perfect(rough):.0%} would be if each were the true gain."
        )


def _by_constraint(found: Sequence[Tried]) -> Iterator[str]:
    for name in sorted({each.constraint for each in found}):
        of_it = [each for each in found if each.constraint == name]
        precise = [each for each in of_it if each.precise]
        near, near_precise = (sum(each.near for each in some) for some in (of_it, precise))
        off = f"{median(abs(each.off) for each in of_it):.1%}"
        yield f"| `{name}` | {len(of_it)} | {near} | {off} | {len(precise)} | {near_precise} |"


def _outlier(each: Tried) -> str:
    measured = each.measured
    between = f" ({measured.low:.2f}–{measured.high:.2f})" if measured.low and measured.high else ""
    cells = (each.phase, each.condition, f"`{each.constraint}`", f"{each.predicted:.2f}")
    return f"| {' | '.join(cells)} | {measured.estimate:.2f}{between} | {each.off:+.0%} |"


# --- the picture -----------------------------------------------------------------------------------------------------


def picture(found: Sequence[Tried]) -> str:
    """Return predicted against measured gain as SVG, on logarithmic axes."""
    return "\n".join(_shapes(found)) + "\n"


def _at(gain: float) -> float:
    """Return where a gain lies on an axis, in pixels; what is beyond lies on its end."""
    low, high = math.log(AXIS[0]), math.log(AXIS[-1])
    share = (math.log(gain) - low) / (high - low)
    return MARGIN + min(max(share, 0), 1) * (WIDTH - 2 * MARGIN)


def _point(measured: float, predicted: float) -> str:
    return f"{_at(measured):.1f},{WIDTH - _at(predicted):.1f}"


def _shapes(found: Sequence[Tried]) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {WIDTH}" font-size="12">'
    yield f'<rect width="{WIDTH}" height="{WIDTH}" fill="white"/>'
    first, last = AXIS[0], AXIS[-1]
    # Where one side of the band leaves the picture it runs along its edge.
    inner = (first / (1 - NEAR), last / (1 + NEAR))
    upper = [(first, first * (1 + NEAR)), (inner[1], last), (last, last)]
    lower = [(last, last * (1 - NEAR)), (inner[0], first), (first, first)]
    band = " ".join(_point(*corner) for corner in upper + lower)
    yield f'<polygon points="{band}" fill="#cfe3d4"/>'
    yield f'<polyline points="{_point(first, first)} {_point(last, last)}" stroke="#4c8c5b"/>'
    for gain in AXIS[1:]:
        at = _at(gain)
        yield f'<text x="{at:.1f}" y="{WIDTH - MARGIN + 18}" text-anchor="middle">{gain:g}×</text>'
        yield f'<text x="{MARGIN - 6}" y="{WIDTH - at + 4:.1f}" text-anchor="end">{gain:g}×</text>'
    yield f'<text x="{WIDTH / 2}" y="{WIDTH - 8}" text-anchor="middle">measured gain</text>'
    yield f'<text x="{MARGIN}" y="{MARGIN - 18}" text-anchor="middle">predicted gain</text>'
    edge = WIDTH - 2 * MARGIN
    yield f'<rect x="{MARGIN}" y="{MARGIN}" width="{edge}" height="{edge}" fill="none" stroke="#888"/>'
    for each in found:
        x, _, y = _point(each.measured.estimate, each.predicted).partition(",")
        fill = "#1f5a99" if each.precise else "none"
        gains = f"{each.predicted:.2f} predicted, {each.measured.estimate:.2f} measured"
        words = f"{each.phase}, {each.condition}, {each.constraint}: {gains}"
        yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{fill}" stroke="#1f5a99"><title>{words}</title></circle>'
    yield "</svg>"


def write(into: Path) -> None:
    """Write the page and its picture beside the journal."""
    lines = journal.read(into)
    into.with_suffix(".md").write_text(page(lines))
    into.with_suffix(".svg").write_text(picture(list(tried(lines))))


def main() -> None:
    """Measure what the journal lacks, then write the page; ``--no-measuring`` writes it alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.studies.predictions", description=__doc__)
    parser.add_argument("--into", type=Path, default=JOURNAL, help="the journal; its page lies beside it")
    parser.add_argument("--repeats", type=int, default=2, help="of each rung under each condition")
    parser.add_argument("--blocks", type=int, default=9, help="of each explanation; the first predicts")
    parser.add_argument("--no-measuring", action="store_true", help="write the page of what is there")
    asked = parser.parse_args()
    try:
        if not asked.no_measuring:
            measure(asked.into, asked.repeats, asked.blocks)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the page is of what was measured\n")
    write(asked.into)


if __name__ == "__main__":
    main()
