"""``pgladder box``: arguments; the answers are ``bench.box.state``'s and ``bench.store.transfer``'s."""

import argparse
import sys

import msgspec
from rich.table import Table

from bench.box.state import BoxState, box_state
from bench.model.box import BOX_FILE, Provisioned, provisioned
from bench.model.codec import DAMAGED
from bench.model.errors import DataError, HostError, UsageError
from bench.model.plain import print_json
from bench.report.terminal import console, size
from bench.store.run_directory import PLAN
from bench.store.transfer import pack

DONE = 0


def tell(options: argparse.Namespace) -> int:
    """Print what this box is and what runs on it; with ``--pack``, send a run."""
    box = _provisioned()
    if options.pack:
        return _send(box, options.pack)
    state = box_state(box)
    if options.json:
        print_json(state)
    else:
        console().print(_table(state))
    return DONE


def _provisioned() -> Provisioned:
    box = provisioned()
    if box is None:
        raise HostError(f"This machine is no provisioned box: there is no {BOX_FILE}. See: make provision")
    return box


def _send(box: Provisioned, run: str) -> int:
    directory = box.runs / run
    if "/" in run or run.startswith(".") or not (directory / PLAN).is_file():
        raise UsageError(f"there is no run {run} there")
    try:
        have = msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, str])
    except DAMAGED as error:
        raise DataError(f"what there is already came damaged: {error}") from error
    pack(directory, have, sys.stdout.buffer)
    return DONE


def _table(state: BoxState) -> Table:
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


def add_box(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(action=tell)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--pack", metavar="RUN", help="send a run as a tar stream; standard input: what is there already"
    )
