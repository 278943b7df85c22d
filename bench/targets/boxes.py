"""Boxes as a target, and the remote verbs: launch, follow, status, pull, cancel."""

import getpass
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.effects import effects_of
from bench.analysis.pairing import interleaved
from bench.box.state import BoxState, RunState
from bench.engines.postgresql.variants import hardware_of
from bench.model.box import OTHER_PLAN
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError, NothingDoneError, PgladderError, UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.language import later, tr
from bench.model.plain import print_json
from bench.model.plan import Owned, Plan
from bench.plan.estimate import estimate
from bench.plan.remaining import to_come
from bench.plan.request import make_design
from bench.plan.rule import usual_margin
from bench.remote import steps
from bench.remote.fan_out import FAILED, Failure, on_each, steadily
from bench.remote.hosts import Host
from bench.remote.link import Link
from bench.remote.pull import pull as pull_one
from bench.remote.wheelhouse import release
from bench.report.console import console
from bench.report.exported import print_tables
from bench.report.following import Following
from bench.report.metrics import MetricsFile
from bench.report.noise import too_noisy_lines
from bench.report.numbers import size
from bench.results.noise_floors import noise_in, outdated
from bench.results.read import only_run, read, reproduced_plan
from bench.store.run_directory import PLAN, now
from bench.store.transfer import Transfer
from bench.targets.agreed import check_agreed, said_yes
from bench.targets.box_plans import (
    WHAT,
    Asked,
    as_asked,
    check_idle,
    check_name,
    check_reproducible,
    check_same,
    known,
    plan_for,
)
from bench.targets.coordinate import Interleaving
from bench.targets.follow import follow_all
from bench.targets.here import new_run_id
from bench.targets.target import Request, Results
from bench.workload.phase import usual

RESULTS = Path("results")
KEEPS_ITS_PLAN = later("the run is there already, with another plan than these words ask for: it goes on with its own.")
LAUNCHED = {
    "started": later("run {run} started"),
    "resumed": later("run {run} resumed"),
    "under way": later("run {run} under way"),
    "finished": later("run {run} finished"),
}
LAUNCHED_BY_OTHER_PLAN = {
    "resumed": later("run {run} resumed by another plan"),
    "under way": later("run {run} under way by another plan"),
    "finished": later("run {run} finished by another plan"),
}
"""What a box answers to a launch (``bench.box.runs.launch``), without and with ``OTHER_PLAN``."""
COURSES = {
    "running": later("running"),
    "waiting": later("waiting"),
    "cancelled": later("cancelled"),
    "stopped": later("stopped"),
    "finished": later("finished"),
    "unreadable": later("unreadable"),
}
COLUMNS = ("box", "pgladder", "free", "run", "trials", "")
"""Of what boxes are doing."""


class NoHostsLeftError(PgladderError):
    """Every box failed, and was named with its reason."""


@dataclass(slots=True)
class Boxes:
    """The boxes a command is for, those that failed on the way, and where all of it is told."""

    out: Console
    links: list[Link] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    where: Mapping[str, str] = field(default_factory=dict)
    """The words that said which boxes and how to log in, as ``bench.remote.hosts.target`` takes them."""
    run: str = ""
    """The run that is under way because of, or before the eyes of, whoever gave the command; none before a launch."""
    gated: bool = False
    """They share a machine: each block on one after the other."""
    metrics: Path | None = None
    """The file that is kept up to date for Prometheus while runs are followed; None: nobody asked for it."""
    let_go: str = ""
    """What somebody was told who pressed Ctrl-C; empty: nobody did."""
    started: bool = False
    """Something was started: whatever comes now, it is not that nothing was changed."""

    @property
    def picked(self) -> bool:
        """Somebody named these boxes; else they are all of the inventory."""
        return bool(self.where.get("host") or self.where.get("limit"))

    def left(self) -> list[Link]:
        """Return those that did not fail."""
        failed = {failure.host for failure in self.failures}
        return [link for link in self.links if link.host.name not in failed]

    def report(self, sentence: str) -> None:
        """Print a sentence."""
        self.out.print(Text(sentence), soft_wrap=True)

    def measure(self, request: Request, out: Console) -> Results | None:
        """Launch what is asked for, follow it, pull it; see ``bench.targets.target.Target``."""
        self.out = out
        _interleave(self, request)
        run = relaunched(self, request) if request.repeats else launched(self, request)
        ended_early = followed(self, run)
        places = pulled(self, run)
        # Only now: what was recorded before a run broke off is pulled too.
        self.failures += ended_early
        if not places:
            return None
        earlier = RESULTS / request.repeats
        return Results(
            directories=(RESULTS / run,),
            hosts=places,
            repeated={host: earlier / host for host in places},
            complete=not ended_early,
        )


