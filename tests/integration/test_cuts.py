"""``durability`` on real servers: what durable keeps, what asynchronous loses, what is convicted, what is refused."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.owner import ordinary_user
from bench.engines.postgresql.variants import harness_for
from bench.power.cut import carry_out, make
from bench.power.cuttable import is_mounted
from bench.power.left import left_on
from bench.power.server import PoweredServer
from bench.store.cut_directory import CutDirectory
from bench.targets.cuts import planned
from tests.cuts import plan as plan_of_cuts
from tests.integration.support import LEAVE_LABS, as_root, assert_nothing_left, climbing, pgladder, stopped, wait_for

CUTS, TORN, MANY = 3, 3, 50
OURS = {os.geteuid(), ordinary_user().pw_uid}
IN_ANOTHER_VIEW = ["unshare", "--mount", "sh", "-c", f'{LEAVE_LABS}; mount -t tmpfs none "$0" && exec "$@"']
"""A command for which the directory named first is another one, as for somebody in a container."""


def cut(place: Path, *options: object) -> tuple[int, dict]:
    """Cut, and return the exit code and what is told of each variant."""
    done = pgladder("durability", *options, "--json", "--data-dir", place / "data", cwd=place)
    assert done.out, done
    report = json.loads(done.out)
    assert report["complete"]
    assert list((place / "data").glob("*")) == []
    return done.code, {f"{each['variant']}/{each['layout']}": each for each in report["variants"]}


def kinds(of: dict) -> dict:
    return {kind["how"]: kind for kind in of["kinds"]}


def test_durable_keeps_all_asynchronous_loses_the_last_and_no_fsync_is_convicted_but_not_by_kills(place):
    code, found = cut(place, "--variants", "stock", "async-commit", "no-fsync", "--cuts", CUTS, "--seed", 1)
    assert code == 0
    stock, late, never = found["stock/plain"], found["async-commit/plain"], found["no-fsync/plain"]
    for each in found.values():
        assert (each["cuts"], each["torn"], len(each["per_cut"])) == (CUTS, 0, CUTS)
        assert each["acknowledged"] > 100
        assert (kinds(each)["kill"]["cuts"], kinds(each)["kill"]["convicted"]) == (1, 0)
    assert (stock["durability"], stock["rows_lost"], stock["convicted"]) == ("durable", 0, 0)
    assert (late["durability"], late["convicted"]) == ("may lose last 600 ms", 0)
    assert late["rows_lost"] > 0
    assert 0 < late["ms_lost"]["most"] <= 600
    assert (never["durability"], never["convicted"]) == ("not crash-safe", CUTS)
    assert "acquits it wrongly" in never["sentence"]
    [run] = (place / "results").glob("*/*")
    order = [record.cut.variant for record in CutDirectory(run).records()]
    assert {frozenset(order[at : at + 3]) for at in range(0, len(order), 3)} == {frozenset(order)}


def test_torn_pages_convict_whoever_writes_no_full_pages_and_nobody_else(place):
    code, found = cut(place, "--variants", "stock", "no-full-page-writes", "--torn", TORN, "--kills", 0, "--seed", 2)
    assert code == 0
    assert found["stock/plain"]["convicted"] == found["stock/plain"]["rows_lost"] == 0
    assert (found["no-full-page-writes/plain"]["torn"], found["no-full-page-writes/plain"]["cuts"]) == (TORN, 0)
    assert found["no-full-page-writes/plain"]["convicted"] > 0  # on a busy machine few pages are under way
    assert found["no-full-page-writes/plain"]["reasons"]


@pytest.mark.slow
def test_an_unlogged_table_is_emptied_and_nobody_is_convicted_for_it(place):
    code, found = cut(place, "--variants", "stock", "--layouts", "unlogged", "--cuts", 1, "--kills", 0)
    [each] = found.values()
    assert (code, each["convicted"], each["rows_lost"]) == (0, 0, each["acknowledged"])
    assert "was emptied by 1 cut" in each["sentence"]


def test_a_run_that_is_stopped_leaves_nothing_and_goes_on_where_it_was(place):
    with climbing(place, "--variants", "stock", "--cuts", 3, "--kills", 0, question="durability") as climb:
        run = climb.directory.path
        climb.wait_for(lambda: len(CutDirectory(run).records()) > 0, "a cut is recorded")
        climb.process.send_signal(signal.SIGINT)
        stopped = climb.end()
    assert stopped.code == 1, stopped
    _, *words = shlex.split(stopped.err.partition("Go on with: ")[2])
    assert words == ["durability", "--resume", str(run), "--data-dir", str(place / "data")]
    assert_nothing_left(place)
    assert str(place) not in Path("/proc/self/mountinfo").read_text()
    before = CutDirectory(run).records()
    resumed = pgladder(*words, cwd=place)
    assert resumed.code == 0, resumed
    assert CutDirectory(run).records()[: len(before)] == before
    assert "stock lost 0 of " in resumed.out
    again = pgladder("durability", run, "--json", cwd=place)
    assert json.loads(again.out)["done"] == 3


SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.mark.parametrize("still", [False, True], ids=["as-usual", "standing-still"])
def test_what_a_run_that_was_killed_left_is_ended_by_the_next_and_nothing_else_is(place, still):
    second, theirs = place / "data" / "1" / "server", place / "data" / "7" / "server"
    both = ("--variants", "stock", "async-commit", "--cuts", 9, "--kills", 0)
    with climbing(place, *both, question="durability") as climb:
        climb.wait_for(lambda: is_mounted(second / "live") and len(left_on(second, OURS)) > 5, "its server is loaded")
        left = left_on(second, OURS)
        servers = [process for process in left if "postgres" in process.name()]
        # A server whose power is being cut stands still, and then hears nothing of the end of who started it.
        with stopped(servers) if still else contextlib.nullcontext():
            climb.process.kill()
            climb.process.wait()
            theirs.mkdir(parents=True)
            (theirs / "made-by-somebody").touch()
            another = subprocess.Popen([*SLEEPS, "-D", str(theirs / "live")])
            try:
                once = ("--variants", "stock", "--cuts", 1, "--kills", 0, "--data-dir", place / "data")
                following = pgladder("durability", *once, cwd=place)
                assert another.poll() is None
            finally:
                another.kill()
                another.wait()
    assert following.code == 0, following
    assert f"{place}/data/1: ended and removed what a run that was killed had left" in " ".join(following.out.split())
    assert not [process for process in left if process.is_running()]
    assert str(place) not in Path("/proc/self/mountinfo").read_text()
    assert [each.name for each in (place / "data").rglob("*")] == ["7", "server", "made-by-somebody"]


@as_root
def test_a_process_is_ours_by_its_directory_its_user_and_what_it_sees_there(place):
    base = place / "server"
    base.mkdir()
    process = subprocess.Popen([*SLEEPS, "-D", str(base / "live")])
    elsewhere = subprocess.Popen([*IN_ANOTHER_VIEW, str(base), *SLEEPS, "-D", str(base / "live")])
    try:
        wait_for(lambda: psutil.Process(elsewhere.pid).cmdline()[:1] == [sys.executable], "it sees another directory")
        assert [each.pid for each in left_on(base, {os.geteuid()})] == [process.pid]
        assert left_on(base, {os.geteuid() + 1}) == []
        assert left_on(place / "another", {os.geteuid()}) == []
    finally:
        for each in (process, elsewhere):
            each.kill()
            each.wait()


def test_a_cut_that_could_not_begin_leaves_its_server_ready_for_the_next(place):
    server = PoweredServer(place / "data" / "0", find_binaries())
    harness = harness_for(16, tls=False)
    plan = replace(plan_of_cuts(power=1), harness=harness)
    [planned_cut] = list(planned(plan))
    try:
        made = make(server, plan, plan.variants[0], table_layout("plain"))
        # Where it is to be mounted lies a file.
        server._owner.write(server._mount, "in the way")
        with pytest.raises(OSError, match="live"):
            carry_out(server, plan, planned_cut, made)
        assert not server.disk.exists()
        server._owner.do("rm", server._mount)
        assert carry_out(server, plan, planned_cut, made).rows_lost == 0
    finally:
        server.close()
    assert_nothing_left(place)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--dsn", "postgresql:///nobody"), "never of a server that somebody brings. Leave out --dsn."),
        (("--resume", "nowhere"), "nowhere holds no run of cuts"),
        (("--cuts", "0", "--kills", "0"), "There is nothing to cut"),
        (("--variants", "stoc"), "stoc"),
        (("--bin-dir", "nowhere"), "No PostgreSQL server programs in nowhere"),
    ],
)
def test_what_is_no_cut_of_a_server_of_ours_is_refused(place, options, why):
    done = pgladder("durability", *options, "--data-dir", place / "data", cwd=place)
    assert done.code == 2, done
    assert why in " ".join(done.err.split())
    assert not (place / "data").exists()
    assert not (place / "results").exists()


@pytest.mark.slow
def test_fifty_cuts_and_fifty_torn_ones_of_each(place):
    variants = ("stock", "async-commit", "no-fsync", "no-full-page-writes")
    code, found = cut(place, "--variants", *variants, "--cuts", MANY, "--torn", MANY, "--seed", 3)
    assert code == 0
    assert (found["stock/plain"]["rows_lost"], found["stock/plain"]["convicted"]) == (0, 0)
    assert found["async-commit/plain"]["convicted"] == 0
    assert found["async-commit/plain"]["ms_lost"]["interval"]["low"] > 0
    assert found["no-fsync/plain"]["convicted"] >= 0.9 * 2 * MANY
    torn = kinds(found["no-full-page-writes/plain"])
    assert torn["torn"]["convicted"] >= 0.9 * MANY
    assert torn["power"]["convicted"] == 0
