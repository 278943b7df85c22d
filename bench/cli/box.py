"""``pgladder box``: arguments; the answers are ``bench.box``'s and ``bench.store.transfer``'s.

What a control machine asks over SSH is loaded where it is asked for: a box may be measuring meanwhile.
"""

import argparse
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

import msgspec

from bench.model.box import BOX_FILE, ENDINGS, Provisioned, provisioned, read_box
from bench.model.codec import DAMAGED
from bench.model.errors import DataError, HostError, UsageError
from bench.model.plain import one_line, print_json
from bench.model.values import NAME

if TYPE_CHECKING:
    from rich.table import Table

    from bench.box.state import BoxState

DONE = 0
Step = Callable[[Provisioned, argparse.Namespace], int]
"""What is done on a box that is asked for it, to its exit code."""


def tell(options: argparse.Namespace) -> int:
    """Print what this box is and what runs on it; with ``--pack``, send a run."""
    from bench.box.state import box_state

    box = _provisioned()
    if options.pack:
        return _send(box, options.pack)
    state = box_state(box)
    if options.json:
        print_json(state)
        return DONE
    # Loaded for people only: a control machine asks for JSON, beside a trial that may be measured.
    from bench.report.console import console

    console().print(_table(state))
    return DONE


def _provisioned() -> Provisioned:
    box = provisioned()
    if box is None:
        raise HostError(f"This machine is no provisioned box: there is no {BOX_FILE}. See: make provision")
    return box


def _send(box: Provisioned, run: str) -> int:
    from bench.store.run_directory import PLAN
    from bench.store.transfer import pack

    directory = box.runs / run
    if "/" in run or run.startswith(".") or not (directory / PLAN).is_file():
        raise UsageError(f"there is no run {run} there")
    try:
        have = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, str])
    except DAMAGED as error:
        raise DataError(f"what there is already came damaged: {error}") from error
    pack(directory, have, sys.stdout.buffer)
    return DONE


def _table(state: "BoxState") -> "Table":
    from rich.table import Table

    from bench.report.numbers import size

    hardware = state.machine.hardware
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_row("pgladder", f"{state.version}, release {state.release}")
    table.add_row("hardware", f"{hardware.cores} CPUs, {hardware.ram_mb} MiB, {hardware.disk}, {hardware.disk_gb} GiB")
    table.add_row("free for data", size(state.free_bytes))
    table.add_row("connections", f"at most {state.max_connections}")
    table.add_row("under way", state.holder or "nothing")
    for run in state.runs:
        table.add_row(f"run {run.run}", run.detail or f"{run.course}, {run.recorded} of {run.planned} trials")
    return table


# --- what a control machine asks -------------------------------------------------------------------------------------