def _interleave(boxes: Boxes, request: Request) -> None:
    """Have boxes that share a machine measure one at a time, where they are compared, or were measured so before."""
    if request.compares_hosts:
        if len(boxes.links) < 2:
            raise UsageError(
                tr("A comparison of hosts takes two or more: pick them by LIMIT=, or list them in inventory/.")
            )
        boxes.gated = any(state.shares_kernel for state in look(boxes).values())
    elif request.repeats:
        # A box whose run was not pulled is refused when its plan is read: here it says nothing.
        there = []
        for link in boxes.links:
            place = RESULTS / request.repeats / link.host.name
            if (place / PLAN).is_file():
                there.append(read(only_run(place), samples=False))
        boxes.gated = len(there) > 1 and interleaved(there)
    if boxes.gated:
        boxes.report(
            tr("These boxes share a machine, so one measures at a time: they are interleaved, block by block.")
        )


def launch(boxes: Boxes, given: Mapping[str, Any]) -> None:
    """Start a run on every box that can take it. Where it is there already, it is not started again."""
    launched(boxes, Request(given=given))


def launched(boxes: Boxes, request: Request) -> str:
    """Launch; return the run's name."""
    given = request.given
    run = check_name(given.get("run", "")) or new_run_id()
    design = known(make_design(given, transports=["tcp"], phases=usual(own=True)))
    # One seed for all: trials come in the same order on each, so that boxes can be compared block by block.
    asked = Asked(
        design=replace(design, against_itself=request.against_itself, explains=request.explains),
        run=run,
        created=now(),
        seed=given.get("seed", secrets.randbelow(1 << 31)),
    )

    def step(link: Link, state: BoxState) -> Ready:
        here = next((each for each in state.runs if each.run == run), None)
        if here:
            _check_resumable(here, lambda: not boxes.gated or steps.is_gated(link, run))
            text = steps.read_plan(link, run)
            there = request.check_plan(from_json(text, Plan, f"{link.host.name}: plan.json"))
            # What the owner says of the box is no part of what is asked for.
            other = any(given.get(word) for word in WHAT) and not as_asked(replace(there, owned=None), state, asked)
            return Ready(plan=text, warnings=[tr(KEEPS_ITS_PLAN)] if other else [])
        plan = replace(request.check_plan(plan_for(state, asked)), owned=_owned(link.host))
        warnings = [*_too_noisy(link.host.name, state, plan, given.get("margin")), *_damaging(plan)]
        return Ready(plan=to_json(plan) + b"\n", warnings=warnings, begins=plan)

    _start(boxes, run, step, request)
    return run


def _check_resumable(run: RunState, gated: Callable[[], bool]) -> None:
    """Refuse a run that is there already and can't be gone on with; ``gated`` asks whether it is interleaved as asked.

    Raises:
        DataError: its plan can't be read.
        UsageError: it is not interleaved.

    """
    if run.course == "unreadable":
        raise DataError(
            tr("run {run} is there and can't be gone on with ({why}): take another RUN=", run=run.run, why=run.detail)
        )
    if run.course != "finished" and not gated():
        raise UsageError(
            tr("run {run} is there and is not interleaved: let it end by itself, or take another RUN=", run=run.run)
        )


def _owned(host: Host) -> Owned | None:
    """Return what the inventory says of a box; None where that is nothing."""
    said = Owned(price=host.price, currency=host.currency, watts=host.watts)
    return None if said == Owned() else said


