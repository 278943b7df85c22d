"""The ladders of several hosts side by side: what each reached on the same rung. Which is faster is not told here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.ladder import Ladder, LadderReport, Rung
from bench.analysis.pooling import windows
from bench.analysis.rungs import rung_names
from bench.model.plan import Plan

Arm = tuple[str, str, str]
"""Variant, layout, transport."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One variant, layout and transport: by rung, what each host has; None where it has none."""

    arm: Arm
    rungs: Mapping[str, Sequence[Rung | None]]


def beside(reports: Sequence[LadderReport]) -> list[Beside]:
    """Return the rungs of all hosts, those of the same variant, layout and transport together."""
    by_host: list[dict[Arm, dict[str, Rung]]] = []
    arms: dict[Arm, None] = {}
    for report in reports:
        ladders = {}
        for ladder in report.ladders:
            ladders[arm_of(ladder)] = dict(zip(rung_names(ladder), ladder.rungs, strict=True))
        by_host.append(ladders)
        arms |= dict.fromkeys(ladders)
    found = []
    for arm in arms:
        of_arm = [ladders.get(arm, {}) for ladders in by_host]
        rungs: dict[str, list[Rung | None]] = {}
        for name in sorted(set().union(*of_arm)):
            rungs[name] = [ladder.get(name) for ladder in of_arm]
        found.append(Beside(arm=arm, rungs=rungs))
    return found


def arm_of(ladder: Ladder) -> Arm:
    """Return what all rungs of a ladder have in common."""
    return ladder.variant, ladder.layout, ladder.transport


def unlike(plans: Sequence[Plan]) -> list[str]:
    """Return in what the hosts' plans differ that makes their numbers no fair pair."""
    asked: dict[str, dict[str, None]] = {}
    """By name the values, each once."""
    for plan in plans:
        words = windows(plan)
        for variant in plan.variants:
            words[f"text of variant {variant.name}"] = variant.sha256[:8]
        for name, value in words.items():
            asked.setdefault(name, {})[value] = None
    return [f"{name} {' and '.join(values)}" for name, values in asked.items() if len(values) > 1]
