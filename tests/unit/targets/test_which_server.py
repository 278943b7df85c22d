"""Which server ``pgladder run`` measures where /etc/pgladder.toml is, and where its results go."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.engines.engine import engines
from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.model.plan import Plan
from bench.plan.design import PROFILES, Design, make_plan
from bench.targets.here import _box_to_measure, _place_of_results, _private
from bench.targets.target import Request
from bench.workload.phase import ladder

BOX = SimpleNamespace(runs=Path("/var/lib/pgladder/runs"))


@pytest.fixture(autouse=True)
def _on_a_provisioned_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.targets.here.provisioned", lambda: BOX)


def plan(harness: str) -> Plan:
    design = Design(
        phases=["1"],
        variants=["stock"],
        layouts=["plain"],
        transports=["tcp"],
        profile=PROFILES["quick"],
        profile_name="quick",
        overrides={},
    )
    variants = {"stock": as_variant("stock", "")}
    created = "2026-01-01T00:00:00+00:00"
    return make_plan(design, ladder(), as_variant("harness", harness), variants, run="r", created=created, seed=1)


OF_CLUSTER, OF_PRIVATE = plan("port = 5544\n"), plan("ssl = off\n")


def test_the_cluster_is_measured_unless_another_server_is_named() -> None:
    assert _box_to_measure(Request(), None) is BOX
    for other in ({"dsn": "postgresql:///"}, {"data_dir": Path("/x")}, {"bin_dir": Path("/x")}):
        assert _box_to_measure(Request(given=other), None) is None


def test_a_run_goes_on_with_the_kind_of_server_it_began_on() -> None:
    resumed = Request(given={"resume": Path("/x")})
    assert _box_to_measure(resumed, OF_CLUSTER) is BOX
    assert _box_to_measure(resumed, OF_PRIVATE) is None


def test_a_plan_made_for_a_cluster_is_refused_by_a_private_server() -> None:
    with pytest.raises(UsageError, match="made for the cluster of a provisioned box"):
        _private(Request(given={"data_dir": Path("/x")}), OF_CLUSTER, engines()["postgresql"], {})


def test_results_go_where_the_unit_looks_for_them() -> None:
    assert _place_of_results("r", BOX) == Path("/var/lib/pgladder/runs/r")