def relaunched(boxes: Boxes, request: Request) -> str:
    """Start a pulled run's plan again on the boxes it came from; return the name of the new run."""
    run, created = new_run_id(), now()

    def step(link: Link, state: BoxState) -> Ready:
        plan = request.check_plan(reproduced_plan(RESULTS / request.repeats / link.host.name, run, created))
        check_reproducible(state, plan)
        return Ready(plan=to_json(plan) + b"\n", warnings=_damaging(plan), begins=plan)

    _start(boxes, run, step, request)
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is to be started on a box that can take it."""

    plan: bytes
    warnings: Sequence[str]
    begins: Plan | None = None
    """It again, of a run that is not there yet; None: whoever began it agreed to what it takes."""


def _start(boxes: Boxes, run: str, step: Callable[[Link, BoxState], Ready], request: Request) -> None:
    """Start what a step makes ready on every box that is idle and runs this pgladder, once somebody agreed to it."""
    # It reads the whole package: boxes are asked meanwhile.
    here = ThreadPoolExecutor(1).submit(release)

    def checked(link: Link) -> Ready:
        answer = steps.look(link)
        # Its release first: the answer of another may have another form.
        check_same(msgspec.json.decode(answer, type=dict[str, Any]).get("release"), here.result())
        state = from_json(answer, BoxState, f"{link.host.name}: pgladder box")
        check_idle(state, run)
        return step(link, state)

    ready: Mapping[str, Ready] = _on_each(boxes, checked)
    _check_agreed(boxes, ready, agreed=bool(request.option("yes")))
    who = f"{getpass.getuser()} at {socket.gethostname()}"

    def begin(link: Link) -> tuple[str, Sequence[str]]:
        # From here on it may be under way: who is interrupted is told how to follow or end it.
        boxes.run = run
        of_box = ready[link.host.name]
        outcome = steps.launch(link, run, of_box.plan, who, gated=boxes.gated)
        # Another control machine was quicker.
        return outcome, [tr(KEEPS_ITS_PLAN)] if outcome.endswith(OTHER_PLAN) else of_box.warnings

    outcomes = _on_each(boxes, begin)
    boxes.run, boxes.started = run, bool(outcomes)
    for host, (outcome, warnings) in outcomes.items():
        boxes.report(f"{host}: {_launched_words(run, outcome)}.")
        for warning in warnings:
            boxes.report(f"{host}: {warning}")


def _check_agreed(boxes: Boxes, ready: Mapping[str, Ready], *, agreed: bool) -> None:
    """See that somebody agrees to what is about to begin."""
    estimates = {}
    for host, each in ready.items():
        if each.begins:
            estimates[host] = estimate(each.begins, to_come(each.begins, []))
    check_agreed(estimates, boxes.out, agreed=agreed, one_at_a_time=boxes.gated)


def _launched_words(run: str, outcome: str) -> str:
    """Say what became of a launch, in a box's own words."""
    own = outcome.removesuffix(OTHER_PLAN)
    words = LAUNCHED_BY_OTHER_PLAN if own != outcome else LAUNCHED
    return tr(words[own], run=run) if own in words else f"run {run} {outcome}"


def _too_noisy(host: str, state: BoxState, plan: Plan, margin: float | None) -> list[str]:
    """Tell, before hours are spent, what this box is too noisy for; None: the usual margin."""
    noise, notes = noise_in(RESULTS, host)
    if noise and (others := _other_hardware(noise.host, state)):
        return [*notes, outdated(noise, others)]
    return [*notes, *too_noisy_lines(plan, noise, margin or usual_margin(plan), by_make=True)]


def _other_hardware(known: Fingerprint, state: BoxState) -> list[str]:
    """Return which figures of a box's hardware are others than its fingerprint tells, as far as that tells them."""
    facts = [known.facts.get(group, {}) for group in ("memory", "cpu", "disk")]
    try:
        was = asdict(hardware_of(*facts))
    except (NothingDoneError, KeyError):
        return []
    others = []
    for name, there in asdict(state.machine.hardware).items():
        if was[name] != there:
            others.append(f"{name}: {was[name]} → {there}")
    return others


def _damaging(plan: Plan) -> list[str]:
    """Return what a power cut would cost under variants that are not safe from it."""
    off = ("fsync", "full_page_writes")
    names = [name for name, of in effects_of(plan, None).items() if "off" in map(of.get, off)]
    if not names:
        return []
    return [
        tr(
            "a power cut under {names} can damage the box's cluster, even where it starts again: then make teardown and"
            " make provision before anything else is measured.",
            names=tr(" or ").join(names),
        )
    ]


def follow(boxes: Boxes, given: Mapping[str, Any]) -> None:
    """Show a run on every box until it ends."""
    boxes.failures += followed(boxes, given.get("run", ""))


def followed(boxes: Boxes, run: str) -> list[Failure]:
    """Follow; return where the run did not come to its end, and why."""
    run = boxes.run = check_name(run) or _under_way(boxes)
    plans = plans_there(boxes, run)
    if not boxes.gated:
        _report_gates(boxes, run)
    view = Following(boxes.out)
    if boxes.gated:
        view = Interleaving(boxes.out, boxes.left(), run)
    if boxes.metrics:
        view.metrics = MetricsFile(boxes.metrics, boxes.out)
    try:
        results = follow_all(boxes.left(), run, plans, view)
    finally:
        view.close()
    boxes.failures += results.failures
    early = []
    for host, end in results.done.items():
        if end.how != "finished":
            early.append(Failure(host, end.why, FAILED))
    return early


def _report_gates(boxes: Boxes, run: str) -> None:
    """Say which boxes will wait for turns that nobody here gives."""
    there = _on_each(boxes, lambda link: steps.is_gated(link, run))
    if hosts := ", ".join(host for host, takes in there.items() if takes):
        boxes.report(
            tr(
                "{hosts}: run {run} is interleaved, block by block, and waits at its gate; only make compare-hosts"
                " RUN={run}, with all its boxes, opens it. End it: make cancel RUN={run}",
                hosts=hosts,
                run=run,
            )
        )


def plans_there(boxes: Boxes, run: str) -> Mapping[str, Plan]:
    """Return the plan of a run on each box that has it."""
    return _on_each(boxes, lambda link: from_json(steps.read_plan(link, run), Plan, f"{link.host.name}: plan.json"))


