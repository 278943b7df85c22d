"""Cuts of the power on this machine: planned, carried out on a private server of our own, each recorded at once.

Never on a server that somebody brought, nor on a provisioned box's cluster: what is cut is made here, and goes with it.
Cuts of a whole box are ``box_cuts``'s; how a plan of cuts is made and carried out is the same.
"""

import os
import platform
import secrets
import shutil
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psycopg2
from rich.console import Console

from bench.agent.lock import one_run_at_a_time
from bench.engines.postgresql.binaries import build_of, find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.variants import Machine, harness_for, this_machine, variants_for
from bench.model.cuts import CutPlan, CutRecord, How, PlannedCut
from bench.model.errors import HostError, PgladderError, UsageError
from bench.model.language import tr
from bench.model.plain import one_line
from bench.model.signals import stoppable, undisturbed
from bench.plan.request import words
from bench.power.cut import Made, carry_out, make
from bench.power.cuttable import check_fuse
from bench.power.powered import Powered
from bench.power.server import JUDGES, PoweredServer
from bench.probes.system_packages import how_to_install
from bench.report.command import command
from bench.report.numbers import duration
from bench.stats.blocks import block_orders
from bench.store.cut_directory import CutDirectory
from bench.store.files import nearest_existing
from bench.store.run_directory import now
from bench.targets.here import forget_environment, new_run_id, private_place
from bench.targets.next_step import resumed_cuts
from bench.targets.target import Request, Results

VARIANTS = ("stock", "async-commit", "no-fsync", "no-full-page-writes")
CUTS, KILLS, LOAD_S, WRITERS = 10, 1, 1.0, 8
BESIDE = 8
"""Connections beside the writers': checkpoints, the judge's, and PostgreSQL's own reserve."""
EXPECTED_S = 6
"""One cut, its load, recovery and checks, as it was on two cores of a virtual machine."""
OF_MACHINE_S = 60
"""One cut of a whole box that boots within half a minute."""
MAKING_S = 4
"""One server, as it was there."""
ROOM_BYTES, CLUSTER_BYTES = 1 << 30, 64 << 20
"""The copy that is cut, with the WAL of one load; and each cluster that is kept to be copied."""
DECIDES = ("variants", "layouts", "cuts", "torn", "kills", "seed", "postgres", "out")
"""What the plan of a run that is resumed says."""
ServerFor = Callable[[str, str], tuple[Powered, Made]]
"""By the names of variant and layout; with what it promises."""


def measure(given: Mapping[str, Any], out: Console) -> Results:
    """Cut the power as often as is asked for.

    Args:
        given: what was typed, by the name of its option.
        out: told how it goes.

    Raises:
        NothingDoneError: it can't be done here, or is not to be.
        PgladderError: it came to no end; says how to go on.

    """
    _check(given)
    with one_run_at_a_time(), stoppable():
        forget_environment()
        check_fuse()
        place = private_place(Request(given=given))
        if "resume" in given:
            directory = CutDirectory(given["resume"])
            plan = directory.plan()
            programs = _programs(given, plan.version)
            _end_left(place, programs, out)
            _check_room(place, plan)
        else:
            programs = _programs(given, given.get("postgres"))
            _end_left(place, programs, out)
            plan = _new_plan(given, place, build_of(programs).major)
            _check_room(place, plan)
            directory = CutDirectory(given.get("out") or Path("results") / plan.run / plan.host)
            directory.begin(plan)
        go_on = command("durability", resumed_cuts(directory.path, given), "pgladder")
        carry_out_plan(plan, directory, _servers(plan, place, programs, out), go_on, out)
        out.print(f"{tr('Results: {place}', place=directory.path)}\n", soft_wrap=True)
    return Results(directories=(directory.path,), hosts={plan.host: directory.path})


def _check(given: Mapping[str, Any]) -> None:
    """Refuse what is no private server of ours, and what a plan that is there decides."""
    if platform.system() != "Linux":
        raise HostError(
            tr("pgladder cuts the power of servers on Linux, and this is {platform}.", platform=platform.system())
        )
    for name, whose in (("dsn", tr("a server that somebody brings")), ("on", tr("a target of your own"))):
        if name in given:
            raise UsageError(
                tr(
                    "A cut destroys data: pgladder cuts the power of a private server that it makes for that, and"
                    " never of {whose}. Leave out --{name}.",
                    whose=whose,
                    name=name,
                )
            )
    if "resume" in given and (decided := [name for name in DECIDES if name in given]):
        raise UsageError(
            tr("--resume decides what is cut: leave out --{decided}, or make a new run.", decided=decided[0])
        )
    if "resume" in given:
        _check_here(CutDirectory(given["resume"]).plan())


