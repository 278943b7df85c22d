"""The ladders of several hosts side by side: what each reached on the same rung. Which is faster is not told here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.ladder import Ladder, LadderReport, Rung
from bench.analysis.rungs import rung_names

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
    arms = sorted({arm for ladders in by_host for arm in ladders})
    return [Beside(arm=arm, rungs=_together([ladders.get(arm, {}) for ladders in by_host])) for arm in arms]


def arm_of(ladder: Ladder) -> Arm:
    """Return what all rungs of a ladder have in common."""
    return ladder.variant, ladder.layout, ladder.transport


def _by_name(ladder: Ladder) -> dict[str, Rung]:
    return dict(zip(rung_names(ladder), ladder.rungs, strict=True))


def _together(ladders: Sequence[Mapping[str, Rung]]) -> dict[str, list[Rung | None]]:
    names = sorted({name for ladder in ladders for name in ladder})
    return {name: [ladder.get(name) for ladder in ladders] for name in names}
