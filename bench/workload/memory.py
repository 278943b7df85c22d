"""How much memory client processes will take, told before any is started: a batch of too many rows takes all there is.

Measured as VmHWM of one client process (CPython 3.11, asyncpg 0.32, psycopg2 2.9) with 1 to 400,000 rows a commit,
payloads of 64 bytes to 50 MB, 1 to 30,000 commits in flight; most estimates are 0 to 20 % above what was measured.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

import psutil

from bench.model.errors import HostError
from bench.model.language import later, tr
from bench.model.plan import Parameters, Trial
from bench.probes.control_group import memory_limit_bytes
from bench.workload.phase import Phase
from bench.workload.rows import ring_size

PROCESS_BYTES = 50_000_000
"""Python, drivers, connections: 41 to 44 MB, and 5 MB once writing."""
MAKING_BYTES = 8
"""For each character of one payload while the ring is made: the list of its characters (9.0 with the payload)."""
COMMIT_BYTES = 2_500
"""A commit in flight: its task and what it waits for."""
ROW_BYTES = 120
"""A row in hand, its payload in the ring: a tuple, a number, their places in lists; 94 to 119 were measured."""
WHOLE_ROW_BYTES, WHOLE_COPIES = 70, 2
"""A row of a statement that is sent whole, beside that: 70, and its payload as bytes, once in the statement's buffer,
once in that of the connection; 186 + 2.0 × payload with ``ROW_BYTES``."""
PIECE_COPIES = 16
"""Payloads that a driver holds which sends rows piece by piece: four pieces of a row or more, each up to four times."""
SHARE = 0.75
"""Of the memory there is: the rest is the server's and the system's."""
SESSION_BYTES = 2_500_000
"""Of a server, for each session: what its process has for itself; 1.6 to 2.5 MB were measured (PostgreSQL 15)."""
ALLOWED_BYTES = 48_000
"""Of a server, for each session that max_connections allows: ``postgres -C shared_memory_size`` with 100 and 60,000."""
SESSIONS_SHARE = 0.5
"""Of the memory there is, for the sessions of a server on this machine."""
FILES_BESIDE = 50
"""What a client process has open beside its connections."""
THIS_BOX = later("this box has {memory}")
THIS_BOX_FREE, CONTROL_GROUP = later("this box has {memory} free"), later("the control group allows {memory}")
SMALLER = ("batch", "payload_bytes", "in_flight", "processes")
"""What takes memory, in the order in which less of it is asked for."""


def client_bytes(phase: Phase, parameters: Parameters) -> int:
    """Return what all client processes of a trial take together."""
    payload, batch = parameters.payload_bytes, parameters.batch
    ring = payload * (ring_size(payload) + MAKING_BYTES)
    commit = COMMIT_BYTES + batch * ROW_BYTES
    if phase.sent_whole or phase.bound_values:
        commit += batch * (WHOLE_ROW_BYTES + WHOLE_COPIES * payload)
    else:
        commit += min(PIECE_COPIES, WHOLE_COPIES * batch) * payload
    beside = (bool(parameters.readers) + bool(parameters.retain)) * PROCESS_BYTES
    return parameters.processes * (PROCESS_BYTES + ring + parameters.in_flight * commit) + beside


def check_memory(trials: Iterable[Trial], phases: Mapping[str, Phase], memory: int, stock: str) -> None:
    """Refuse trials whose clients would take more than their share of ``memory`` bytes.

    ``stock`` says whose they are (``THIS_BOX``).

    Raises:
        HostError: names the phase, the numbers, and the nearest that fits.

    """
    most = int(memory * SHARE)
    # Blocks repeat their trials: each is looked at once.
    for name, parameters in dict.fromkeys((trial.phase, trial.parameters) for trial in trials):
        phase = phases[name]
        if (need := client_bytes(phase, parameters)) > most:
            numbers = ", ".join(f"--{_option(each)} {getattr(parameters, each):,}" for each in SMALLER)
            raise HostError(
                tr(
                    "Phase {name} with {numbers} takes about {need:,.2f} GB of memory for the clients, and {stock}, of"
                    " which they may take {most:,.2f} GB; {instead}.",
                    name=name,
                    numbers=numbers,
                    need=need / 1e9,
                    stock=_there(stock, memory),
                    most=most / 1e9,
                    instead=_what_fits(phase, parameters, most),
                )
            )


def check_sessions(allowed: int, opened: int, memory: int, stock: str) -> None:
    """Refuse sessions that would take more than their share of a machine that the server is on too.

    Args:
        allowed: the server's max_connections.
        opened: how many of them a trial opens.
        memory: bytes.
        stock: whose they are (``THIS_BOX``).

    Raises:
        HostError: says what they take, and what to ask for.

    """
    need, most = opened * SESSION_BYTES + allowed * ALLOWED_BYTES, int(memory * SESSIONS_SHARE)
    if need > most:
        raise HostError(
            tr(
                "The plan opens {opened:,} of {allowed:,} connections, which take about {need:,.2f} GB of memory for"
                " the server, and {stock}, of which they may take {most:,.2f} GB; ask for a smaller --pool-max,"
                " --pool-min, --in-flight or --processes.",
                opened=opened,
                allowed=allowed,
                need=need / 1e9,
                stock=_there(stock, memory),
                most=most / 1e9,
            )
        )


def check_files(connections: int) -> None:
    """Refuse client processes with so many connections each that they would have too many files open.

    Raises:
        HostError: names the limit.

    """
    most = getrlimit(RLIMIT_NOFILE)[0]
    if most != RLIM_INFINITY and connections + FILES_BESIDE > most:
        raise HostError(
            tr(
                "Each client process would open {connections:,} connections, and a process may have {most:,} files"
                " open here (ulimit -n); raise that limit, or ask for a smaller --pool-min or --in-flight.",
                connections=connections,
                most=most,
            )
        )


def _there(stock: str, memory: int) -> str:
    return tr(stock, memory=f"{memory / 1e9:,.2f} GB")


def _option(name: str) -> str:
    return name.replace("_", "-")


def _what_fits(phase: Phase, parameters: Parameters, memory: int) -> str:
    """Return which of the numbers, made smaller by itself, would do; those that are more than the phase's own first."""
    # A number that the user raised is the one he can do without.
    raised = sorted(SMALLER, key=lambda name: getattr(parameters, name) <= getattr(phase.parameters, name))
    for name in raised:
        if most := _most(phase, parameters, name, memory):
            return tr("ask for --{option} {most} or less", option=_option(name), most=most)
    return tr("ask for less of each, or leave this phase out")


def _most(phase: Phase, parameters: Parameters, name: str, memory: int) -> int:
    """Return the most of one number with which it fits, 0 where none does: found by halving."""
    fits, too_much = 0, getattr(parameters, name)
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        if client_bytes(phase, replace(parameters, **{name: middle})) <= memory:
            fits = middle
        else:
            too_much = middle
    return fits


def memory_left(root: Path = Path("/")) -> tuple[int, str]:
    """Return how many bytes there are now, of the machine's or of what control groups leave, and how to say so."""
    there = psutil.virtual_memory().available
    try:
        limit = memory_limit_bytes(root)
    except (OSError, ValueError):  # no control groups, or none that tell
        limit = None
    return (limit, CONTROL_GROUP) if limit and limit < there else (there, THIS_BOX_FREE)
