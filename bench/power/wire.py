"""What is said between who cuts the power of a whole box and that box: a line of JSON for an order, one for its answer.

The control machine (``bench.targets.box_power``) begins with ``Hello``, which is answered by ``There``; orders follow.
While a server of the box is written to, numbers come in between, each on a line: what the box has just written into a
file that is never flushed (``bench.box.power``).
"""

from dataclasses import dataclass
from typing import Any, Literal

from bench.model.cuts import CutPlan
from bench.model.values import Count

SYSTEM = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
"""Asks a server for the number of its cluster."""
Do = Literal["make", "begin", "restart", "check", "end", "remade", "over"]
"""As ``Powered`` has them; ``over``: nobody waits for the servers any more, they go with the conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Of a run of cuts, or of the same run after a cut."""

    plan: CutPlan
    password: str
    """Of the servers' user: what answers to it was made for this run."""
    begins: bool
    """What an earlier run left is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What a box is after its last boot."""

    boot: str
    """Of this boot: the kernel gives each a number of its own."""
    last: Count | None
    """The last whole number in the file that is never flushed, 0: none; None: the file was removed, as in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a box is to do with one of the servers, ``Powered`` says what: answered by ``Answer``."""

    do: Do
    number: Count
    """Of the server: that of its variant and layout in the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A server that runs, to ``begin`` and ``restart``."""

    port: int
    user: str
    database: str
    schema: str
    data_directory: str
    system: str
    """The number that its cluster was given when it was made, which no other has."""
    seconds: float
    """Its start took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an order."""

    value: Any = None
    """``Made`` to ``make``, ``Reached`` to ``begin`` and ``restart``, a list of sentences to ``check``."""
    error: str | None = None
    """Why it was not done."""
    of_server: bool = False
    """It is PostgreSQL that did not do it."""
