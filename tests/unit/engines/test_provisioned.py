import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from bench.engines.postgresql.provisioned import ProvisionedServer, made_for_cluster
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import ServerError
from bench.engines.postgresql.variants import harness_for
from bench.model.box import ProvisionedCluster
from bench.model.errors import HostError, UsageError
from bench.model.plan import Plan
from bench.plan.design import PROFILES, Design, make_plan
from bench.workload.phase import ladder

HARNESS = as_variant("harness", "port = 5544\nmax_connections = 300\n")


@pytest.fixture
def cluster(tmp_path: Path) -> ProvisionedCluster:
    for name, text in {
        "conf.d/10-harness.conf": HARNESS.text,
        "pg_hba.conf": "local all all peer\n",
        "proved/10-harness.conf": HARNESS.text,
        "proved/20-variant.conf": "",
        "proved/pg_hba": "local all all peer\n",
        "pgpass": "*:*:*:me:secret\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return ProvisionedCluster(
        name="15/pgladder",
        unit="postgresql@15-pgladder.service",
        port=5544,
        socket_directory=tmp_path,
        data_directory=tmp_path,
        configuration_directory=tmp_path,
        harness_file=tmp_path / "conf.d" / "10-harness.conf",
        variant_file=tmp_path / "conf.d" / "20-variant.conf",
        variant="stock",
        log_file=tmp_path / "log",
        max_connections=100,
        database="postgres",
        role=pwd.getpwuid(os.geteuid()).pw_name,
        password_file=tmp_path / "pgpass",
        root_certificate="",
    )


def plan(harness=HARNESS, transport: str = "tcp") -> Plan:
    design = Design(
        phases=["1"],
        variants=["stock"],
        layouts=["plain"],
        transports=[transport],
        profile=PROFILES["quick"],
        profile_name="quick",
        overrides={},
    )
    variants = {"stock": as_variant("stock", "")}
    return make_plan(design, ladder(), harness, variants, run="r", created="2026-01-01T00:00:00+00:00", seed=1)


def refusal(cluster: ProvisionedCluster, asked: Plan, connections: int = 10) -> str:
    with pytest.raises(HostError) as refused:
        ProvisionedServer(cluster, Path("/nowhere")).check_plan(asked, connections)
    return str(refused.value)


def test_the_cluster_takes_its_own_harness_and_is_reached_with_its_password(cluster: ProvisionedCluster) -> None:
    server = ProvisionedServer(cluster, Path("/nowhere"))
    server.check_plan(plan(), 10)
    assert server.endpoint("tcp").password == "secret"
    server.close()  # nothing was begun: nothing is touched


def test_what_is_staged_lies_in_our_home_and_goes_with_the_run_however_it_ends(cluster, tmp_path, monkeypatch) -> None:
    staged = tmp_path / "staged"  # beside the password file

    def stage(directory: Path, *_: object) -> None:
        assert directory == staged
        directory.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr("bench.engines.postgresql.provisioned.Staging", stage)
    server = ProvisionedServer(cluster, Path("/nowhere"))
    with pytest.raises(KeyboardInterrupt):
        server.create(HARNESS, tls=False)
    server.close()
    assert not staged.exists()


@pytest.mark.parametrize("name", ["conf.d/10-harness.conf", "pg_hba.conf"])
def test_what_a_provisioning_that_was_killed_left_behind_is_named_and_nothing_is_measured(cluster, tmp_path, name):
    (tmp_path / name).write_text("another\n")
    server = ProvisionedServer(cluster, Path("/nowhere"))
    with pytest.raises(ServerError, match=f"{name} is not the one that was proved last; provision this box again"):
        server.create(HARNESS, tls=False)


def test_another_user_is_told_how(cluster: ProvisionedCluster) -> None:
    with pytest.raises(UsageError, match="sudo -u somebody pgladder run"):
        ProvisionedServer(replace(cluster, role="somebody"), Path("/nowhere"))


def test_a_plan_with_another_harness_is_refused(cluster: ProvisionedCluster) -> None:
    assert "make the plan anew" in refusal(cluster, plan(as_variant("harness", HARNESS.text + "# a word\n")))


def test_a_plan_that_needs_more_connections_is_refused_with_the_variable(cluster: ProvisionedCluster) -> None:
    assert "raise postgresql_max_connections" in refusal(cluster, plan(), 101)


def test_tls_where_there_is_none_is_refused_with_the_variable(cluster: ProvisionedCluster) -> None:
    assert "set postgresql_tls" in refusal(cluster, plan(transport="tls"))


def test_files_of_provisioning_that_are_gone_are_named(cluster: ProvisionedCluster) -> None:
    cluster.password_file.unlink()
    with pytest.raises(HostError, match=r"pgpass can't be read .*; provision this box again"):
        ProvisionedServer(cluster, Path("/nowhere"))


def test_a_plan_tells_which_kind_of_server_it_was_made_for() -> None:
    assert made_for_cluster(plan())
    assert not made_for_cluster(plan(harness_for(40, tls=False)))


@pytest.mark.parametrize("program", ["exec sleep 60", "echo no bus >&2; exit 1"])
def test_a_service_manager_that_does_not_answer_is_named(
    cluster: ProvisionedCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("bench.engines.postgresql.provisioned.ANSWER_TIMEOUT_S", 0.2)
    with pytest.raises(ServerError, match=r"postgresql@15-pgladder\.service"):
        ProvisionedServer(cluster, Path("/nowhere")).postmaster()
