"""Cuts of a whole box's power: asked for and agreed to, planned for that box, carried out, recorded here.

They hit everything that is on the box. So one box is named, and somebody agrees to it by that name. What is written to
is a private server that is made there for this and goes with it; the box's own cluster is not touched, and recovers as
after any power cut.
"""

import secrets
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from bench.box.power import BOOT
from bench.box.state import BoxState
from bench.model.codec import from_json
from bench.model.cuts import CutPlan, PlannedCut
from bench.model.errors import HostError, UsageError
from bench.model.language import tr, tr_many
from bench.model.signals import stoppable
from bench.remote import steps
from bench.remote.link import Link
from bench.remote.wheelhouse import release
from bench.report.command import caller, command, typed_with
from bench.report.numbers import duration
from bench.store.cut_directory import PLAN, CutDirectory
from bench.targets.agreed import said_yes
from bench.targets.box_plans import check_idle, check_name, check_own, check_same
from bench.targets.box_power import BoxPower, servers_on
from bench.targets.boxes import RESULTS, Boxes
from bench.targets.cuts import (
    CLUSTER_BYTES,
    CUTS,
    DECIDES,
    ROOM_BYTES,
    carry_out_plan,
    expected_s,
    left_of,
    new_plan,
)
from bench.targets.here import forget_libpq, new_run_id
from bench.targets.switch import Switch
from bench.targets.target import Results

USUAL = ("stock", "async-commit", "no-fsync")
"""What is cut where no variant is named: those whose fate such a cut decides. It seldom leaves a torn page."""


def measure_on_box(boxes: Boxes, given: Mapping[str, Any], out: Console) -> Results:
    """Cut a box's power as often as is asked for.

    Args:
        boxes: the one that was named.
        given: what was typed, by the name of its option.
        out: told how it goes.

    Raises:
        NothingDoneError: it can't be done there, or is not to be.
        PgladderError: it came to no end; says how to go on.

    """
    link = _the_one(boxes)
    # A PGHOSTADDR would lead away from the tunnel.
    forget_libpq()
    switch = _switch(link, given, out)
    run = check_name(given.get("run", ""))
    directory = CutDirectory(RESULTS / (run or new_run_id()) / link.host.name)
    there = (directory.path / PLAN).is_file()
    if there and (decided := [name for name in DECIDES if name in given]):
        raise UsageError(
            tr(
                "Run {run} is there and decides what is cut: leave out {decided}, or take another RUN=.",
                run=run,
                decided=decided[0].upper(),
            )
        )
    state = _look(link)
    plan = _resumed(directory) if there else _plan(given, state, directory)
    _check_room(link, state, plan)
    left = left_of(plan, directory)
    _check_agreed(link, left, given, out)
    if not there:
        directory.begin(plan)
    boxes.run, boxes.started = plan.run, True
    with stoppable():
        box = BoxPower(link, plan, switch, out)
        carry_out_plan(plan, directory, servers_on(box, plan), _again(boxes, plan, given), out)
    out.print(f"{tr('Results: {place}', place=directory.path)}\n", soft_wrap=True)
    return Results(directories=(directory.path,), hosts={plan.host: directory.path})


def _the_one(boxes: Boxes) -> Link:
    """Return the box that was named.

    Raises:
        UsageError: none was, or several.

    """
    if not boxes.picked or len(boxes.links) != 1:
        raise UsageError(
            tr(
                "Name the one box whose power is to be cut, by HOST= or LIMIT=; without either, make durability cuts"
                " the power of private servers on this machine."
            )
        )
    return boxes.links[0]


def _switch(link: Link, given: Mapping[str, Any], out: Console) -> Switch:
    """Return how the power is cut."""
    text, by_hand = given.get("power_command"), bool(given.get("by_hand"))
    if bool(text) == by_hand:
        raise UsageError(
            tr(
                'Say how the power of {host} is cut and given back: by POWER_COMMAND="...", a command of yours, or'
                " BY_HAND=1: pgladder says when to pull the plug.",
                host=link.host.name,
            )
        )
    return Switch(link.host, text, out)