def _check_here(plan: CutPlan) -> None:
    """Refuse cuts of a whole box: here a server would be killed, and a cut of its machine recorded."""
    if plan.machine:
        raise UsageError(
            tr(
                "{run} cuts the power of a box, {host}. It goes on with: make durability HOST=... RUN={run}, and"
                " POWER_COMMAND= or BY_HAND=1.",
                run=plan.run,
                host=plan.host,
            )
        )


def _check_room(place: Path, plan: CutPlan) -> None:
    free = shutil.disk_usage(nearest_existing(place)).free
    needed = ROOM_BYTES + CLUSTER_BYTES * len(plan.variants) * len(plan.layouts)
    if free < needed:
        raise HostError(
            tr(
                "{place} has {free:.1f} GB free, and cuts need {room_bytes:.1f} GB: make room, or name another"
                " --data-dir.",
                place=place,
                free=free / 1000000000.0,
                room_bytes=needed / 1000000000.0,
            )
        )


def _programs(given: Mapping[str, Any], version: str | None) -> Path:
    """Return where PostgreSQL's programs are, with those that judge.

    Raises:
        HostError: some are missing; says what to install.

    """
    programs = find_binaries(version or "", list(map(Path, given.get("bin_dir") or ())))
    for name in JUDGES:
        if not (programs / name).is_file():
            raise HostError(
                tr(
                    "{name}, which judges what a cut leaves, is not in {programs}: {how_to_install}.",
                    name=name,
                    programs=programs,
                    how_to_install=how_to_install("server"),
                )
            )
    return programs


# --- the plan --------------------------------------------------------------------------------------------------------


def _new_plan(given: Mapping[str, Any], place: Path, version: str) -> CutPlan:
    usual = 0 if "torn" in given else CUTS
    return new_plan(
        given,
        this_machine(nearest_existing(place)),
        version,
        run=new_run_id(),
        host=socket.gethostname(),
        counts={"power": given.get("cuts", usual), "torn": given.get("torn", 0), "kill": given.get("kills", KILLS)},
    )


def new_plan(
    given: Mapping[str, Any],
    machine: Machine,
    version: str,
    *,
    run: str,
    host: str,
    counts: Mapping[How, int],
    usual: Collection[str] = VARIANTS,
) -> CutPlan:
    """Return the plan of what was typed.

    Args:
        given: what was typed, by the name of its option.
        machine: for which variants are rendered.
        version: PostgreSQL's major.
        run: its name.
        host: whose power is cut, or where the server is.
        counts: cuts by kind; of others none.
        usual: variants that are cut where none are named.

    Raises:
        NothingDoneError: a variant can't be rendered there, or there is nothing to cut.

    """
    need = WRITERS + BESIDE
    harness = harness_for(need, tls=False)
    names = words(given.get("variants")) or list(usual)
    variants = variants_for(names, machine, need, harness, version)
    for variant in variants.values():
        if variant.refused:
            raise HostError(tr("Variant {name}: {why}", name=variant.name, why=variant.refused))
    seed = given.get("seed")
    plan = CutPlan(
        run=run,
        created=now(),
        host=host,
        seed=secrets.randbelow(1 << 31) if seed is None else seed,
        version=version,
        harness=harness,
        variants=list(variants.values()),
        layouts=[table_layout(name).name for name in words(given.get("layouts")) or ["plain"]],
        power=counts.get("power", 0),
        torn=counts.get("torn", 0),
        machine=counts.get("machine", 0),
        kill=counts.get("kill", 0),
        load_s=LOAD_S,
        writers=WRITERS,
    )
    if not any(_counts(plan).values()):
        raise UsageError(tr("There is nothing to cut: say how often with --cuts, --torn or --kills."))
    return plan


def _counts(plan: CutPlan) -> Mapping[How, int]:
    return {"power": plan.power, "torn": plan.torn, "machine": plan.machine, "kill": plan.kill}


def planned(plan: CutPlan) -> Iterator[PlannedCut]:
    """Return the cuts of a plan in order: one of each variant and layout, in random order, then the next of each."""
    things = [(variant.name, layout) for variant in plan.variants for layout in plan.layouts]
    for how, times in _counts(plan).items():
        # A machine that becomes slower does so for all of them, as in the blocks of trials.
        orders = block_orders(things, times, Random(f"{plan.seed} {how}"))
        for number, order in enumerate(orders, 1):
            for variant, layout in order:
                seed = Random(f"{plan.seed} {variant} {layout} {how} {number}").getrandbits(31)
                yield PlannedCut(variant=variant, layout=layout, how=how, number=number, seed=seed)


