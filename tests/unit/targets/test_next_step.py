"""What to do after an answer: the whole ladder, longer windows with their time, a proof; each with its command."""

import shlex
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis.durability import durability
from bench.analysis.ending import Trust
from bench.model.cuts import Unflushed
from bench.model.record import Cpu
from bench.plan.design import PROFILES
from bench.results.read import ladder_of
from bench.store.run_directory import RunDirectory
from bench.targets.next_step import longer_if_rough, next_of_cuts, with_next
from tests.builders import a_host, a_plan, a_record, again, compared_run, doubtful, pulled, written
from tests.cuts import cut
from tests.cuts import plan as plan_of_cuts
from tests.experiments import planned
from tests.sweeps import planned as sweep_of
from tests.unit.plan.test_promise import searching

FULL = Cpu(host_pct=98, steal_pct=0, client_cores=0.5, server_cores=3.3)


@pytest.fixture(autouse=True)
def _by_name(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pgladder"])
    monkeypatch.delenv("MAKELEVEL", raising=False)


def asked(tmp_path, *records, given=None, host=None, **changes):
    run = pulled(*records, host=replace(a_host(), host=host or socket.gethostname()))
    run = replace(run, plan=replace(a_plan(*(each.trial for each in records)), **changes))
    directory = RunDirectory(written(tmp_path / "run", run))
    return with_next(ladder_of(run), directory, given or {}).answer.next


def climb(**changes):
    return [a_record(number, phase, **changes) for number, phase in enumerate(("1", "2-B", "2-G"), 1)]


def test_of_slow_rungs_alone_the_whole_ladder_comes_next(tmp_path):
    step = asked(tmp_path, a_record(1, "1"), a_record(2, "1-B"))
    assert step.what == "climb the whole ladder"
    assert shlex.split(step.command)[1:] == ["run"]


def test_a_rough_number_is_measured_longer_with_the_plans_own_estimate(tmp_path):
    step = asked(tmp_path, *climb())
    assert step.what == "measure longer"
    assert shlex.split(step.command)[1:] == ["run", "--profile", "standard", "--phases", "1", "2-B", "2-G"]
    standard = PROFILES["standard"]
    trials = 3 * standard.blocks
    assert step.seconds > trials * (standard.warm_up_s + standard.window_s)
    assert step.seconds < 2 * trials * (standard.warm_up_s + standard.window_s)


def test_the_next_longer_profile_is_offered_and_none_after_the_longest(tmp_path):
    long = {"profile": "standard", "warm_up_s": 5, "window_s": 20}
    assert "--profile thorough" in asked(tmp_path, *climb(), **long).command


def test_who_had_company_is_told_to_close_it(tmp_path):
    company = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy", 0.45)
    assert asked(tmp_path, *climb(validity=company)).what == "close other programs and measure longer"


def test_after_a_good_number_its_suspect_is_proved(tmp_path):
    quiet = [a_record(n, "2-G", block=n, seconds=20, cpu=FULL) for n in (1, 2, 3)]
    step = asked(tmp_path, *quiet, profile="standard", warm_up_s=5, window_s=20)
    assert step.what == "prove what stops it"
    assert shlex.split(step.command)[1:] == ["explain", "--phases", "2-G"]


def test_what_only_the_user_can_name_has_no_command(tmp_path):
    assert asked(tmp_path, *climb(), host="192.168.1.50").command is None
    assert asked(tmp_path / "dsn", *climb(), given={"dsn": "postgresql://me:secret@db"}).command is None


def test_for_boxes_it_is_makes_with_the_box_as_it_was_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["fab"])
    monkeypatch.setenv("MAKELEVEL", "1")
    step = asked(tmp_path, *climb(), host="n100-a", given={"limit": "n100-a"})
    assert shlex.split(step.command)[:4] == ["make", "ladder", "LIMIT=n100-a", "PROFILE=standard"]


# --- after other answers ---------------------------------------------------------------------------------------------

ROUGH = Trust(level="rough", within=None, trials=9, why=("windows of 2 s",))


def longer(tmp_path, question, plan, *records, trust=ROUGH, given=None):
    run = replace(pulled(*records), plan=plan, host=replace(a_host(), host=socket.gethostname()))
    directory = RunDirectory(tmp_path)
    directory.begin(plan)
    directory.write_host(run.host)
    return longer_if_rough(question, trust, run, directory, given or {})


def test_a_sweep_that_is_rough_is_made_again_by_longer_windows_in_the_words_that_asked_for_it(tmp_path):
    plan = sweep_of("pool=1,2,4", "2-B", blocks=4)
    step = longer(tmp_path, "sweep", plan)
    assert step.what == "measure longer"
    assert shlex.split(step.command) == [
        *("pgladder", "sweep", "--profile", "standard", "--blocks", "4", "--phases", "2-B", "--of", "pool=1,2,4"),
    ]
    assert 12 * 25 < step.seconds < 12 * 26 * 1.4, "up to three of ten trials again"