def _launch(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.runs import launch

    plan = sys.stdin.buffer.read()
    return answer(launch(box, options.run, plan, options.sha256, options.who, gated=options.gated))


def _cancel(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.runs import cancel

    return answer(*cancel(box, options.run or ""))


def _gate(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.runs import gate

    block = gate(box, options.run, options.block)
    if block is None:
        return DONE
    return answer(block)


def _plan(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.runs import read_plan

    sys.stdout.buffer.write(read_plan(box, options.run))
    return DONE


def _follow(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.follow import follow

    ending = follow(box, options.run, options.offset, sys.stdout.buffer)
    return next(code for code, meaning in ENDINGS.items() if meaning == ending)


def _last_words(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.follow import last_words

    return answer(last_words(box, options.run))


def _power(box: Provisioned, _: argparse.Namespace) -> int:
    from bench.box.power import power

    power(box)
    return DONE


def _apply(options: argparse.Namespace) -> int:
    from bench.box.apply import apply

    if sys.stdin.isatty():
        raise UsageError("It reads what this box is from standard input: pgladder box apply </etc/pgladder.toml")
    try:
        box = read_box(sys.stdin.buffer.read())
    except DAMAGED as error:
        raise DataError(f"standard input does not tell of a box: {error}") from error
    outcome = apply(box, new_password=options.new_password, check=options.check)
    if options.diff:
        answer(*outcome.differences)
    if outcome.changed:
        answer("changed")
    return DONE


def _standby(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.standby import admit, dismiss, look

    if options.check:
        look(box, options.address or "")
        return DONE
    if not options.address:
        raise UsageError("At which address is the standby? pgladder box standby ADDRESS")
    if options.remove:
        return answer("changed") if dismiss(box, options.address) else DONE
    admitted = admit(box, options.address, new_password=options.new_password)
    return answer(msgspec.json.encode(admitted).decode())


def address(text: str) -> str:
    """Read an IP address."""
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def answer(*words: object) -> int:
    """Print these, a line each; return the exit code of a step that was done."""
    sys.stdout.write("".join(f"{word}\n" for word in words))
    return DONE


def _asked(step: Step) -> Callable[[argparse.Namespace], int]:
    """Return the action of a step; one that a run does not allow has an exit code of its own."""

    def action(options: argparse.Namespace) -> int:
        from bench.box.runs import RefusalError

        try:
            return step(_provisioned(), options)
        except RefusalError as refusal:
            print(one_line(f"pgladder: {refusal}"), file=sys.stderr)  # noqa: T201 - the last words of a command
            return refusal.code

    return action


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} can't be a run's name")
    return text


def add_box(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(action=tell)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--pack", metavar="RUN", help="send a run as a tar stream; standard input: what is there already"
    )
    steps = parser.add_subparsers(metavar="STEP", title="what a control machine asks for (make ladder, make cancel, …)")

    def add(name: str, step: Step, meaning: str) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        added.set_defaults(action=_asked(step))
        return added

    launch = add("launch", _launch, "start a run, once; the plan comes on standard input (as root)")
    follow = add("follow", _follow, "send the records of a run until it ends; the exit code tells how")
    cancel = add("cancel", _cancel, "end a run for good, without a name whichever has not ended (as root)")
    gate = add("gate", _gate, "let a gated run through up to a block; print the last block that it may begin")
    plan = add("plan", _plan, "print the plan of a run")
    words = add("last-words", _last_words, "print why a run broke off (as root)")
    for step in (launch, follow, gate, plan, words):
        step.add_argument("run", type=_name, metavar="RUN")
    add("power", _power, "make private servers for cuts of this box's power, as standard input orders")
    meaning = "bring what provisioning asks of the cluster into force (as its user); the box's file on standard input"
    apply = steps.add_parser("apply", help=meaning, description=meaning, allow_abbrev=False)
    apply.set_defaults(action=_apply)
    apply.add_argument("--new-password", action="store_true", help="for the role that measures")
    apply.add_argument("--check", action="store_true", help="change nothing: try it out, and tell whether it would")
    apply.add_argument("--diff", action="store_true", help="show what changes in the configuration")
    meaning = "let in a standby on another box, and print in JSON what it connects with (as the cluster's user)"
    standby = add("standby", _standby, meaning)
    standby.add_argument("address", nargs="?", type=address, metavar="ADDRESS", help="it comes from")
    how = standby.add_mutually_exclusive_group()
    how.add_argument("--new-password", action="store_true", help="it is about to be made: a new password, a new slot")
    how.add_argument("--check", action="store_true", help="change nothing: could it be let in?")
    how.add_argument("--remove", action="store_true", help="let it in no more, and leave nothing of it")
    # Late: it takes words of this module.
    from bench.cli.client_boxes import add_client_steps

    add_client_steps(add)
    launch.add_argument("sha256", metavar="SHA256", help="of the plan")
    launch.add_argument("who", metavar="WHO", help="launches it")
    launch.add_argument("--gated", action="store_true", help="each block waits for: pgladder box gate")
    follow.add_argument("offset", type=int, metavar="OFFSET", help="the byte of trials.jsonl to begin at")
    cancel.add_argument("run", nargs="?", type=_name, metavar="RUN")
    gate.add_argument("block", nargs="?", type=int, metavar="BLOCK")
