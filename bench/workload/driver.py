"""What a driver is: how a client process connects, proves where it came to, and tells what an error means.

A file in ``drivers/``, pgladder's own or the user's (``bench.seams``), defines one ``DRIVER``: an ``AsyncDriver`` has a
pool, a ``SyncDriver`` connects one by one, a ``ProgramDriver`` lets another program write. A phase calls what is
peculiar to its technique; a driver whose connections take that call can carry the phase out.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.model.language import later, tr
from bench.model.names import pick
from bench.model.plan import Parameters
from bench.model.table import qualified
from bench.model.values import Reset
from bench.seams import Seam, pieces
from bench.workload.messages import Job, Result, Window
from bench.workload.phase import AsyncPhase, Phase

SEAM = "drivers"
OWN = Path(__file__).with_name(SEAM)
HOW = "SHOW synchronous_commit"
"""How a session commits, asked of PostgreSQL."""
SET_SEARCH_PATH, CURRENT_SCHEMA = "SET search_path TO {schema}", "SELECT current_schema()"


class StrayConnectionError(ConnectionError):
    """A connection came to another schema than the run's; nothing was written by it."""


class Pool(Protocol):
    """Connections that are kept; each commit takes one and gives it back."""

    def acquire(self) -> Awaitable[Any]:
        """Wait for a connection."""
        ...

    def release(self, connection: Any) -> Awaitable[object]:
        """Give it back."""
        ...


@runtime_checkable
class Driver(Protocol):
    """What both kinds have."""

    calls: frozenset[str]
    """What phases may call of its connections."""
    errors: tuple[type[BaseException], ...]
    """What it raises where a connection or a statement fails."""

    def unkept(self, endpoint: Endpoint) -> list[str]:
        """Return what of an endpoint it can't keep, as ``name=value``."""
        ...

    def refused(self, error: BaseException) -> bool:
        """Return whether the server itself refused a statement, its connection still standing."""
        ...


@runtime_checkable
class AsyncDriver(Driver, Protocol):
    """Of phases that are coroutines."""

    def pool(self, endpoint: Endpoint, least: int, most: int) -> Awaitable[Pool]:
        """Open a pool; each of its connections proves where it came to before it is given out.

        Raises:
            StrayConnectionError: it came elsewhere.

        """
        ...

    async def value(self, connection: Any, statement: str) -> str:
        """Return the one value that a statement gives."""
        ...


@runtime_checkable
class ResettingDriver(AsyncDriver, Protocol):
    """Whose pool resets a session that is given back, unless it is told not to."""

    resets: bool

    def pool(self, endpoint: Endpoint, least: int, most: int, reset: Reset = "query") -> Awaitable[Pool]:
        """See ``AsyncDriver.pool``."""
        ...


@runtime_checkable
class SyncDriver(Driver, Protocol):
    """Of phases that are plain functions."""

    def connect(self, endpoint: Endpoint) -> Any:
        """Connect."""
        ...

    def prove(self, connection: Any, endpoint: Endpoint) -> None:
        """See that a connection is in the schema of its endpoint.

        Raises:
            StrayConnectionError: it is not.

        """
        ...

    def value(self, connection: Any, statement: str) -> str:
        """Return the one value that a statement gives, and leave no transaction open."""
        ...


@runtime_checkable
class TellingDriver(SyncDriver, Protocol):
    """Of another database than PostgreSQL: it asks in its own words how a session commits."""

    how: str


class WhenReady(Protocol):
    """What a client calls with its connections open, or with how many seconds it needs for that from then on."""

    def __call__(self, connecting_s: float = 0) -> Window:
        """Return the window."""
        ...