def test_a_grid_and_values_that_were_chosen_are_asked_for_as_they_were(tmp_path):
    grid = longer(tmp_path / "grid", "sweep", sweep_of("batch=1,10 pool=2,4", "2-C", blocks=3))
    assert sorted(shlex.split(grid.command)[-1].split()) == ["batch=1,10", "pool=2,4"]
    chosen = longer(tmp_path / "auto", "sweep", sweep_of("pool=auto", "2-B"))
    assert shlex.split(chosen.command)[-2:] == ["--of", "pool=auto"]


def test_of_noise_the_one_variant_is_named_and_not_what_it_is_set_against(tmp_path):
    run = again(compared_run({"stock": [100.0, 101, 99], "stock-again": [100.0, 99, 101]}))
    step = longer(tmp_path, "noise", replace(run.plan, warm_up_s=1, window_s=2))
    assert shlex.split(step.command)[:4] == ["pgladder", "noise", "--profile", "standard"]
    assert "again" not in step.command


def test_a_search_is_asked_for_by_its_promise_and_takes_nobody_knows_how_long(tmp_path):
    step = longer(tmp_path, "slo", searching(rate=6000.0))
    assert step.seconds is None
    assert shlex.split(step.command) == [
        *("pgladder", "slo", "--profile", "thorough", "--phases", "2-B", "--p99", "50ms", "--rate", "6000"),
    ]


def test_an_explanation_is_asked_for_without_its_experiments_which_take_their_time(tmp_path):
    plan = planned()
    step = longer(tmp_path, "explain", plan)
    words = shlex.split(step.command)
    assert words[:2] == ["pgladder", "explain"]
    assert step.seconds > len(plan.trials) * 25


def test_who_had_company_is_told_to_close_it_whatever_was_asked(tmp_path):
    company = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy", 0.45)
    step = longer(tmp_path, "sweep", sweep_of("pool=1,2", "2-B", blocks=3), a_record(1, "2-B", validity=company))
    assert step.what == "close other programs and measure longer"


def test_what_is_good_or_was_measured_longest_needs_nothing_more(tmp_path):
    plan = sweep_of("pool=1,2", "2-B", blocks=3)
    assert longer(tmp_path / "good", "sweep", plan, trust=replace(ROUGH, level="good")) is None
    assert longer(tmp_path / "thorough", "sweep", replace(plan, profile="thorough")) is None


def test_a_server_that_was_brought_is_named_by_no_command(tmp_path):
    plan = sweep_of("pool=1,2", "2-B", blocks=3)
    step = longer(tmp_path, "sweep", plan, given={"dsn": "postgresql://me:secret@db"})
    assert (step.what, step.command) == ("measure longer", None)


def test_cuts_go_on_and_few_are_made_more(tmp_path):
    half, few = (durability(plan_of_cuts(power=count), [cut()]) for count in (2, 1))
    step = next_of_cuts(half, plan_of_cuts(power=2), tmp_path / "a b", {})
    assert shlex.split(step.command) == ["pgladder", "durability", "--resume", f"{tmp_path}/a b"]
    step = next_of_cuts(few, plan_of_cuts(power=1), tmp_path, {})
    assert shlex.split(step.command)[2:] == ["--variants", "stock", "--layouts", "plain", "--cuts", "10"]
    many = durability(plan_of_cuts(power=10), [cut(number=number) for number in range(1, 11)])
    assert next_of_cuts(many, plan_of_cuts(power=10), tmp_path, {}) is None


def test_cuts_go_on_and_are_made_more_where_they_were_made(tmp_path):
    half, few = (durability(plan_of_cuts(power=count), [cut()]) for count in (2, 1))
    of_17 = replace(plan_of_cuts(power=1), version="17")
    given = {"data_dir": Path("/mnt/a b"), "bin_dir": [Path("/opt/pg/bin")], "postgres": "17"}
    step = next_of_cuts(half, plan_of_cuts(power=2), tmp_path, given)
    where = ["--bin-dir", "/opt/pg/bin", "--data-dir", "/mnt/a b"]
    assert shlex.split(step.command)[2:] == ["--resume", str(tmp_path), *where]
    step = next_of_cuts(few, of_17, tmp_path, given)
    assert shlex.split(step.command)[2:8] == ["--postgres", "17", *where]
    # Shown again, its plan still tells the major.
    step = next_of_cuts(few, of_17, tmp_path, {})
    assert shlex.split(step.command)[2:4] == ["--postgres", "17"]


def test_how_a_box_loses_its_power_is_not_kept_and_no_command_is_made_up(tmp_path):
    machine = plan_of_cuts(machine=2)
    proved = cut(how="machine", unflushed=Unflushed(said=9, left=4))
    step = next_of_cuts(durability(machine, [proved]), machine, tmp_path, {})
    assert (step.what, step.command) == ("cut what is left", None)