def _under_way(boxes: Boxes) -> str:
    """Return the one run that has not ended on these boxes."""
    states = look(boxes)
    if not states:
        raise NoHostsLeftError
    runs = {run.run for state in states.values() for run in state.runs if run.course in {"running", "waiting"}}
    if len(runs) != 1:
        there = ", ".join(sorted(runs)) or tr("none")
        raise UsageError(tr("Say which run by RUN=; under way there: {runs}.", runs=there))
    return runs.pop()


def look(boxes: Boxes) -> Mapping[str, BoxState]:
    """Ask every box what it is and what it is doing."""
    return _on_each(boxes, lambda link: from_json(steps.look(link), BoxState, f"{link.host.name}: pgladder box"))


def pull(boxes: Boxes, given: Mapping[str, Any]) -> None:
    """Bring what is new of a run from every box."""
    run = check_name(given.get("run", ""))
    if not run:
        raise UsageError(tr("Say which run: RUN=<its name>; there are those of: make status."))
    pulled(boxes, run)


def pulled(boxes: Boxes, run: str) -> dict[str, Path]:
    """Pull; return where each box's files are."""

    def step(link: Link) -> Transfer:
        place = RESULTS / run / link.host.name
        here = place / PLAN
        if here.is_file() and _is_another(here, steps.read_plan(link, run)):
            raise UsageError(
                tr("{place} holds another run of that name, which is kept: move it away, then pull again", place=place)
            )
        return pull_one(link, run, place)

    places = {}
    for host, arrived in _on_each(boxes, step).items():
        place = places[host] = RESULTS / run / host
        boxes.report(f"{host}: {_arrived(arrived, place)}.")
    return places


def _arrived(arrived: Transfer, place: Path) -> str:
    """Say what was pulled."""
    found = {"files": arrived.files, "bytes": arrived.bytes, "place": place}
    if not arrived.sealed:
        return tr("{files} new files ({bytes:,} bytes) in {place}; the run has not come to its end", **found)
    return tr("{files} new files ({bytes:,} bytes) in {place}", **found)


def _is_another(here: Path, there: bytes) -> bool:
    """Return whether a plan that was pulled is another run's; one that was damaged since is brought again."""
    try:
        return from_json(here.read_bytes(), Plan, str(here)) != from_json(there, Plan, PLAN)
    except DataError:
        return False


def cancel(boxes: Boxes, given: Mapping[str, Any]) -> None:
    """End a run, or whichever has not ended, on every box."""
    run = check_name(given.get("run", ""))
    if not run and not boxes.picked:
        _make_sure(boxes)
    for host, ended in _on_each(boxes, lambda link: steps.cancel(link, run)).items():
        if ended:
            runs = ", ".join(ended)
            boxes.report(tr("{host}: cancelled {runs}; what was recorded is kept.", host=host, runs=runs))
        else:
            boxes.report(tr("{host}: nothing was under way.", host=host))


def _make_sure(boxes: Boxes) -> None:
    """Have somebody say yes before all boxes lose what they are doing.

    Raises:
        UsageError: nobody did.

    """
    names = ", ".join(link.host.name for link in boxes.links)
    boxes.report(tr("This ends whatever run is under way on: {names}.", names=names))
    if not said_yes(boxes.out):
        raise UsageError(tr("Nothing was cancelled on {names}: say which by RUN=, LIMIT= or HOST=.", names=names))


def status(boxes: Boxes, given: Mapping[str, Any]) -> None:
    """Print what every box is doing."""
    states = look(boxes)
    if given.get("json"):
        print_json(states)
        return
    if not states:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(tr(name))
    for host, state in states.items():
        box = (host, state.release, size(state.free_bytes))
        for row in _doing(state) or [("", "", tr("no runs"))]:
            table.add_row(*box, *row)
            box = ("", "", "")
    if given.get("format"):
        print_tables(lambda out: out.print(table), given["format"])
    else:
        boxes.out.print(table)


def _doing(state: BoxState) -> list[tuple[str, str, str]]:
    """Return a line for each of a box's runs, and for one that is none of them."""
    rows = [(run.run, f"{run.recorded}/{run.planned}", run.detail or tr(COURSES[run.course])) for run in state.runs]
    if state.holder and not any(run.course == "running" for run in state.runs):
        rows.append(("", "", tr("under way: {holder}", holder=state.holder)))
    return rows


def _on_each(boxes: Boxes, step: Any) -> Mapping[str, Any]:
    # On standard error: programs read the other.
    report = replace(boxes, out=console(stderr=True)).report
    results = on_each(boxes.left(), lambda link: steadily(link, lambda _: step(link), report))
    boxes.failures += results.failures
    return results.done
