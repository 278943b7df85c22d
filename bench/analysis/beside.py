"""The ladders of several hosts side by side: what each reached on the same rung. Which is faster is not told here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.ladder import Ladder, LadderReport, Rung
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
    by_host = [{arm_of(ladder): _by_name(ladder) for ladder in report.ladders} for report in reports]
    arms = dict.fromkeys(arm for ladders in by_host for arm in ladders)
    return [Beside(arm=arm, rungs=_together([ladders.get(arm, {}) for ladders in by_host])) for arm in arms]


def arm_of(ladder: Ladder) -> Arm:
    """Return what all rungs of a ladder have in common."""
    return ladder.variant, ladder.layout, ladder.transport


def _by_name(ladder: Ladder) -> dict[str, Rung]:
    return dict(zip(rung_names(ladder), ladder.rungs, strict=True))


def _together(ladders: Sequence[Mapping[str, Rung]]) -> dict[str, list[Rung | None]]:
    names = sorted({name for ladder in ladders for name in ladder})
    return {name: [ladder.get(name) for ladder in ladders] for name in names}


def unlike(plans: Sequence[Plan]) -> list[str]:
    """Return in what the hosts' plans differ that makes their numbers no fair pair."""
    asked = [
        {
            "warm-up": f"{plan.warm_up_s:g} s",
            "window": f"{plan.window_s:g} s",
            "rows preloaded": f"{plan.preload_rows:,}",
            **{f"text of variant {variant.name}": variant.sha256[:8] for variant in plan.variants},
        }
        for plan in plans
    ]
    names = dict.fromkeys(name for each in asked for name in each)
    found = {name: dict.fromkeys(each[name] for each in asked if name in each) for name in names}
    return [f"{name} {' and '.join(values)}" for name, values in found.items() if len(values) > 1]
