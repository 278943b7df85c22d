"""``pgladder variants``: arguments and what they ask for; what it does is in ``bench.engines.postgresql.variants``."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench.box.state import BoxState
from bench.cli.ask import add_for_programs, typed
from bench.engines.postgresql.majors import REFERENCE, major
from bench.engines.postgresql.render import Box, summary, variant_names
from bench.engines.postgresql.variants import Machine, compare, conf_text, explain, this_machine
from bench.model.codec import from_json
from bench.model.errors import DataError, UsageError
from bench.model.language import tr
from bench.model.parse import number
from bench.model.plain import harmless, print_json
from bench.report.console import console
from bench.report.exported import print_tables
from bench.report.variants import show_differences, show_list, show_settings
from bench.targets.here import default_data_dir
from bench.tuning.hardware import parse_hardware

DONE, FAILED = 0, 1


def list_variants(options: argparse.Namespace) -> int:
    """Print a line for each variant; then, beside it, why a file can't be taken."""
    summaries, broken = {}, []
    for name in variant_names():
        try:
            summaries[name] = summary(name)
        except DataError as error:
            broken.append(str(error))
    if options.json:
        print_json(summaries)
    else:
        _print(lambda out: show_list(out, summaries), options)
    for why in broken:
        console(stderr=True).print(Text(why, style="red"), soft_wrap=True)
    if broken:
        return FAILED
    return DONE


def show(options: argparse.Namespace) -> int:
    """Print what a variant sets, and why."""
    machine = _machine(options)
    if options.text:
        sys.stdout.write(harmless(conf_text(options.name, _box(options, machine))))
        return DONE
    explained = explain(options.name, _box(options, machine))
    if options.json:
        print_json(explained)
        return DONE
    title = tr("{variant} on {where}", variant=options.name, where=_where(options, machine))
    _print(lambda out: show_settings(out, title, explained.settings, explained.derivations), options)
    return DONE


def diff(options: argparse.Namespace) -> int:
    """Print in what two variants differ in effect."""
    machine = _machine(options)
    found = compare(options.a, options.b, _box(options, machine), huge_page_bytes=machine.huge_page_bytes)
    if options.json:
        print_json({each.name: {options.a: each.a, options.b: each.b} for each in found})
        return DONE
    where = _where(options, machine)
    _print(lambda out: show_differences(out, options.a, options.b, where, found), options)
    return DONE


def _print(show: Callable[[Console], None], options: argparse.Namespace) -> None:
    if options.format:
        print_tables(show, options.format)
    else:
        show(console())


def _box(options: argparse.Namespace, machine: Machine) -> Box:
    return Box(hardware=machine.hardware, connections=options.connections, version=options.postgres)


def _machine(options: argparse.Namespace) -> Machine:
    """Take the box named, the machine described, else this one; of one described nobody knows its huge pages."""
    if options.host is not None:
        return _machine_of(options.host)
    if options.hardware is not None:
        return Machine(parse_hardware(options.hardware))
    return this_machine(options.data_dir or default_data_dir())


def _machine_of(host: str) -> Machine:
    """Ask a provisioned box, by its name in the inventory or its address."""
    if not host:
        raise UsageError(tr("--host takes the name or the address of a box, not ''."))
    from bench.remote.hosts import answered, ask_ansible
    from bench.remote.link import Link
    from bench.remote.secrets import Secrets
    from bench.remote.steps import look
    from bench.remote.where import target

    found = answered(ask_ansible(target(host=host)))
    if len(found) != 1:
        raise UsageError(
            tr(
                "--host takes one box; these are {count}: {names}.",
                count=len(found),
                names=", ".join(each.name for each in found),
            )
        )
    link = Link(found[0], Secrets())
    try:
        return from_json(look(link), BoxState, f"{host}: pgladder box").machine
    finally:
        link.give_up()


def _where(options: argparse.Namespace, machine: Machine) -> str:
    if options.hardware:
        return str(machine.hardware)
    return f"{options.host or tr('this machine')} ({machine.hardware})"


def add_variants(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(action=list_variants)
    add_for_programs(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    one = commands.add_parser("show", help=tr("explain every setting of a variant"), allow_abbrev=False)
    one.add_argument("name", metavar="NAME")
    one.add_argument(
        "--text", action="store_true", help=tr("as a run puts it in force, what its harness sets left out")
    )
    one.set_defaults(action=show)
    two = commands.add_parser("diff", help=tr("tell in what two variants differ in effect"), allow_abbrev=False)
    two.add_argument("a", metavar="A")
    two.add_argument("b", metavar="B")
    two.set_defaults(action=diff)
    for each in (one, two):
        add_for_programs(each)
        of = each.add_mutually_exclusive_group()
        of.add_argument(
            "--hardware", metavar="H", help=tr("ram_mb=16384,cores=4,disk=nvme,disk_gb=500; default: this machine")
        )
        of.add_argument(
            "--host", metavar="H", help=tr("a provisioned box, by its name in the inventory or its address")
        )
        of.add_argument("--data-dir", type=Path, metavar="DIR", help=tr("this machine's disk for the data"))
        each.add_argument("--connections", type=typed(number(int)), metavar="N", help=tr("default: the tool's own"))
        each.add_argument(
            "--postgres", type=typed(major), metavar="N", help=tr("its major; default: {major}", major=REFERENCE)
        )
