"""From what a box says of itself to its plan, or to a refusal."""

from dataclasses import replace

import pytest

from bench.box.state import BoxState, RunState
from bench.engines.postgresql.variants import Machine, harness_for
from bench.model.errors import HostError, UsageError
from bench.plan.estimate import estimate
from bench.plan.options import OPTIONS, read_options
from bench.plan.request import make_design
from bench.targets.box_plans import Asked, as_asked, check_idle, check_name, check_same, plan_for
from bench.tuning.hardware import Hardware

BOX = BoxState(
    version="0.1.0",
    release="abc",
    host="n100-a",
    machine=Machine(Hardware(ram_mb=16_384, cores=4, disk="nvme", disk_gb=500), huge_page_bytes=0),
    shares_kernel=True,
    harness=harness_for(300, tls=True).text,
    postgresql="15",
    installed=("15", "17"),
    max_connections=300,
    free_bytes=400_000_000_000,
    holder=None,
    runs=(),
)


def asked(**words):
    design = make_design({"phases": ["2-C"], **words}, transports=["tcp"])
    return Asked(design=design, run="r1", created="2026-11-22T10:00:00+00:00", seed=7)


def with_run(course, run="other", holder=None):
    return replace(BOX, runs=(RunState(run=run, recorded=2, planned=9, course=course),), holder=holder)


def test_a_plan_carries_the_harness_in_force_there():
    plan = plan_for(BOX, asked(variants=["stock pgtune-oltp"]))
    assert plan.harness.text == BOX.harness
    assert [variant.name for variant in plan.variants] == ["stock", "pgtune-oltp"]
    assert {trial.transport for trial in plan.trials} == {"tcp"}


def test_variants_are_rendered_for_that_box():
    small = replace(BOX, machine=Machine(replace(BOX.machine.hardware, ram_mb=4096), huge_page_bytes=0))
    one, other = (plan_for(box, asked(variants=["pgtune-oltp"])).variants[0].text for box in (BOX, small))
    assert one != other


def test_the_order_is_the_same_on_every_box():
    words = {"phases": ["2 2-C 2-D"], "blocks": 5}
    assert plan_for(BOX, asked(**words)).trials == plan_for(replace(BOX, free_bytes=10**13), asked(**words)).trials


def test_a_standby_is_not_measured_and_a_primary_with_it_alone():
    with pytest.raises(HostError, match="made as a standby of n100-b: measure that box"):
        plan_for(replace(BOX, replica_of="n100-b"), asked())
    followed = replace(BOX, standby="10.0.0.2")
    assert plan_for(followed, asked(replica="async")).trials
    with pytest.raises(UsageError, match=r"The standby at 10\.0\.0\.2 follows"):
        plan_for(followed, asked())


def test_a_major_that_is_not_there_is_named_with_what_brings_it():
    assert plan_for(BOX, asked(versions=["15 17"])).versions == ["15", "17"]
    with pytest.raises(HostError, match=r"PostgreSQL 18 is not installed there; it has 15 and 17: name it in"):
        plan_for(BOX, asked(versions=["15 18"]))


def test_an_engine_that_is_not_there_is_named_with_what_brings_it():
    words = {"phases": ["2-D 3-T"]}
    assert plan_for(BOX, asked(**words)).engines_beside == ["timescaledb"]
    without = replace(BOX, lacking={"timescaledb": "it has no TimescaleDB: make provision ROLES=timescaledb"})
    with pytest.raises(HostError, match="it has no TimescaleDB: make provision ROLES=timescaledb"):
        plan_for(without, asked(**words))
    assert plan_for(without, asked(phases=["2-D"])).engines_beside == []


def test_too_few_connections_are_told():
    with pytest.raises(HostError, match=r"needs 108 connections and its cluster allows 100"):
        plan_for(replace(BOX, max_connections=100), asked())


def test_too_little_memory_is_told():
    small = replace(BOX.machine, hardware=replace(BOX.machine.hardware, ram_mb=128))
    with pytest.raises(HostError, match=r"Phase 2-H .* and this box has 0\.13 GB, of which they may take 0\.10 GB"):
        plan_for(replace(BOX, machine=small), asked(phases=["2-H"]))


def test_too_small_a_disk_is_told():
    with pytest.raises(HostError, match=r"its disk has 0\.1 GB free"):
        plan_for(replace(BOX, free_bytes=100_000_000), asked())


