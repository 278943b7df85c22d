"""What a box's cluster says of the standby on another box that it lets in: in its files, and to commits."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.admitted import AdmittedStandby, admitted, network, told_in
from bench.engines.postgresql.engine import ENGINE
from bench.engines.postgresql.following import Followed, told
from bench.engines.postgresql.rendered import rendered
from bench.model.box import ProvisionedCluster
from bench.model.errors import HostError
from tests.unit.engines.test_provisioned import cluster

__all__ = ["cluster"]


def lines(file: bytes) -> list[str]:
    return file.decode().splitlines()


def test_one_address_is_let_in_by_tls_and_the_cluster_listens_for_it(cluster: ProvisionedCluster) -> None:
    cluster = replace(cluster, root_certificate="server.crt")
    alone, followed = rendered(cluster, "", ()), rendered(cluster, "10.0.0.2", ())
    added = set(lines(followed["pg_hba"])) - set(lines(alone["pg_hba"]))
    assert added == {"hostssl replication pgladder_standby 10.0.0.2/32 scram-sha-256"}
    harness = "10-harness.conf"
    changed = set(lines(followed[harness])) - set(lines(alone[harness]))
    assert changed == {"listen_addresses = '*'"}
    assert alone["20-variant.conf"] == followed["20-variant.conf"]


@pytest.mark.parametrize(("address", "cidr"), [("10.0.0.2", "10.0.0.2/32"), ("fd00::2", "fd00::2/128"), ("", "")])
def test_an_address_is_a_network_of_one(address: str, cidr: str) -> None:
    assert network(address) == cidr


def test_who_is_let_in_is_written_down(cluster: ProvisionedCluster) -> None:
    assert admitted(cluster) == ""
    cluster.standby_address.write_text("10.0.0.2\n")
    assert admitted(cluster) == "10.0.0.2"


def test_what_a_run_that_was_killed_left_is_taken_back(cluster: ProvisionedCluster) -> None:
    file, reloaded = told_in(cluster), []
    file.write_text(told("on"))
    followed = Followed(
        connect=pytest.fail, endpoint=pytest.fail, reload=lambda: reloaded.append(1), write=file.write_text
    )
    AdmittedStandby(followed, file).tell("async")
    assert file.read_text() == "max_slot_wal_keep_size = 1024MB\n"
    AdmittedStandby(followed, file).tell("async")
    assert reloaded == [1]


def test_no_commit_of_the_agents_waits_for_a_standby() -> None:
    assert told(None) == ""
    assert "synchronous_commit = local\n" in told("remote_apply")
    assert "synchronous" not in told("async")


def test_a_standby_is_not_measured(cluster: ProvisionedCluster) -> None:
    with pytest.raises(HostError, match="was made as a standby of n100-a, which takes no writes: measure that box"):
        ENGINE.provisioned(replace(cluster, replica_of="n100-a"))