@runtime_checkable
class ProgramDriver(Driver, Protocol):
    """Another program writes; what is called of connections is its own business."""

    def check(self, name: str, phase: Phase, parameters: Parameters) -> None:
        """Refuse the phase of that name, or parameters, that it can't do.

        Raises:
            UsageError: says why, and what would do.

        """
        ...

    def check_here(self) -> None:
        """See that the program is here.

        Raises:
            HostError: says how to get it.

        """
        ...

    def climb(self, job: Job, phase: Phase, ready: WhenReady, finish: Callable[[Sequence[Result]], None]) -> None:
        """Run one job in this process: ``ready`` is called once connections are proved and returns the window."""
        ...


OF_OTHER_KIND: Mapping[type, str] = {
    AsyncDriver: later(
        "Phase {phase} can't be carried out by the driver {driver}: it takes one that is of coroutines, with a pool;"
        " leave the phase out, or ask for --drivers {own}."
    ),
    SyncDriver: later(
        "Phase {phase} can't be carried out by the driver {driver}: it takes one that is of plain functions; leave the"
        " phase out, or ask for --drivers {own}."
    ),
}
"""By the kind that a phase takes."""


@cache
def drivers() -> Seam[Driver]:
    """Every driver by name."""
    return Seam("DRIVER", Driver, pieces(SEAM, OWN, "[!_]*.py"))  # type: ignore[type-abstract]


def set_search_path(endpoint: Endpoint) -> str:
    """Return the statement that leads a session to the schema of its endpoint, where its start did not."""
    return qualified(SET_SEARCH_PATH, endpoint.schema)


async def prove(driver: AsyncDriver, connection: Any, endpoint: Endpoint) -> None:
    """See that a connection of a pool is in the schema of its endpoint.

    Raises:
        StrayConnectionError: it is not.

    """
    if endpoint.options_lost:
        await connection.execute(set_search_path(endpoint))
    check_came_to(await driver.value(connection, CURRENT_SCHEMA), endpoint)


def check_came_to(found: object, endpoint: Endpoint) -> None:
    """Refuse a connection that is in another schema.

    Raises:
        StrayConnectionError: names both.

    """
    if found != endpoint.schema:
        raise StrayConnectionError(
            f"a connection came to the schema {found}, not to {endpoint.schema}: nothing is written there"
        )


def check_driven(name: str, phase: Phase, driver: str, parameters: Parameters) -> None:
    """Refuse a driver that can't carry out a phase with these parameters.

    Raises:
        UsageError: there is none of that name, or it lacks what the phase calls; the message names what would do.

    """
    pick("driver", [driver], drivers())
    chosen = drivers()[driver]
    if isinstance(chosen, ProgramDriver):
        return chosen.check(name, phase, parameters)
    # By the call, not by the phase: a new phase can be carried out by every driver that offers what it calls.
    if phase.call not in chosen.calls:
        raise UsageError(
            tr(
                "Phase {phase} can't be carried out by the driver {driver}: it calls {call} of a connection, which"
                " {driver} does not offer; leave the phase out, or ask for --drivers {own}.",
                phase=name,
                driver=driver,
                call=phase.call,
                own=phase.driver,
            )
        )
    kind = AsyncDriver if isinstance(phase, AsyncPhase) else SyncDriver
    if not isinstance(chosen, kind):
        raise UsageError(tr(OF_OTHER_KIND[kind], phase=name, driver=driver, own=phase.driver))
    return None


def as_driven(driver: str, parameters: Parameters) -> Parameters:
    """Return a phase's parameters as a driver has them: without what it has not, and with what it does unasked."""
    chosen = drivers()[driver]
    if isinstance(chosen, ProgramDriver):
        return replace(parameters, pool_min=None, pool_max=None, event_loop=None, reset=None)
    if isinstance(chosen, ResettingDriver) and parameters.pool_max is not None:
        return replace(parameters, reset=parameters.reset or "query")
    return replace(parameters, reset=None)


def check_programs(names: Iterable[str]) -> None:
    """See that the programs of these drivers are here.

    Raises:
        HostError: one is not; says how to get it.

    """
    for name in dict.fromkeys(names):
        driver = drivers()[name]
        if isinstance(driver, ProgramDriver):
            driver.check_here()