# --- what is done ----------------------------------------------------------------------------------------------------


def carry_out_plan(
    plan: CutPlan, directory: CutDirectory, servers: AbstractContextManager[ServerFor], go_on: str, out: Console
) -> None:
    """Carry out the cuts of a plan that are not recorded yet, and record each.

    Args:
        plan: of the run.
        directory: its files.
        servers: holds them meanwhile.
        go_on: the command that resumes it.
        out: told how it goes.

    Raises:
        PgladderError: it came to no end; says how to go on.

    """
    left = left_of(plan, directory)
    _announce(plan, left, len(list(planned(plan))), out)
    now_at = ""
    try:
        with servers as server_for:
            for cut in left:
                now_at = tr("{name} on {layout}", name=cut.variant, layout=cut.layout)
                server, made = server_for(cut.variant, cut.layout)
                now_at = f"{now_at}, {cut.how} {cut.number}"
                record = carry_out(server, plan, cut, made)
                directory.append(record)
                out.print(f"{now_at}: {_result(record)}", soft_wrap=True)
    except (KeyboardInterrupt, PgladderError, psycopg2.Error) as error:
        recorded = len(directory.records())
        why = tr("Stopped") if isinstance(error, KeyboardInterrupt) else f"{now_at}: {one_line(str(error))}"
        raise PgladderError(
            tr(
                "{why}; {recorded} cuts are recorded. Go on with: {command}",
                why=why,
                recorded=recorded,
                command=go_on,
            )
        ) from error


def left_of(plan: CutPlan, directory: CutDirectory) -> Sequence[PlannedCut]:
    """Return the cuts that are not recorded yet, in order."""
    done = {record.cut for record in directory.records()}
    return [cut for cut in planned(plan) if cut not in done]


def expected_s(left: Collection[PlannedCut]) -> float:
    """Return how many seconds these cuts take, servers to be made for them included."""
    servers = {(cut.variant, cut.layout) for cut in left}
    cuts = [OF_MACHINE_S if cut.how == "machine" else EXPECTED_S for cut in left]
    return sum(cuts) + MAKING_S * len(servers)


def _announce(plan: CutPlan, left: Collection[PlannedCut], of: int, out: Console) -> None:
    time = duration(expected_s(left))
    out.print(tr("Run {run}: {left} of {of} cuts, about {time}.", run=plan.run, left=len(left), of=of, time=time))


@contextmanager
def _servers(plan: CutPlan, place: Path, programs: Path, out: Console) -> Iterator[ServerFor]:
    """Hold a server for each variant and layout, made when it is first asked for: then turns cost nothing.

    Nothing of them is left afterwards, whatever is pressed meanwhile.
    """
    servers, numbers = ExitStack(), count()
    variants = {variant.name: variant for variant in plan.variants}

    @cache
    def server_for(name: str, layout: str) -> tuple[Powered, Made]:
        what = tr("{name} on {layout}", name=name, layout=layout)
        out.print(tr("{what}: making a server", what=what), soft_wrap=True)
        server = PoweredServer(place / str(next(numbers)), programs)
        servers.callback(server.close)
        return server, make(server, plan, variants[name], table_layout(layout))

    try:
        yield server_for
    finally:
        with undisturbed():
            servers.close()


def _end_left(place: Path, programs: Path, out: Console) -> None:
    """End and remove servers that a run which was killed left there; what is not ours stays.

    Raises:
        HostError: another run uses one.
        ServerError: something does not end, or can't be removed.

    """
    for home in sorted(place.glob("[0-9]*")):
        if not home.name.isdecimal() or not os.path.lexists(home / "server"):
            continue
        try:
            server = PoweredServer(home, programs)
        except UsageError:
            # It was not made by us. Where its place is needed, that is said then.
            continue
        with closing(server):
            server.end_left()
        out.print(tr("{path}: ended and removed what a run that was killed had left", path=home), soft_wrap=True)


def _result(record: CutRecord) -> str:
    """Say in a few words what came of a cut."""
    parts = [tr("{rows:,} rows acknowledged", rows=record.acknowledged)]
    if record.did_not_start is not None:
        return "; ".join([*parts, record.did_not_start])
    if record.rows_lost is not None:
        parts.append(tr("{rows:,} lost", rows=record.rows_lost))
    return "; ".join([*parts, *record.corrupt])
