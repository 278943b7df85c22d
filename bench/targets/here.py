"""A plan on this machine: the server found or made, the plan laid out, checked and carried out.

Joins ``plan``, ``engines`` and ``agent``; each of them knows only its own part. ``bench.targets.watched`` is the
target, and lets people look on.
"""

import os
import platform
import pwd
import secrets
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bench import seams
from bench.agent.gate import wait_at_gate
from bench.agent.lock import one_run_at_a_time
from bench.analysis.listing import first_few
from bench.constraints.constraint import Place
from bench.engines.engine import ClusterServer, Engine, ExternalServer, ManagedServer, Server, engines
from bench.engines.postgresql.admitted import admitted
from bench.engines.postgresql.dsn import in_a_sentence
from bench.engines.postgresql.external import REFUSED
from bench.engines.postgresql.majors import REFERENCE
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.provisioned import made_for_cluster
from bench.engines.postgresql.render import AS_FOUND, as_variant
from bench.engines.postgresql.session import ServerError, VariantError
from bench.engines.postgresql.variants import Machine, check_harness, harness_for, this_machine
from bench.engines.several import SeveralVersions
from bench.model.box import Provisioned, provisioned
from bench.model.codec import decoded, from_json, unknown_field
from bench.model.errors import DataError, HostError, NothingDoneError, PgladderError, UsageError
from bench.model.fingerprint import Fact, Fingerprint
from bench.model.fingerprint_diff import differences
from bench.model.language import later, tr
from bench.model.names import pick
from bench.model.plan import POSTGRESQL, Plan, Trial, Variant
from bench.model.signals import stoppable, undisturbed
from bench.plan.check import check_plan
from bench.plan.client_boxes import most_wanted
from bench.plan.design import make_plan
from bench.plan.estimate import (
    MOST_CONNECTIONS,
    RESERVED_CONNECTIONS,
    Estimate,
    connections_needed,
    connections_opened,
    estimate,
    opened_each,
)
from bench.plan.experiments import with_experiments
from bench.plan.options import OPTIONS
from bench.plan.pieces import target_pieces
from bench.plan.remaining import remaining, to_come
from bench.plan.replicas import check_private, check_standby
from bench.plan.request import make_design, versions, words
from bench.plan.with_variants import check_foreign, plan_with
from bench.store.files import nearest_existing
from bench.store.run_directory import RunDirectory, now
from bench.targets.client_boxes import kept, ready_client_boxes
from bench.targets.connections import connections_of
from bench.targets.external import check_connections, check_kept, what_fits
from bench.targets.target import Request
from bench.workload.driver import check_programs
from bench.workload.memory import check_files, check_memory, check_sessions, memory_left
from bench.workload.phase import ladder

if TYPE_CHECKING:
    from bench.agent.run import Listener

