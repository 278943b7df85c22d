"""An external server (``--dsn``) as what is measured: what is left out for it, and what it can't be asked."""

from dataclasses import replace

from bench.constraints.constraint import OF_SESSIONS
from bench.engines.engine import ExternalServer
from bench.engines.postgresql.render import AS_FOUND, texts
from bench.model.endpoint import Endpoint
from bench.model.errors import HostError, UsageError
from bench.model.language import tr
from bench.model.plan import NULL, Plan
from bench.plan.ceiling import with_twice_the_clients
from bench.plan.design import Design
from bench.plan.estimate import connections_opened
from bench.targets.connections import parameters_of
from bench.workload.driver import drivers

BESIDE = "asyncpg"
"""The driver of what works beside the writers (``bench.workload.beside``)."""


def what_fits(design: Design, external: ExternalServer) -> Design:
    """Leave out the phases that open more sessions than there is room for, and say so.

    Raises:
        HostError: there is room for none.

    """
    free, whose = external.room()
    opens = {}
    for name, each in parameters_of(design).items():
        twice = with_twice_the_clients(each) if design.ceiling else each
        opens[name] = max(map(connections_opened, (each, twice)))
    fitting = [name for name in design.phases if opens[name] <= free]
    if not fitting:
        raise HostError(_no_room(min(opens.values()), free, whose))
    for name, opened in opens.items():
        if opened > free:
            external.left_out.append(
                tr(
                    "Phase {name} is left out: it opens {opened} connections, and {whose} has room for {free}.",
                    name=name,
                    opened=opened,
                    whose=whose,
                    free=free,
                )
            )
    return replace(design, phases=fitting)


def check_kept(plan: Plan, external: ExternalServer) -> None:
    """Refuse a plan that would change such a server, or reach it another way: it keeps its configuration and transport.

    Experiments may have sessions of ours set what is theirs to set (``OF_SESSIONS``).

    Raises:
        UsageError: says what would do.

    """
    asked = [variant for variant in plan.as_asked().variants if variant.engine is None]
    in_sessions = [variant for variant in plan.variants if variant.engine is None and variant not in asked]
    kept = {variant.name: texts(variant) for variant in asked} == {AS_FOUND: {}}
    if not kept or any(texts(variant) != OF_SESSIONS for variant in in_sessions):
        raise UsageError(tr("A server of --dsn keeps its configuration: variants can't be applied to it."))
    # A pooler that resets a session by what it began with may have another's go on with it.
    if in_sessions and external.doubts:
        raise UsageError(
            tr(
                "The server of --dsn is behind a pooler, which may drop what a session asks for at its start, as"
                " synchronous_commit is, or hand it on: give PostgreSQL's own host and port in --dsn, or leave"
                " wal-flush and wal-write out of --constraints."
            )
        )
    for trial in plan.trials:
        if trial.engine != NULL and trial.transport != external.transport:
            raise UsageError(
                tr(
                    "The connection of --dsn is by {there}, so the transport can't be {asked}; change host or sslmode"
                    " in the connection string.",
                    there=external.transport,
                    asked=trial.transport,
                )
            )


def check_connections(plan: Plan, external: ExternalServer) -> None:
    """Refuse more connections than there is room for, and what a phase's driver can't keep of the connection string.

    Raises:
        HostError: there is not the room.
        UsageError: a driver can't do what is asked of every connection.

    """
    needed = max(connections_opened(trial.parameters) for trial in plan.trials)
    free, whose = external.room()
    if needed > free:
        raise HostError(_no_room(needed, free, whose))
    _check_kept_by_drivers(plan, external.endpoint(external.transport))


def _check_kept_by_drivers(plan: Plan, endpoint: Endpoint) -> None:
    if any(trial.parameters.mixed for trial in plan.trials) and (lacking := drivers()[BESIDE].unkept(endpoint)):
        raise UsageError(
            tr(
                "Readers, and what deletes the oldest rows, connect by {driver}, which can't keep {lacking} of --dsn:"
                " leave that out of the connection string, or --readers and --retain.",
                driver=BESIDE,
                lacking=", ".join(lacking),
            )
        )
    for driver in dict.fromkeys(trial.driver for trial in plan.trials):
        if lacking := drivers()[driver].unkept(endpoint):
            phases = dict.fromkeys(trial.phase for trial in plan.trials if trial.driver == driver)
            raise UsageError(
                tr(
                    "The phases {phases} connect by {driver}, which can't keep {lacking} of --dsn: leave that out of"
                    " the connection string, or ask for --phases 1 1-B, which connect by libpq.",
                    phases=", ".join(phases),
                    driver=driver,
                    lacking=", ".join(lacking),
                )
            )


def _no_room(needed: int, free: int, whose: str) -> str:
    return tr(
        "The plan opens {needed} connections, and {whose} has room for {free}; raise that limit, or ask for a smaller"
        " --pool-min, --in-flight or other --phases.",
        needed=needed,
        whose=whose,
        free=free,
    )
