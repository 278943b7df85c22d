"""What to do after an answer, with the command for it where it was measured.

Of a climb that is the whole ladder, longer windows, or a proof; of any other answer that is rough, longer windows. How
long that takes is the plan's own estimate (``bench.plan.estimate``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.analysis.doubts import grouped, weighty
from bench.analysis.durability import ENOUGH_CUTS, DurabilityReport
from bench.analysis.ending import Next, Trust, against
from bench.analysis.ladder import LadderReport
from bench.analysis.ladder_answer import LadderAnswer
from bench.analysis.noise import is_aa
from bench.analysis.pulled import RunOutcomes, latest
from bench.engines.postgresql.majors import REFERENCE
from bench.engines.postgresql.render import variant_names
from bench.model.cuts import CutPlan
from bench.model.language import later, tr
from bench.model.plan import Plan
from bench.plan.contrast import written
from bench.plan.design import PROFILES
from bench.plan.estimate import estimate
from bench.plan.refine import narrowed
from bench.plan.remaining import to_come
from bench.plan.sweep import AUTO, SHORT, by_rung, is_sweep, swept, values_of
from bench.plan.words import words_of
from bench.report.command import Caller, command
from bench.store.run_directory import RunDirectory
from bench.targets.longer import place, typed_here
from bench.workload.phase import usual

AFTER = {"quick": "standard", "standard": "thorough"}
"""By the profile of a run, the longer one that is offered; of windows of one's own it is ``standard``."""
FIRST = {
    "not-alone": later("close other programs and measure longer"),
    "steal": later("choose a quieter hour and measure longer"),
}
"""By the code of a doubt, what helps."""
LONGEST = "thorough"
AGAIN = "repeat_suspect"
"""Is by itself what is usual where something is compared, which of one value or variant alone nothing is."""

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
        wanted = _longer(plan)
        blocks = PROFILES[wanted.profile].blocks
        return Next(
            what=_how(doubted),
            seconds=blocks * estimate(wanted, wanted.trials).seconds / len(plan.blocks),
            command=_command(where, "ladder", _typed(wanted, blocks)),
        )
    if answer.stopped_by and not answer.stopped_by.proved:
        words = {"phases": [answer.most.phase]}
        return Next(what=tr("prove what stops it"), seconds=None, command=_command(where, "explain", words))
    return None


def _longer(plan: Plan) -> Plan:
    """Return a plan by the next longer profile."""
    name = AFTER.get(plan.profile, "standard")
    profile = PROFILES[name]
    return replace(plan, profile=name, warm_up_s=profile.warm_up_s, window_s=profile.window_s)


def _how(doubted: Iterable[str]) -> str:
    """Return what is done for longer windows to tell more."""
    return tr(next((FIRST[code] for code in doubted if code in FIRST), later("measure longer")))


def _typed(plan: Plan, blocks: int) -> Words | None:
    """Return the options of so many blocks of a plan but for those that are usual; None: no words ask for it."""
    words = words_of(plan, blocks)
    if words is None:
        return None
    silent = {"blocks": [str(blocks)], "phases": sorted(usual(own=True)), "variants": ["stock"]}
    return {name: values for name, values in words.items() if silent.get(name) != values}


def _command(where: Place, question: str, words: Words | None) -> str | None:
    if where is None or words is None:
        return None
    called, options = where
    if called == "pgladder" and question == "ladder":
        question = "run"
    return command(question, {**options, **words}, called)


# --- after other answers ---------------------------------------------------------------------------------------------


def longer_if_rough(
    question: str, trust: Trust, run: RunOutcomes, directory: RunDirectory, given: Mapping[str, Any]
) -> Next | None:
    """Return the same question by the next longer profile, where its answer is rough and there is one."""
    whole = directory.plan()
    if trust.level == "good" or whole.profile == LONGEST:
        return None
    asked = whole.as_asked()
    hosts = [run.host.host] if run.host else []
    wanted = _longer(whole)
    # How many trials a search takes nobody knows beforehand.
    seconds = None if whole.promise else estimate(wanted, to_come(wanted, [])).seconds
    words = _words(_longer(asked))
    if words is not None:
        words = {**words, **_of_answer(given)}
    return Next(
        what=_how(each.code for each in against(latest(run.records))),
        seconds=seconds,
        command=_command(place(hosts, directory, asked, given), question, words),
    )


