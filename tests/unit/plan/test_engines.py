"""A plan whose trials run on several kinds of database: which, in which layouts, under which variants."""

from dataclasses import replace

import pytest

from bench import seams
from bench.constraints.constraint import Place
from bench.engines.engine import Engine, engines
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import NULL, Parameters
from bench.plan.check import check_plan
from bench.plan.contrast import names_of_variants, varying
from bench.plan.design import PROFILES, Design, make_plan
from bench.plan.experiments import with_experiments
from bench.workload.phase import ladder
from tests.builders import a_plan, a_trial

PIECES = {
    "engines/extended.py": "from bench.engines.postgresql.engine import PostgreSQL\nENGINE = PostgreSQL()\n",
    "engines/other.py": """
from bench.engines.engine import Engine
from bench.engines.postgresql.render import as_variant
class Other(Engine):
    variant = as_variant("stock", "-- nothing of PostgreSQL\\n")
ENGINE = Other()
""",
    "layouts/stretched.sql": "-- engine: extended\n-- baseline: plain\nCREATE TABLE {schema}.events ();\n",
    "layouts/stretched-more.sql": "-- in more\n-- engine: extended\nCREATE TABLE {schema}.events ();\n",
    "layouts/heap.sql": "-- in a heap\n-- engine: other\nCREATE TABLE {schema}.events ();\n",
    "phases/phase_3x.py": """
from dataclasses import replace
from bench.workload.phases.phase_2d import PHASE
PHASE = replace(PHASE, engine="extended", layout="stretched", usual=False)
""",
    "phases/phase_3y.py": """
from dataclasses import replace
from bench.workload.phases.phase_2g import PHASE
PHASE = replace(PHASE, engine="other", layout="heap", usual=False)
""",
}
VARIANTS = {name: as_variant(name, f"# {name}\n") for name in ("stock", "async-commit")}


@pytest.fixture(autouse=True)
def pieces(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    for name, text in PIECES.items():
        file = tmp_path / name
        file.parent.mkdir(mode=0o755, exist_ok=True)
        file.write_text(text)
        file.chmod(0o644)
    monkeypatch.setenv(seams.VARIABLE, str(tmp_path))
    for listed in (ladder, engines):
        listed.cache_clear()
    yield
    monkeypatch.undo()
    for listed in (ladder, engines):
        listed.cache_clear()


def planned(**changes):
    design = Design(
        phases=["2-D", "3-X", "3-Y"],
        variants=["stock", "async-commit"],
        layouts=["plain"],
        transports=["tcp"],
        profile=PROFILES["quick"],
        profile_name="quick",
        overrides={},
    )
    plan = make_plan(
        replace(design, **changes), ladder(), as_variant("harness", ""), VARIANTS, run="r", created="c", seed=3
    )
    check_plan(plan, ladder())
    return plan


def places(plan):
    return sorted(
        (trial.phase, trial.engine or "", trial.layout, trial.variant) for trial in plan.trials if trial.block == 1
    )


def test_each_rung_is_measured_on_its_own_engine_and_layout_in_the_same_blocks():
    plan = planned()
    assert places(plan) == [
        ("2-D", "", "plain", "async-commit"),
        ("2-D", "", "plain", "stock"),
        ("3-X", "extended", "stretched", "async-commit"),
        ("3-X", "extended", "stretched", "stock"),
        ("3-Y", "other", "heap", "stock"),
    ]
    assert plan.engine == "postgresql"
    assert sorted(plan.engines_beside) == ["extended", "other"]
    assert len(plan.trials) == 3 * 5
    assert not any(trial.experiment for trial in plan.trials)
    assert {"engines/extended.py", "engines/other.py", "phases/phase_3x.py", "layouts/heap.sql"} <= plan.pieces.keys()
    assert plan.baselines == {"stretched": "plain"}
    assert varying(plan) == ["variant", "phase", "engine"]


def test_a_variant_of_an_engine_is_no_other_arm_and_found_by_each_of_its_trials():
    plan = planned()
    assert names_of_variants(plan) == ["stock", "async-commit"]
    arms = plan.variants_by_arm
    found = {(trial.phase, arms[plan.arm_of(trial)].engine, arms[plan.arm_of(trial)].text) for trial in plan.trials}
    assert ("3-Y", "other", "-- nothing of PostgreSQL\n") in found
    assert ("3-X", None, "# stock\n") in found
    assert {engine for phase, engine, _ in found if phase != "3-Y"} == {None}


def test_a_layout_of_an_engine_takes_ordinary_phases_there():
    plan = planned(phases=["2-D", "3-X"], layouts=["plain", "stretched-more"], variants=["stock"])
    assert places(plan) == [
        ("2-D", "", "plain", "stock"),
        ("2-D", "extended", "stretched-more", "stock"),
        ("3-X", "extended", "stretched-more", "stock"),
    ]


def test_on_an_engine_of_the_plans_own_nothing_is_beside_it():
    plan = planned(phases=["2-D", "3-X"], engine="extended", layouts=["stretched"], variants=["stock"])
    assert places(plan) == [("2-D", "", "stretched", "stock"), ("3-X", "", "stretched", "stock")]
    assert plan.engines_beside == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"phases": ["2-D"], "layouts": ["heap"]}, "Phase 2-D writes to PostgreSQL, and the layout heap is of other"),
        ({"phases": ["3-X"], "layouts": ["no-index"]}, "The layout no-index means nothing to the phases asked for"),
        ({"engine": "other"}, "other is measured by rungs of its own, beside PostgreSQL"),
    ],
)
def test_what_no_engine_can_do_is_refused(asked, told):
    with pytest.raises(UsageError, match=told):
        planned(**asked)


