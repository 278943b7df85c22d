"""What to do after a climb, with the command for it where it was measured: the whole ladder, longer windows, a proof.

How long that takes is the plan's own estimate (``bench.plan.estimate``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analysis.doubts import grouped, weighty
from bench.analysis.ladder import LadderReport
from bench.analysis.ladder_answer import LadderAnswer, Next
from bench.model.language import later, tr
from bench.model.plan import Plan
from bench.plan.design import PROFILES
from bench.plan.estimate import estimate
from bench.plan.refine import narrowed
from bench.plan.words import words_of
from bench.report.command import Caller, command
from bench.store.run_directory import RunDirectory
from bench.targets.longer import place
from bench.workload.phase import usual

AFTER = {"quick": "standard", "standard": "thorough"}
"""By the profile of a run, the longer one that is offered; of windows of one's own it is ``standard``."""
FIRST = {
    "not-alone": later("close other programs and measure longer"),
    "steal": later("choose a quieter hour and measure longer"),
}
"""By the code of a doubt, what helps."""
LONGEST = "thorough"

Words = Mapping[str, Sequence[str]]
Place = tuple[Caller, Words] | None


def with_next(report: LadderReport, directory: RunDirectory, given: Mapping[str, Any]) -> LadderReport:
    """Return a ladder's report with what comes next in its answer; ``given`` are the options that were typed."""
    if report.answer is None:
        return report
    plan = directory.plan()
    if plan.refines:
        plan = narrowed(plan, directory.records())
    plan = plan.as_asked()
    hosts = [report.host.host] if report.host else []
    doubted = [each.code for each in weighty(grouped(report.ladders))]
    step = _next(report.answer, plan, place(hosts, directory, plan, given), doubted)
    return replace(report, answer=replace(report.answer, next=step))


def _next(answer: LadderAnswer, plan: Plan, where: Place, doubted: Sequence[str]) -> Next | None:
    """Return the whole ladder if only slow rungs were climbed, else longer windows, else what proves the limit."""
    if answer.most is None:
        return None
    if not answer.in_bulk:
        return Next(what=tr("climb the whole ladder"), seconds=None, command=_command(where, "ladder", {}))
    if answer.trust.level == "rough" and plan.profile != LONGEST:
        return _longer(plan, where, doubted)
    if answer.stopped_by and not answer.stopped_by.proved:
        words = {"phases": [answer.most.phase]}
        return Next(what=tr("prove what stops it"), seconds=None, command=_command(where, "explain", words))
    return None


def _longer(plan: Plan, where: Place, doubted: Sequence[str]) -> Next:
    """Return the same trials by the next longer profile."""
    name = AFTER.get(plan.profile, "standard")
    profile = PROFILES[name]
    wanted = replace(plan, profile=name, warm_up_s=profile.warm_up_s, window_s=profile.window_s)
    a_block = estimate(wanted, wanted.trials).seconds / len(plan.blocks)
    helps = [FIRST[code] for code in doubted if code in FIRST]
    typed = _typed(wanted, profile.blocks)
    return Next(
        what=tr(helps[0]) if helps else tr("measure longer"),
        seconds=profile.blocks * a_block,
        command=_command(where, "ladder", typed) if typed is not None else None,
    )


def _typed(plan: Plan, blocks: int) -> Words | None:
    """Return the options of so many blocks of a plan but for those that are usual; None: no words ask for it."""
    words = words_of(plan, blocks)
    if words is None:
        return None
    silent = {"blocks": [str(blocks)], "phases": sorted(usual(own=True)), "variants": ["stock"]}
    return {name: values for name, values in words.items() if silent.get(name) != values}


def _command(where: Place, question: str, words: Words) -> str | None:
    if where is None:
        return None
    called, options = where
    if called == "pgladder" and question == "ladder":
        question = "run"
    return command(question, {**options, **words}, called)
