"""The plan for a box, from what was asked and what the box says of itself. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.box.state import BoxState
from bench.constraints.constraint import Place, constraints
from bench.engines.postgresql.render import as_variant, pick_variants
from bench.engines.postgresql.variants import ALL, harness_for
from bench.model.errors import HostError, UsageError
from bench.model.language import later, tr
from bench.model.names import pick
from bench.model.plan import Plan
from bench.model.values import NAME
from bench.plan.client_boxes import ANOTHER, check_there
from bench.plan.design import Design
from bench.plan.estimate import estimate
from bench.plan.experiments import with_experiments
from bench.plan.options import OPTIONS
from bench.plan.pieces import files_by_kind
from bench.plan.remaining import to_come
from bench.plan.replicas import check_standby
from bench.plan.with_variants import check_foreign, plan_with
from bench.probes.probe import probe_files
from bench.seams import refuse_on_boxes, users
from bench.targets.connections import connections_of
from bench.workload.memory import THIS_BOX, check_memory
from bench.workload.phase import ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all boxes are asked: one wish, one run, one seed."""

    design: Design
    run: str
    created: str
    seed: int


WHAT = [option.name for option in OPTIONS if option.name not in ("seed", "margin", "until_decided")]
"""The options that say what a plan is."""

PRIVATE = later("pgladder run --data-dir DIR, on the box itself, makes one")
"""What makes a private server with a standby."""


def check_name(run: str) -> str:
    """Return a run's name, or none.

    Raises:
        UsageError: it would not do as one.

    """
    if run and not NAME.fullmatch(run):
        raise UsageError(tr("{run!r} can't be a run's name: letters, digits, '.', '_' and '-'.", run=run[:80]))
    return run


def known(design: Design) -> Design:
    """Return a wish whose phases, layouts and variants there are, before any box is asked.

    Raises:
        UsageError: one is unknown, and the nearest is named; or it is the user's own.

    """
    asked = {
        "phase": design.phases,
        "driver": design.drivers,
        "load model": [],
        "layout": design.layouts,
        "engine": [design.engine],
    }
    if load := design.overrides.get("load"):
        asked["load model"] = [str(load)]
    for kind, files in files_by_kind().items():
        if asked[kind]:
            chosen = pick(kind, asked[kind], files)
            refuse_on_boxes(users(files[name] for name in chosen))
    refuse_on_boxes(users(probe_files().values()))
    if design.explains:
        refuse_on_boxes(users(constraints().files.values()))
    if list(design.variants) != [ALL]:
        pick_variants(design.variants)
    return design


def check_same(there: object, here: str) -> None:
    """Refuse a box that runs another pgladder.

    Raises:
        HostError: says both.

    """
    if not there:
        raise HostError(tr("it runs a pgladder of another age, here is {here}: make provision", here=here))
    if there != here:
        raise HostError(tr("it runs pgladder {there}, here is {here}: make provision", there=there, here=here))


def as_asked(there: Plan, state: BoxState, asked: Asked) -> bool:
    """Return whether the plan of a run that is there is what is asked for now, but for its seed."""
    return replace(plan_for(state, replace(asked, seed=there.seed)), created=there.created) == there


def check_idle(state: BoxState, run: str) -> None:
    """Refuse a box with another run that has not ended.

    Raises:
        HostError: says which, and what to do.

    """
    known = {each.run: each.course for each in state.runs}
    if known.get(run) in {"running", "finished"}:
        return
    for other in state.runs:
        if other.run != run and other.course in {"running", "waiting"}:
            wait = tr("go on with it: make ladder RUN={run}", run=other.run)
            if other.course == "running":
                wait = tr("wait for it")
            raise HostError(
                tr(
                    "run {run} has not ended there ({recorded} of {planned} trials are recorded); {wait}, or: make"
                    " cancel RUN={run}",
                    run=other.run,
                    recorded=other.recorded,
                    planned=other.planned,
                    wait=other.detail or wait,
                )
            )
    if state.holder:
        raise HostError(tr("a run is under way there: {holder}; wait for it, or end it there", holder=state.holder))