def _look(link: Link) -> BoxState:
    """Return what the box is; raises HostError where something is under way there, or it runs another pgladder."""
    answer = steps.look(link)
    check_same(msgspec.json.decode(answer, type=dict[str, Any]).get("release"), release())
    state = from_json(answer, BoxState, link.host.name)
    check_own(state)
    check_idle(state, "")
    if state.holder:
        raise HostError(tr("{host}: a run is under way there: {who}.", host=link.host.name, who=state.holder))
    _check_other(link)
    return state


def _check_other(link: Link) -> None:
    """Refuse the machine that we are on: its kernel has booted when ours has. A container that boots has its own."""
    if not BOOT.exists():  # no Linux, as every box is
        return
    there = link.run(f"cat {BOOT}").out.decode(errors="replace").strip()
    if there == BOOT.read_text().strip():
        raise HostError(
            tr(
                "{host} is the machine that pgladder was called on, or shares its kernel: who cuts its power has to"
                " stay on. Call it from another one.",
                host=link.host.name,
            )
        )


def _resumed(directory: CutDirectory) -> CutPlan:
    """Return the plan of a run that goes on; raises UsageError where it is none of cuts of a whole box."""
    plan = directory.plan()
    if plan.power or plan.torn or plan.kill:
        raise UsageError(
            tr(
                "{path} cuts private servers on this machine, not a box. Go on with: {command}",
                path=directory.path,
                command=command("durability", {"resume": [str(directory.path)]}, "pgladder"),
            )
        )
    return plan


def _plan(given: Mapping[str, Any], state: BoxState, directory: CutDirectory) -> CutPlan:
    return new_plan(
        {**given, "seed": given.get("seed", secrets.randbelow(1 << 31))},
        state.machine,
        state.postgresql,
        run=directory.path.parent.name,
        host=directory.path.name,
        counts={"machine": given.get("cuts", CUTS)},
        usual=USUAL,
    )


def _check_room(link: Link, state: BoxState, plan: CutPlan) -> None:
    needed = ROOM_BYTES + CLUSTER_BYTES * len(plan.variants) * len(plan.layouts)
    if state.free_bytes < needed:
        raise HostError(
            tr(
                "{host} has {free:.1f} GB free for data, and cuts need {needed:.1f} GB.",
                host=link.host.name,
                free=state.free_bytes / 1e9,
                needed=needed / 1e9,
            )
        )


def _check_agreed(link: Link, left: Sequence[PlannedCut], given: Mapping[str, Any], out: Console) -> None:
    """Have somebody agree that all that is on the box loses its power, too.

    Raises:
        UsageError: nobody did, or nobody is there who could; says how to begin without a question.

    """
    what = tr_many(
        "{host}: its power will be cut once, within about {time}. All that runs there goes down with it, its cluster"
        " too, and what is not flushed is lost.",
        "{host}: its power will be cut {count} times, within about {time}. All that runs there goes down with it, its"
        " cluster too, and what is not flushed is lost.",
        len(left),
        host=link.host.name,
        time=duration(expected_s(left)),
    )
    out.print(Text(what), soft_wrap=True)
    if given.get("yes"):
        return
    begin = tr("Without being asked: {command}", command=typed_with("yes"))
    if not (sys.stdin.isatty() and out.is_terminal):
        raise UsageError(
            tr("Nobody is there to agree that the power of {host} is cut. {begin}", host=link.host.name, begin=begin)
        )
    if not said_yes(out):
        raise UsageError(tr("Nothing was begun: nobody said yes. {begin}", begin=begin))


def _again(boxes: Boxes, plan: CutPlan, given: Mapping[str, Any]) -> str:
    """Return the command that goes on with a run; the power command is not repeated: it may hold a password."""
    words = {name: [value] for name, value in boxes.where.items() if value}
    how = {"power_command": ["..."]} if given.get("power_command") else {"by_hand": ["1"]}
    return command("durability", {**words, "run": [plan.run], **how}, caller())