def test_a_disk_too_small_for_one_arm_leaves_the_others():
    words = {"phases": ["2-H"], "variants": ["stock big-wal"], "profile": "thorough"}
    need = estimate(whole := plan_for(BOX, asked(**words)), whole.trials)
    assert need.least_disk_bytes < need.disk_bytes
    assert plan_for(replace(BOX, free_bytes=need.disk_bytes - 1), asked(**words)) == whole
    with pytest.raises(HostError, match="GB free and the plan may need"):
        plan_for(replace(BOX, free_bytes=need.least_disk_bytes - 1), asked(**words))


def test_another_release_is_told():
    with pytest.raises(HostError, match="it runs pgladder abc, here is def: make provision"):
        check_same(BOX.release, "def")
    check_same(BOX.release, "abc")


@pytest.mark.parametrize("course", ["running", "waiting"])
def test_another_run_that_has_not_ended_is_named(course):
    with pytest.raises(HostError, match=r"run other has not ended there \(2 of 9 trials are recorded\)"):
        check_idle(with_run(course), "r1")


@pytest.mark.parametrize("course", ["stopped", "finished", "unreadable"])
def test_a_run_that_has_ended_stands_in_nobodys_way(course):
    check_idle(with_run(course), "r1")


def test_a_run_by_hand_is_named():
    with pytest.raises(HostError, match="a run is under way there: process 7"):
        check_idle(with_run("finished", holder="process 7"), "r1")


@pytest.mark.parametrize("course", ["running", "finished", "waiting", "stopped"])
def test_the_same_run_is_gone_on_with(course):
    check_idle(with_run(course, run="r1", holder="process 7" if course == "running" else None), "r1")


def test_words_become_what_a_wish_is_made_of():
    typed = {"phases": "2-C 2-D", "blocks": "3", "window": "0.5", "profile": "quick", "seed": ""}
    assert read_options(typed, OPTIONS) == {
        "phases": ["2-C 2-D"],
        "blocks": 3,
        "window": 0.5,
        "profile": "quick",
    }


@pytest.mark.parametrize("text", ["x", "0", "-1", "1e99", "nan", "3.5"])
def test_what_is_no_number_of_blocks_is_refused(text):
    with pytest.raises(UsageError, match=f"blocks: '{text}' is not a number above 0"):
        read_options({"blocks": text}, OPTIONS)


@pytest.mark.parametrize("run", ["../etc", ".hidden", "a b", "a/b", "x" * 81, "-x"])
def test_a_name_that_would_not_do_is_refused(run):
    with pytest.raises(UsageError, match="can't be a run's name"):
        check_name(run)


def test_the_exit_code_is_2_only_where_nothing_was_done():
    from bench.cli.fab import exit_code
    from bench.remote.fan_out import Failure

    refused, failed = Failure("a", "full", 2), Failure("b", "gone", 1)
    assert exit_code([], 2, started=False, sound=True) == 0
    assert exit_code([], 2, started=False, sound=False) == 1
    assert exit_code([refused], 2, started=False, sound=True) == 1
    assert exit_code([refused, refused], 2, started=False, sound=True) == 2
    assert exit_code([refused, failed], 2, started=False, sound=True) == 1
    assert exit_code([Failure("", "no box fits", 2)], 2, started=False, sound=True) == 2
    assert exit_code([refused, refused], 2, started=True, sound=True) == 1
    assert exit_code([], 0, started=False, sound=False) == 1


def test_a_run_that_is_there_with_another_plan_is_known_as_that():
    there = plan_for(BOX, asked())
    assert as_asked(there, BOX, replace(asked(), seed=99))
    assert not as_asked(there, BOX, asked(phases=["2-D"]))


@pytest.mark.parametrize(
    ("text", "told"),
    [("1", "'1' is not a share below 1"), ("5", "'5' is not a share"), ("0", "'0' is not a number above 0")],
)
def test_a_margin_is_a_share(text, told):
    with pytest.raises(UsageError, match=f"margin: {told}"):
        read_options({"margin": text}, OPTIONS)


def test_until_decided_is_1_or_left_out():
    assert read_options({"until_decided": "1"}, OPTIONS) == {"until_decided": True}
    assert read_options({"until_decided": ""}, OPTIONS) == {}
    with pytest.raises(UsageError, match="until_decided: it is 1 or left out, not 'yes'"):
        read_options({"until_decided": "yes"}, OPTIONS)