def _of_answer(given: Mapping[str, Any]) -> Words:
    """Return the options of a question that its plan does not tell, as they were typed."""
    found: dict[str, list[str]] = {}
    for name in ("constraints", "margin", "arrivals", "collect_ms"):
        value = given.get(name)
        if value is not None:
            found[name] = list(value) if isinstance(value, list | tuple) else [written(value)]
    return found


def _words(plan: Plan) -> Words | None:
    """Return the options that ask for a plan's trials as its question does; None: no words do."""
    blocks = plan.refines.first_blocks if plan.refines else len(plan.blocks)
    if plan.promise:
        closed = tuple(trial for trial in plan.trials if trial.parameters.rate is None)
        promised: dict[str, list[str]] = {plan.promise.percentile: [f"{plan.promise.ms:g}ms"]}
        if plan.promise.rate is not None:
            promised["rate"] = [written(plan.promise.rate)]
        return _replaced(replace(plan, trials=closed, promise=None), blocks, ("blocks", "load"), promised)
    if is_aa(plan):
        once = tuple(trial for trial in plan.trials if trial.variant == plan.variants[0].name)
        return _replaced(replace(plan, trials=once, variants=plan.variants[:1]), blocks, (AGAIN,))
    if is_sweep(plan):
        names = swept(plan)
        firsts = tuple(points[0] for points in by_rung(plan.trials, names).values())
        parts = [AGAIN, *(part for name in names for part in SHORT.get(name, (name,)))]
        return _replaced(replace(plan, trials=firsts, refines=None), blocks, parts, {"of": [_swept_words(plan, names)]})
    return _replaced(plan, blocks)


def _replaced(
    plan: Plan, blocks: int, without: Sequence[str] = (), more: dict[str, list[str]] | None = None
) -> Words | None:
    """Return the options of a plan, some of them left out, others added."""
    words = words_of(plan, blocks)
    if words is None:
        return None
    kept = {name: values for name, values in words.items() if name not in without and values != ["stock"]}
    return kept | (more or {})


def _swept_words(plan: Plan, names: Sequence[str]) -> str:
    """Return what is swept as it is asked for: ``pool=1,2,4``."""
    points, *_ = by_rung(plan.trials, names).values()
    axes = []
    for at, name in enumerate(names):
        values = dict.fromkeys(written(values_of(trial, names)[at]) for trial in points)
        axes.append(f"{name}={AUTO if plan.refines else ','.join(values)}")
    return " ".join(axes)


def resumed_cuts(path: Path, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the options by which a run of cuts goes on where it was; its plan decides the major of PostgreSQL."""
    return {"resume": [str(path)], **typed_here(given, ("bin_dir", "data_dir"))}


def next_of_cuts(found: DurabilityReport, plan: CutPlan, path: Path, given: Mapping[str, Any]) -> Next | None:
    """Return the rest of a run of cuts, or more of them where they are few; None: there are enough.

    ``given`` are the options that were typed. How a box's power is cut is nowhere kept: no command is offered for that.
    """
    what, words = tr("cut what is left"), resumed_cuts(path, given)
    if found.complete:
        if found.trust.level == "good":
            return None
        kind = "torn" if plan.torn > plan.power else "cuts"
        what = tr("cut more often")
        words = typed_here(given)
        if not words.keys() & {"postgres", "bin_dir"} and plan.version != REFERENCE:
            words["postgres"] = [plan.version]
        words |= {
            "variants": [variant.name for variant in plan.variants],
            "layouts": list(plan.layouts),
            kind: [str(ENOUGH_CUTS)],
        }
    # Of a user's own variant the plan has the text alone.
    known = not plan.machine and set(variant_names()).issuperset(words.get("variants", ()))
    return Next(what=what, seconds=None, command=command("durability", words, "pgladder") if known else None)
