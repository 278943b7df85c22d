"""LazyFS as the reference: cuts on it and on the file system of ours end alike: durable, asynchronous, unflushed.

LazyFS (https://github.com/dsrhaslab/lazyfs; Ramos et al., VLDB 2024) is built by whoever asks for it, outside of this
project: ``LAZYFS=/path/to/build/lazyfs``, ``LD_LIBRARY_PATH`` where it does not find its library. The user whom
PostgreSQL runs as mounts it, and needs to be let into /dev/fuse for that.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from bench.analysis.durability import OfVariant, durability
from bench.engines.postgresql.binaries import build_of, find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.variants import this_machine
from bench.model.cuts import CutPlan, Forgotten
from bench.power.cut import carry_out, make
from bench.power.cuttable import is_mounted, unmount
from bench.power.server import PoweredServer
from bench.targets.cuts import new_plan, planned
from tests.integration.support import wait_for

PROGRAM = os.environ.get("LAZYFS", "")
CUTS = 10
NAMES = ("stock", "async-commit", "no-fsync")
CONFIGURATION = """
[faults]
fifo_path="{orders}"
fifo_path_completed="{done}"
[cache]
apply_eviction=false
[cache.simple]
custom_size="1gb"
blocks_per_page=1
[filesystem]
log_all_operations=false
logfile=""
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="LazyFS is built by whoever asks for it: LAZYFS=/path/to/build/lazyfs"),
]


class Lazy:
    """As ``bench.power.cuttable.Cuttable``, but LazyFS; it is cut by its own command, and tears nothing."""

    def __init__(self, owner: Owner, directory: Path, mount: Path) -> None:
        self.owner, self.directory, self.mount = owner, directory, mount
        self.files = directory.parent / "lazyfs"
        self.process: subprocess.Popen[bytes] | None = None
        self.done: IO[bytes] | None = None

    def begin(self) -> None:
        orders, done = self.files / "orders", self.files / "done"
        self.owner.do("mkdir", "-p", self.mount, self.files)
        self.owner.do("mkfifo", orders, done)
        self.owner.put(self.files / "lazyfs.toml", CONFIGURATION.format(orders=orders, done=done))
        # Opened for reading and writing: LazyFS waits until somebody reads.
        self.done = open(done, "r+b", buffering=0)  # noqa: SIM115, PTH123 - as long as the mount
        root = f"subdir={self.directory}"
        words = [
            PROGRAM,
            self.mount,
            "--config-path",
            self.files / "lazyfs.toml",
            "-o",
            "modules=subdir",
            "-o",
            root,
            "-f",
        ]
        # Its own user mounts it, where fusermount3 lets him; PostgreSQL is the same user.
        command = self.owner.command("env", f"LD_LIBRARY_PATH={os.environ.get('LD_LIBRARY_PATH', '')}", *words)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        wait_for(lambda: is_mounted(self.mount), "LazyFS is mounted", 30)

    def cut(self, seed: int, *, torn: bool) -> Forgotten | None:  # noqa: ARG002 - it has no chance in it
        assert not torn
        assert self.done is not None
        with (self.files / "orders").open("w") as orders:
            orders.write("lazyfs::clear-cache\n")
        assert self.done.readline() == b"finished::clear-cache\n"
        self.close()
        return None

    def close(self) -> None:
        unmount(self.mount)
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()
            self.process = None
        if self.done is not None:
            self.done.close()
            self.done = None
        self.owner.do("rm", "-rf", self.files)


@contextmanager
def servers(place: Path, *, lazy: bool) -> Iterator[PoweredServer]:
    server = PoweredServer(place, find_binaries())
    if lazy:
        server._power = Lazy(server._owner, server.disk, server._mount)  # type: ignore[assignment]
    try:
        yield server
    finally:
        server.close()


def cut(place: Path, plan: CutPlan, *, lazy: bool) -> OfVariant:
    """Cut the one variant of a plan; return what became of it."""
    with servers(place, lazy=lazy) as server:
        made = make(server, plan, plan.variants[0], table_layout("plain"))
        found = [carry_out(server, plan, each, made) for each in planned(plan)]
    [variant] = durability(plan, found).variants
    return variant


@pytest.fixture(scope="module")
def plan(new_place) -> CutPlan:
    given = {"variants": [" ".join(NAMES)], "seed": 5}
    version = build_of(find_binaries()).major
    return new_plan(given, this_machine(new_place()), version, run="r", host="here", counts={"power": CUTS})


@pytest.mark.parametrize("name", NAMES)
def test_both_find_the_same_of_a_variant(new_place, plan, name, capsys):
    of_name = replace(plan, variants=[variant for variant in plan.variants if variant.name == name])
    ours, theirs = (cut(new_place(), of_name, lazy=lazy) for lazy in (False, True))
    with capsys.disabled():
        sys.stdout.write(f"\nours:   {ours.sentence} {ours.per_cut} {ours.ms_lost}\n")
        sys.stdout.write(f"LazyFS: {theirs.sentence} {theirs.per_cut} {theirs.ms_lost}\n")
    for each in (ours, theirs):
        assert each.cuts == CUTS
        assert each.kept
    if name == "stock":
        assert (ours.rows_lost, ours.convicted, theirs.rows_lost, theirs.convicted) == (0, 0, 0, 0)
    if name == "async-commit":
        assert ours.convicted == theirs.convicted == 0
        assert ours.rows_lost > 0 < theirs.rows_lost
        assert max(ours.ms_lost.most, theirs.ms_lost.most) <= 600
    if name == "no-fsync":
        assert ours.convicted == theirs.convicted == CUTS