def plan_for(state: BoxState, asked: Asked) -> Plan:
    """Render the plan for a box.

    Raises:
        UsageError: something asked for is unknown.
        HostError: this box has not the room or the connections for it.

    """
    check_own(state)
    design = asked.design
    need = connections_of(design)
    versions = list(design.versions) or [state.postgresql]
    of_cluster = versions == [state.postgresql]
    _check_installed(state, versions)
    if of_cluster:
        _check_connections(state, need)
    harness = as_variant("harness", state.harness)
    if not of_cluster:  # private servers, of which each version has one
        harness = harness_for(need, tls="tls" in design.transports)
    design = replace(design, versions=versions)
    plan = plan_with(design, state.machine, need, harness, run=asked.run, created=asked.created, seed=asked.seed)
    if of_cluster:
        check_standby(plan, state.standby, tr(PRIVATE))
    check_there(plan, state.client_boxes if of_cluster else (), tr(ANOTHER))
    if design.explains:
        plan = with_experiments(plan, Place(managed=True), design.constraints)
    _check_engines(state, plan)
    _check_room(state, plan)
    return plan


def _check_connections(state: BoxState, need: int) -> None:
    if need > state.max_connections:
        raise HostError(
            tr(
                "the plan needs {need} connections and its cluster allows {allowed}; raise postgresql_max_connections"
                " and provision, or ask for other phases",
                need=need,
                allowed=state.max_connections,
            )
        )


def check_own(state: BoxState) -> None:
    """Refuse a standby.

    Raises:
        HostError: names its primary.

    """
    if state.replica_of:
        raise HostError(
            tr("its cluster was made as a standby of {primary}: measure that box", primary=state.replica_of)
        )


def _check_installed(state: BoxState, versions: Sequence[str]) -> None:
    """Refuse majors that a box does not have.

    Raises:
        HostError: names the first, and what is there.

    """
    there = {state.postgresql, *state.installed}
    for version in versions:
        if version not in there:
            raise HostError(
                tr(
                    "PostgreSQL {version} is not installed there; it has {there}: name it in"
                    " postgresql_other_versions, with postgresql_source: pgdg, then make provision",
                    version=version,
                    there=tr(" and ").join(sorted(there)),
                )
            )


def _check_engines(state: BoxState, plan: Plan) -> None:
    """Refuse trials on an engine that a box does not have.

    Raises:
        HostError: names what brings it.

    """
    for engine in plan.engines_beside:
        if why := state.lacking.get(engine):
            raise HostError(why)


def check_reproducible(state: BoxState, plan: Plan) -> None:
    """Refuse a box that can't carry out the plan of an earlier run as it was.

    Raises:
        HostError: its cluster is another by now, or it has not the room.
        UsageError: the plan has settings that are carried out for nobody else.

    """
    check_own(state)
    _check_installed(state, plan.versions)
    _check_engines(state, plan)
    of_cluster = plan.versions in ([], [state.postgresql])
    if of_cluster and plan.harness.text != state.harness:
        raise HostError(
            tr(
                "its cluster is not the one that run was planned for: what the harness sets there differs;"
                " provision it as it was, or launch a new run"
            )
        )
    if of_cluster:
        check_standby(plan, state.standby, tr(PRIVATE))
    check_there(plan, state.client_boxes if of_cluster else (), tr(ANOTHER))
    check_foreign(plan, lambda: state.machine)
    refuse_on_boxes(plan.pieces)
    _check_room(state, plan)


def _check_room(state: BoxState, plan: Plan) -> None:
    """Refuse clients that take too much memory, and what leaves no arm; one whose WAL is too much the box refuses."""
    # Hardware counts memory in MiB.
    check_memory(plan.trials, ladder(), state.machine.hardware.ram_mb << 20, THIS_BOX)
    need = estimate(plan, to_come(plan, [])).least_disk_bytes
    if state.free_bytes < need:
        raise HostError(
            tr(
                "its disk has {free:.1f} GB free and the plan may need {need:.1f} GB; make room, or ask for shorter"
                " windows, fewer rows before, or slower phases",
                free=state.free_bytes / 1e9,
                need=need / 1e9,
            )
        )
