"""What a box tells a control machine in one answer: what it is, what is free, what runs there.

Read on the box by ``pgladder box``; the control side plans from it.
"""

import shutil
import socket
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench import __version__
from bench.agent.gate import waits
from bench.agent.lock import holder
from bench.box.units import is_wanted, under_way
from bench.engines.engine import engines
from bench.engines.postgresql.admitted import admitted
from bench.engines.postgresql.binaries import installed
from bench.engines.postgresql.client_boxes import admitted_clients
from bench.engines.postgresql.variants import Machine, this_machine
from bench.model.box import Provisioned
from bench.model.errors import HostError, NothingDoneError
from bench.model.values import NAME, Count, Name
from bench.plan.refine import may_follow
from bench.plan.remaining import in_all, remaining
from bench.probes.source import LIVE
from bench.probes.system import container
from bench.store.run_directory import PLAN, SUMS, RunDirectory

WAITS = "waits at its gate, which make compare-hosts RUN={run} opens"
Course = Literal["running", "waiting", "cancelled", "stopped", "finished", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run on a box.

    Attributes:
        course: ``waiting`` goes on by itself at the next boot, ``cancelled`` and ``stopped`` do not; ``unreadable``
            says why in detail.
        detail: of one that is running: that it waits at its gate.

    """

    run: Name
    recorded: Count
    planned: Count
    course: Course
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxState:
    """A provisioned box, now.

    Attributes:
        harness: the text of the harness file in force.
        postgresql: the major of its cluster.
        standby: the address of the standby on another box that its cluster lets in; empty: there is none.
        replica_of: the box as whose standby its cluster was made; empty: it is one of its own.
        client_boxes: the names of the boxes on which clients of its runs can work beside its own.
        lacking: by engine, why its rungs can't be measured beside the cluster, of those that can't.
        installed: the majors whose programs are there, of which a run of several has private servers.
        host: its name for itself, as in fingerprints.
        shares_kernel: it is a container: others on its machine have the same processor and disk.
        free_bytes: on the disk of the data directory, for users other than root.
        holder: who keeps a run from beginning: another one, or clients of another box; None: nobody.

    """

    schema: Literal["pgladder/state/1"] = "pgladder/state/1"
    version: str
    release: str
    host: str
    machine: Machine
    shares_kernel: bool
    harness: str
    postgresql: Name
    standby: str = ""
    replica_of: str = ""
    client_boxes: tuple[str, ...] = ()
    installed: tuple[Name, ...]
    lacking: dict[Name, str] = field(default_factory=dict)
    max_connections: Count
    free_bytes: Count
    holder: str | None
    runs: tuple[RunState, ...]


def box_state(box: Provisioned) -> BoxState:
    """Look at this box.

    Raises:
        HostError: the harness or a figure of the hardware can't be read; the message names it.

    """
    data = box.cluster.data_directory
    try:
        harness, free = box.cluster.harness_file.read_text(), shutil.disk_usage(data).free
    except OSError as error:
        raise HostError(f"{error.filename} can't be read ({error.strerror}); provision this box again.") from error
    kind = container(LIVE)
    return BoxState(
        version=__version__,
        release=box.release,
        host=socket.gethostname(),
        machine=this_machine(data),
        shares_kernel=isinstance(kind, str) and kind != "none",
        harness=harness,
        postgresql=box.cluster.version,
        standby=admitted(box.cluster),
        replica_of=box.cluster.replica_of,
        client_boxes=tuple(client.name for client in admitted_clients(box.cluster)),
        installed=tuple(sorted(installed(), key=int)),
        lacking=_lacking(box.cluster.version),
        max_connections=box.cluster.max_connections,
        free_bytes=free,
        holder=holder(),
        runs=run_states(box.runs, under_way()),
    )


def _lacking(version: str) -> dict[str, str]:
    programs = installed().get(version)
    if programs is None:
        return {}
    found = {name: engines()[name].lacking(programs) for name in engines().own}
    return {name: why for name, why in found.items() if why}


def run_states(runs: Path, running: Collection[str]) -> tuple[RunState, ...]:
    """Return the runs below a directory, oldest first; ``running`` names those whose units are under way.

    A directory whose name no run can have is none: somebody's copy, or what is being written.
    """
    if not runs.is_dir():
        return ()
    planned = [path for path in sorted(runs.iterdir()) if NAME.fullmatch(path.name) and (path / PLAN).is_file()]
    return tuple(_run_state(path, running) for path in planned)


def _run_state(path: Path, running: Collection[str]) -> RunState:
    try:
        directory = RunDirectory(path)
        planned = directory.plan()
        records = directory.records()
        left = remaining(planned, records, directory.suspects())
    except NothingDoneError as error:
        return RunState(run=path.name, recorded=0, planned=0, course="unreadable", detail=str(error))
    course, detail, count = _course(directory, running), "", in_all(planned, records, left)
    if course == "running" and left and waits(directory, left[0][0].block):
        detail = WAITS.format(run=path.name)
    recorded = count - len(left) - len(may_follow(planned, records))
    return RunState(run=path.name, recorded=recorded, planned=count, course=course, detail=detail)


def _course(directory: RunDirectory, running: Collection[str]) -> Course:
    run = directory.path.name
    if run in running:
        return "running"
    if (directory.path / SUMS).is_file():
        return "finished"
    if is_wanted(run):
        return "waiting"
    if directory.cancelled():
        return "cancelled"
    return "stopped"
