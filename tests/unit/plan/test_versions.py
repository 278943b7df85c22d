"""Several versions of the database in one plan: a factor like any other, with variants rendered for each."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.analysis.noise import is_aa
from bench.engines.postgresql.variants import Machine, harness_for
from bench.model.codec import from_json, to_json
from bench.model.errors import DataError, HostError, UsageError
from bench.model.plan import Plan
from bench.plan.check import check_consistent, check_plan
from bench.plan.contrast import candidates_of, cell_of, factor_of, texts_of_variants, varying
from bench.plan.estimate import estimate
from bench.plan.request import make_design, versions
from bench.plan.with_variants import plan_with
from bench.tuning.hardware import Hardware
from bench.workload.phase import ladder

MACHINE = Machine(Hardware(ram_mb=16384, cores=4, disk="nvme", disk_gb=500), huge_page_bytes=0)


def plan_of(*majors, **words) -> Plan:
    design = make_design({"phases": ["2-C", "2-G"], "blocks": 4, **words}, transports=["tcp"])
    design = replace(design, versions=majors)
    harness = harness_for(100, tls=False)
    return plan_with(design, MACHINE, 100, harness, run="r", created="2026-11-28T10:00:00+00:00", seed=7)


def test_each_block_has_each_version_once_in_an_order_of_its_own():
    plan = plan_of("15", "17", "18")
    check_plan(plan, ladder())
    orders: dict[int, list[tuple[str, str]]] = {}
    for trial in plan.trials:
        orders.setdefault(trial.block, []).append((trial.phase, trial.version))
    assert all(Counter(order) == Counter(orders[1]) for order in orders.values())
    assert len(orders[1]) == 6
    assert len(set(map(tuple, orders.values()))) > 1


def test_versions_are_the_factor_that_needs_no_word_the_oldest_is_the_baseline():
    plan = plan_of("18", "15", "17")
    assert varying(plan) == ["phase", "version"]
    assert factor_of(plan) == "version"
    assert candidates_of(plan, "version") == ["15", "17", "18"]
    assert {cell_of(trial, "version").version for trial in plan.trials} == {None}
    assert {cell_of(trial, "variant").version for trial in plan.trials} == {"15", "17", "18"}


def test_a_variant_is_rendered_for_each_version_and_a_trial_is_of_the_one_for_its_own():
    plan = plan_of("15", "18", variants=["stock pgtune-oltp"])
    check_consistent(plan)
    assert plan.versions == ["15", "18"]
    texts = {version: plan.variants_by_arm["pgtune-oltp", version, None].text for version in plan.versions}
    assert "io_method" in texts["18"]
    assert "io_method" not in texts["15"]


def test_of_one_version_trials_name_none_so_that_runs_of_different_ones_are_compared():
    [old, new] = [plan_of(version) for version in ("15", "18")]
    assert old.versions == ["15"]
    assert {trial.version for trial in old.trials + new.trials} == {None}
    assert old.trials == new.trials


def test_a_variant_of_another_major_is_refused_by_name_where_it_is_asked_for():
    plan = plan_of("17", "18", variants=["stock io-sync"])
    assert plan.variants_by_arm["io-sync", "18", None].refused is None
    assert "PostgreSQL 17 has no io_method" in plan.variants_by_arm["io-sync", "17", None].refused
    with pytest.raises(HostError, match="PostgreSQL 17 has no io_method"):
        plan_of("17", variants=["io-sync"])


def test_among_all_variants_those_of_other_majors_are_not():
    names = {
        version: {variant.name for variant in plan_of(version, variants=["all"]).variants} for version in ["15", "18"]
    }
    assert names["18"] - names["15"] == {"io-sync", "io-uring", "io-worker"}
    assert names["15"] <= names["18"]


def test_a_plan_whose_trial_is_of_a_version_that_it_lacks_is_refused():
    plan = plan_of("15", "17")
    for version in ("18", None):
        broken = replace(plan, trials=(replace(plan.trials[0], version=version), *plan.trials[1:]))
        with pytest.raises(DataError, match="no variant of the plan"):
            check_consistent(broken)


def test_a_plan_of_before_names_no_version_and_is_read_as_it_was():
    plan = plan_of("15")
    text = to_json(plan).replace(b'"version":"15",', b"").replace(b'"version":null,', b"")
    read = from_json(text, Plan, "plan.json")
    check_consistent(read)
    assert read.versions == []
    assert read.trials == plan.trials


def test_each_servers_wal_is_reckoned():
    one, three = (plan_of(*majors) for majors in (["15"], ["15", "17", "18"]))
    least = [estimate(plan, plan.trials[:1]).disk_bytes for plan in (one, three)]
    assert least[1] > least[0] + (1 << 30)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({}, []),
        ({"postgres": "17"}, ["17"]),
        ({"versions": ["15 17", "18"]}, ["15", "17", "18"]),
        ({"versions": ["15,18"]}, ["15", "18"]),
    ],
)
def test_versions_are_asked_for_by_their_numbers(words, found):
    assert versions(words) == found


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"versions": ["15 pg17"]}, "'pg17' is no major of PostgreSQL"),
        ({"versions": ["9"]}, "'9' is no major"),
        ({"versions": ["15 17 15"]}, "names a major twice"),
        ({"versions": ["15"], "postgres": "17"}, "give one of the two"),
    ],
)
def test_what_is_no_version_is_refused(words, why):
    with pytest.raises(UsageError, match=why):
        versions(words)


def test_noise_is_measured_with_one_version():
    design = replace(make_design({"phases": ["2-C"]}, transports=["tcp"]), versions=["15", "17"], against_itself=True)
    with pytest.raises(UsageError, match="one version, not with 2"):
        plan_with(design, MACHINE, 100, harness_for(100, tls=False), run="r", created="2026-11-28T10:00:00Z", seed=1)


def test_one_variant_in_two_versions_is_no_variant_against_itself():
    plan = plan_of("15", "17")
    assert len(plan.variants) == 2
    assert plan.variants[0].sha256 == plan.variants[1].sha256
    assert not is_aa(plan)


def test_variants_of_several_versions_are_named_with_their_version():
    assert list(texts_of_variants(plan_of("15", "17"))) == ["stock of 15", "stock of 17"]
    assert list(texts_of_variants(plan_of("15"))) == ["stock"]