UNMEASURED = later("The server can't be measured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan that this machine can carry out, and what it will take."""

    plan: Plan
    directory: RunDirectory
    estimate: Estimate
    left: int
    """Trials still to run, at most."""
    limits: Sequence[str]
    """What can't be controlled or observed on an external server."""
    left_out: Sequence[str] = ()
    """What was asked for and does not fit such a server, in a sentence each."""
    elsewhere: str | None = None
    """The name of the machine that the server runs on, where that is not this one."""
    beside: Mapping[str, ManagedServer] = field(default_factory=dict)
    """Servers of the other engines that its trials are measured on, by name."""


def default_data_dir() -> Path:
    """Return where the throwaway server lives: on the disk that holds our state, as /tmp may be memory."""
    if os.geteuid() == 0:
        return Path("/var/lib/pgladder")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "pgladder"


def new_run_id() -> str:
    """Return an identifier that sorts by time and is not given twice."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def check_options(request: Request) -> None:
    """Refuse options that contradict each other.

    Raises:
        HostError: this is no Linux.
        UsageError: something is asked for that a plan or somebody else's server decides.

    """
    if platform.system() != "Linux":
        raise HostError(
            tr(
                "pgladder measures on Linux, and this is {platform}: from here measure a box (make ladder"
                " HOST=address), or look at results that were pulled.",
                platform=platform.system(),
            )
        )
    given = request.given
    if "resume" in given:
        # A run goes on in its own directory; a plan may be carried out into another.
        _check_decided("resume", given, more=("out",))
    if "plan" in given:
        _check_decided("plan", given)
    if "dsn" in given and words(given.get("variants")) not in ([], [AS_FOUND]):
        raise UsageError(
            tr(
                "A server of --dsn is measured as it is: its configuration is its owner's, and may need a"
                " restart. Leave out --variants; without --dsn they are compared on a private server, or on a"
                " provisioned box."
            )
        )


def _check_decided(decides: str, given: Mapping[str, Any], more: Sequence[str] = ()) -> None:
    """Refuse options that something else decides; raises as ``check_options``."""
    refused = {*more, *(option.name for option in OPTIONS)}
    for name in given:
        if name in refused:
            raise UsageError(
                tr(
                    "--{decides} decides what is measured: leave out --{option}, or make a new run.",
                    decides=decides,
                    option=name.replace("_", "-"),
                )
            )


def nothing_left_of(request: Request) -> RunDirectory | None:
    """Return the run that is to be resumed and came to its end, sealed where it was cut off before that; None: another.

    Raises:
        DataError: a file of it is not what was recorded.

    """
    if "resume" not in request.given:
        return None
    directory = RunDirectory(request.given["resume"])
    sealed = directory.check_sums()
    if remaining(directory.plan(), directory.records(), directory.suspects()):
        return None
    if not sealed:
        directory.finish()
    return directory


@contextmanager
def prepared(request: Request, report: Callable[[str], None]) -> Iterator[tuple[Prepared, Server]]:
    """Hold the box's lock, its client boxes, and a server ready to be started; nothing of it is left afterwards.

    Args:
        request: what is asked for.
        report: hears what is waited for.

    Raises:
        NothingDoneError: the request can't be met.

    """
    refused = tr(REFUSED if "dsn" in request.given else UNMEASURED)
    with one_run_at_a_time(), stoppable(), in_a_sentence(HostError, refused):
        given, directory = _given_plan(request)
        resumed = directory is not None
        run = given.run if given else new_run_id()
        engine = _engine(given, request)
        # Before the environment is forgotten: the user's PGPASSFILE and the like lead to the external server.
        external = None
        if "dsn" in request.given:
            external = engine.external(request.given["dsn"], run)
        forget_environment()
        box = _box_to_measure(request, given)
        cluster = engine.provisioned(box.cluster) if box else None
        programs = {} if external or cluster else _programs(request, given, engine)
        there = [server.version for server in (external, cluster) if server] or list(programs)
        _check_versions(request, given, there)
        plan = given or _new_plan(request, run, external, cluster, there)
        request.check_plan(plan)
        check_programs(trial.driver for trial in plan.trials)
        _check_standby(plan, external, box)
        began = directory is not None and directory.host() is not None
        client_boxes = ready_client_boxes(plan, box, report, resumed=began)
        limits, left_out, elsewhere = _of_external(external)
        if external:
            check_kept(plan, external)
        elif AS_FOUND in {variant.name for variant in plan.variants}:
            raise UsageError(tr("Plan {run} was made for a server you bring; give its --dsn.", run=plan.run))
        elif given:
            check_foreign(plan, lambda: _machine(request, cluster))
        directory = directory or RunDirectory(request.option("out") or _place_of_results(run, box, elsewhere))
        records = directory.records()
        left = to_come(plan, records, directory.suspects())
        ready = Prepared(
            plan=plan,
            directory=directory,
            estimate=estimate(plan, left, records),
            left=len(left),
            limits=limits,
            left_out=left_out,
            elsewhere=elsewhere,
        )
        check_memory(left, ladder(), *memory_left())
        _check_sessions(plan, own=not external, private=not external and not cluster)
        _check_room(request, ready, external or cluster)
        server = _checked(plan, external, cluster) or _private(request, plan, engine, programs)
        _make_ahead(server, directory)
        with _closed_after(server):
            if external:
                external.begin(plan, resumed=resumed)
            # What an earlier part of a run recorded is never withdrawn.
            with (
                _beside(plan, server, request) as beside,
                kept(box, client_boxes, report),
                nullcontext() if resumed else _begun(directory, plan),
            ):
                yield replace(ready, beside=beside), server


def _checked(plan: Plan, external: ExternalServer | None, cluster: ClusterServer | None) -> Server | None:
    """Return the server that is there and has the room for a plan; None: a private one is to be made."""
    if external:
        check_connections(plan, external)
    elif cluster:
        needed = connections_needed(trial.parameters for trial in plan.trials)
        cluster.check_plan(plan, needed + RESERVED_CONNECTIONS)
    return external or cluster


def _check_standby(plan: Plan, external: ExternalServer | None, box: Provisioned | None) -> None:
    """Refuse a plan that says otherwise than the server whether a standby follows it; raises as ``check_standby``."""
    if external:
        check_private(plan, tr("leave out --dsn"))
    elif box:
        check_standby(plan, admitted(box.cluster), tr("--data-dir names a disk for a private one"))


@contextmanager
def _beside(plan: Plan, own: Server, request: Request) -> Iterator[Mapping[str, ManagedServer]]:
    """Hold a server for each other engine that trials of a plan are measured on; raises as ``Engine.beside``."""
    with ExitStack() as stack:
        servers = {}
        for name in plan.engines_beside:
            servers[name] = engines()[name].beside(own, private_place(request) / name)
            stack.enter_context(_closed_after(servers[name]))
        yield servers


def _make_ahead(server: Server, directory: RunDirectory) -> None:
    """Have a private server's cluster made beside all else that comes before it is needed.

    Not at a gate: others of this machine may be measuring. Of several versions each is made when it is first needed.
    """
    if isinstance(server, PrivateServer) and directory.gate() is None:
        server.make_ahead()


def _of_external(external: ExternalServer | None) -> tuple[Sequence[str], Sequence[str], str | None]:
    """Return the limits of a server that is given, what of a request does not fit it, and the name of its machine."""
    if external is None:
        return (), (), None
    return external.limits, external.left_out, external.elsewhere


@contextmanager
def _begun(directory: RunDirectory, plan: Plan) -> Iterator[None]:
    """Keep what is recorded; of a run that is refused before its first trial nothing stays."""
    directory.begin(plan)
    try:
        yield
    except NothingDoneError:
        directory.withdraw()
        raise


@contextmanager
def _closed_after(server: Server) -> Iterator[None]:
    """Close the server at the end; what went wrong before is not forgotten for what goes wrong then."""
    try:
        yield
    except PgladderError as first:
        try:
            _close(server)
        except PgladderError as second:
            raise PgladderError(tr("{first} (and at the end: {second})", first=first, second=second)) from first
        raise
    except BaseException:
        _close(server)
        raise
    _close(server)


def _close(server: Server) -> None:
    """Close a server of ours whatever is pressed meanwhile; somebody else's may keep us waiting, which Ctrl-C ends."""
    with undisturbed() if server.exclusive else nullcontext():
        server.close()


def carry_out(ready: Prepared, server: Server, listener: "Listener") -> bool:
    """Start the server, take the fingerprint, run the trials; return whether the plan came to its end."""
    # Late: while a cluster is made.
    from bench.agent.fingerprint import take_fingerprint
    from bench.agent.run import execute

    plan, directory = ready.plan, ready.directory
    left = remaining(plan, directory.records(), directory.suspects())
    if left and not wait_at_gate(directory, left[0][0].block, listener.report):
        # Before the server is touched: others of this machine may be measuring.
        return False
    variant = plan.variants[0]
    of_versions: dict[str, Mapping[str, Fact]] = {}
    if isinstance(server, ManagedServer):
        listener.report(tr("starting {what}", what=server.what))
        server.create(plan.harness, tls=_by_tls(plan.trials))
    of_engines = dict(_create_beside(ready, listener))
    if isinstance(server, ManagedServer):
        _check_variants(ready, server, listener)
        if isinstance(server, SeveralVersions):
            of_versions = dict(server.facts(_of_postgresql(plan.variants)))
        variant = _start(_of_postgresql(plan.variants), server)
    listener.report(tr("reading what this machine is"))
    name = ready.elsewhere or socket.gethostname()
    host = take_fingerprint(
        plan.run,
        name,
        variant.name,
        server,
        ready.limits,
        of_versions,
        of_engines,
        client_boxes=most_wanted(plan),
    )
    _keep_host(directory, host)
    with in_a_sentence(ServerError, tr("The run ends here")):
        return execute(plan, directory, server, listener, ready.beside)


def _keep_host(directory: RunDirectory, host: Fingerprint) -> None:
    """Write down on which box a run began.

    Raises:
        HostError: it began on another one; says by what that is known.

    """
    before = directory.host()
    if before is None:
        directory.write_host(host)
        return
    changed = differences(before, host)
    if not changed:
        return
    raise HostError(
        tr(
            "Run {run} can't go on: this is not the box it began on ({named}). Start a new run.",
            run=host.run,
            named=first_few(changed),
        )
    )


def _by_tls(trials: Iterable[Trial]) -> bool:
    return any(trial.transport == "tls" for trial in trials)


def _of_postgresql(variants: Iterable[Variant]) -> list[Variant]:
    return [variant for variant in variants if variant.engine is None]


def _create_beside(ready: Prepared, listener: "Listener") -> Iterator[tuple[str, Mapping[str, Fact]]]:
    """Make the servers of other engines, start each and stop it again; yield what each is, by engine."""
    plan = ready.plan
    arms = plan.variants_by_arm
    for engine, server in ready.beside.items():
        listener.report(tr("starting {what}", what=server.what))
        trials = [trial for trial in plan.trials if trial.engine == engine]
        server.create(plan.harness, tls=_by_tls(trials))
        _start(list(dict.fromkeys(arms[plan.arm_of(trial)] for trial in trials)), server)
        with closing(server.session()) as session:
            facts = session.facts()
        facts.pop("settings", None)  # of a variant, which is no more than the first that it takes
        yield engine, {**facts, **server.built}
        server.stop()


def _engine(given: Plan | None, request: Request) -> Engine:
    """Return the engine that the plan, or else the user, asks for."""
    asked = request.option("engine") or POSTGRESQL
    if given:
        asked = given.engine
    [name] = pick("engine", [asked], engines())
    return engines()[name]


def _box_to_measure(request: Request, given: Plan | None) -> Provisioned | None:
    """Return the provisioned box we are on, unless a server of another kind is asked for, or a run began on one."""
    if request.option("dsn") or request.option("data_dir") or request.option("bin_dir"):
        return None
    if request.option("resume") and given and not made_for_cluster(given):
        return None
    return provisioned()


def _place_of_results(run: str, box: Provisioned | None, elsewhere: str | None = None) -> Path:
    if box:
        return box.runs / run
    return Path("results") / run / (elsewhere or socket.gethostname())


def _programs(request: Request, given: Plan | None, engine: Engine) -> Mapping[str, Path]:
    """Return, by version, the programs of the private servers of a plan, or of a request."""
    # A plan that names none is of an earlier release, which measured one major.
    asked = (given.versions or [REFERENCE]) if given else versions(request.given)
    return engine.programs(asked, list(map(Path, request.option("bin_dir") or ())))


def _check_versions(request: Request, given: Plan | None, there: Sequence[str]) -> None:
    """Refuse a plan, or versions asked for, that the server which is there is not of.

    Raises:
        UsageError: says which it is.

    """
    asked = given.versions if given else versions(request.given)
    if asked and asked != there:
        what = tr("Plan {run}", run=given.run) if given else tr("What is asked for")
        instead = tr("give another --dsn")
        if "dsn" not in request.given:
            instead = tr("private servers of what is installed are measured on a disk that you name by --data-dir")
        raise UsageError(
            tr(
                "{what} is for PostgreSQL {asked}, and the server is {there}; {instead}.",
                what=what,
                asked=tr(" and ").join(asked),
                there=tr(" and ").join(there),
                instead=instead,
            )
        )


def _private(request: Request, plan: Plan, engine: Engine, programs: Mapping[str, Path]) -> ManagedServer:
    if made_for_cluster(plan):
        raise UsageError(
            tr(
                "Plan {run} was made for the cluster of a provisioned box: carry it out there, without"
                " --data-dir and --bin-dir, or make a new run.",
                run=plan.run,
            )
        )
    check_harness(plan)
    for name, directory in product(plan.engines_beside, programs.values()):
        if why := engines()[name].lacking(directory):
            raise HostError(why)
    place = private_place(request)
    if len(programs) == 1:
        [directory] = programs.values()
        return engine.private(place, directory)
    return SeveralVersions({version: engine.private(place / version, each) for version, each in programs.items()})


def _check_variants(ready: Prepared, server: ManagedServer, listener: "Listener") -> None:
    """Try every variant out, and say which is refused; its trials say so for themselves."""
    for variant in _of_postgresql(ready.plan.variants):
        try:
            server.check(variant, ready.estimate.disk_bytes_under.get(variant.name, 0))
        except VariantError as error:
            listener.report(tr("refused: {why}", why=error))


def _start(variants: Sequence[Variant], server: ManagedServer) -> Variant:
    """Start with the first of the variants that will do.

    Raises:
        ServerError: none will do; says of each why.

    """
    refused = []
    for variant in variants:
        try:
            server.apply(variant)
        except VariantError as error:
            refused.append(str(error))
        else:
            return variant
    raise ServerError(tr("No candidate is left: {refused}", refused="; ".join(refused)))


def forget_environment() -> None:
    """Let no PGHOSTADDR, PGOPTIONS or PGSERVICE lead agent or clients elsewhere than the record says (libpq, 34.15).

    What is started speaks English, in UTF-8: what PostgreSQL's programs, openssl, sudo and systemctl say is read.
    """
    forget_libpq()
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ.pop("LANGUAGE", None)


def forget_libpq() -> None:
    """Let no PGHOSTADDR, PGOPTIONS or PGSERVICE lead libpq elsewhere than it is told."""
    for name in list(os.environ):
        if name.startswith("PG") and name != seams.VARIABLE:
            del os.environ[name]


def _given_plan(request: Request) -> tuple[Plan | None, RunDirectory | None]:
    """Return the plan that is asked for as it is, and the directory of one that is resumed."""
    directory = None
    resumed, file = request.option("resume"), request.option("plan")
    if request.repeats:
        from bench.results.read import reproduced_plan

        plan = reproduced_plan(Path(request.repeats), new_run_id(), now())
    elif resumed:
        directory = RunDirectory(resumed)
        directory.check_sums()
        plan = directory.plan()
    elif file:
        plan = _read_plan(file)
    else:
        return None, None
    check_plan(plan, ladder())
    if target_pieces(plan.pieces) != request.pieces:
        named = ", ".join(target_pieces(plan.pieces)) or tr("no target of a user's")
        raise UsageError(
            tr("Plan {run} is carried out by {named}, as its file was then: say so by --on.", run=plan.run, named=named)
        )
    return plan, directory


def _read_plan(path: Path) -> Plan:
    """Read a plan that may have been written by hand."""
    if not path.is_file():
        raise UsageError(tr("There is no plan {path}.", path=path))
    text = path.read_bytes()
    plan = from_json(text, Plan, str(path))
    if where := unknown_field(decoded(text, Plan), msgspec.to_builtins(plan)):
        raise DataError(tr("{path} has a field that plans do not have: {where}.", path=path, where=where))
    return plan


def _new_plan(
    request: Request,
    run: str,
    external: ExternalServer | None,
    cluster: ClusterServer | None,
    there: Sequence[str],
) -> Plan:
    seed, created = request.option("seed"), now()
    if seed is None:
        seed = secrets.randbelow(1 << 31)
    variant, transport = "stock", "tcp"
    if external:
        variant, transport = AS_FOUND, external.transport
    design = make_design(request.given, variant=variant)
    design = replace(
        design,
        against_itself=request.against_itself,
        explains=request.explains,
        transports=design.transports or [transport],
        versions=there,
    )
    if external:
        design = what_fits(design, external)
        found = {AS_FOUND: as_variant(AS_FOUND, "", version=external.version)}
        plan = make_plan(design, ladder(), as_variant("harness", ""), found, run=run, created=created, seed=seed)
    else:
        need = connections_of(design)
        harness = cluster.harness if cluster else harness_for(need, tls="tls" in design.transports)
        plan = plan_with(design, _machine(request, cluster), need, harness, run=run, created=created, seed=seed)
    if design.explains:
        plan = with_experiments(
            plan, Place(managed=not external, local=not (external and external.elsewhere)), design.constraints
        )
    return replace(plan, pieces={**plan.pieces, **request.pieces})


def _machine(request: Request, cluster: ClusterServer | None) -> Machine:
    """Read what this machine is to variants: its disk is that of the server there is, or will be."""
    directory = cluster.data_directory() if cluster else private_place(request)
    there = nearest_existing(directory)
    if not shutil.disk_usage(there).total:
        raise UsageError(
            tr(
                "{directory} can't hold a server: {there} keeps no files; choose another --data-dir.",
                directory=directory,
                there=there,
            )
        )
    return this_machine(directory)


def private_place(request: Request) -> Path:
    """Return where a private server would be made: by the user of a provisioned box, on the disk of its cluster."""
    if given := request.option("data_dir"):
        place: Path = given
        return place
    box = provisioned()
    if box and pwd.getpwuid(os.geteuid()).pw_name == box.cluster.role:
        return box.cluster.private_directory
    return default_data_dir()


def _check_sessions(plan: Plan, *, own: bool, private: bool) -> None:
    """See that the server there will be, and this machine, bear the connections of a plan."""
    parameters = [trial.parameters for trial in plan.trials]
    needed = connections_needed(parameters) + RESERVED_CONNECTIONS
    if private and needed > MOST_CONNECTIONS:
        raise UsageError(
            tr(
                "The plan may open {needed:,} connections, and a private server takes {most_connections:,} at"
                " most (max_connections); ask for a smaller --pool-max or --processes.",
                needed=needed,
                most_connections=MOST_CONNECTIONS,
            )
        )
    check_files(max(max(opened_each(each), each.connections_beside) for each in parameters))
    if own:
        check_sessions(needed, max(map(connections_opened, parameters)), *memory_left())


def _check_room(request: Request, ready: Prepared, there: Server | None) -> None:
    """See that the disk of the server that is there, or will be made, holds the plan, if only one arm of it."""
    directory = there.data_directory() if there else private_place(request)
    if directory is None:
        # The server's ``limits`` say that its disk can't be seen.
        return
    directory = nearest_existing(directory)
    if not there and not (directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)):
        raise HostError(
            tr(
                "No server can be made in {directory}: we may not write there; choose another --data-dir.",
                directory=directory,
            )
        )
    free, need = shutil.disk_usage(directory).free, ready.estimate.least_disk_bytes
    if free < need:
        raise HostError(
            tr(
                "{directory} has {free:.1f} GB free and the plan may need {need:.1f} GB; make room, name"
                " another --data-dir, or ask for shorter windows, fewer --preload-rows or slower phases.",
                directory=directory,
                free=free / 1000000000.0,
                need=need / 1000000000.0,
            )
        )