def test_the_null_server_stands_in_for_what_speaks_postgresql_alone():
    plan = planned(ceiling=True, variants=["stock"])
    assert {trial.phase for trial in plan.trials if trial.engine == NULL} == {"2-D", "3-X"}
    assert {(trial.phase, trial.engine) for trial in plan.trials if trial.twin_of} == {
        ("2-D", None),
        ("3-X", "extended"),
        ("3-Y", "other"),
    }


def test_nothing_is_taken_away_from_what_speaks_no_postgresql():
    with pytest.raises(UsageError, match="Phase 3-Y is of other, of which nothing can be taken away: leave it out"):
        with_experiments(planned(variants=["stock"]), Place(managed=True))


@pytest.mark.parametrize(
    ("phase", "changes", "told"),
    [
        ("2-D", {"engine": "extended"}, "phase 2-D in the layout plain, is on extended, and they are of postgresql"),
        ("3-X", {"engine": "missing"}, "Unknown engine 'missing'"),
        ("3-Y", {"variant": "async-commit"}, "no variant of the plan"),
    ],
)
def test_a_plan_that_has_a_trial_on_another_engine_is_refused(phase, changes, told):
    plan = planned()
    trials = [replace(trial, **changes) if trial.phase == phase else trial for trial in plan.trials]
    with pytest.raises(DataError, match=told):
        check_plan(replace(plan, trials=tuple(trials)), ladder())


def test_a_variant_of_an_engine_is_taken_from_nobody_else():
    plan = planned()
    foreign = replace(as_variant("stock", "load this\n"), engine="other")
    variants = [foreign if variant.engine else variant for variant in plan.variants]
    with pytest.raises(DataError, match="has a variant of an engine that is not the one"):
        check_plan(replace(plan, variants=tuple(variants)), ladder())


def test_plans_of_one_engine_are_what_they_were():
    trial = a_trial(1, phase="2-D", parameters=Parameters(in_flight=5))
    plan = a_plan(trial)
    assert plan.arm_of(trial) == (trial.variant, None, None)
    assert isinstance(engines()["postgresql"], Engine)
    assert plan.engines_beside == []
