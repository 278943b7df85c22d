"""A box that already has a PostgreSQL cluster, and Python: neither is pgladder's; on the second box."""

from dataclasses import dataclass

import pytest

from tests.e2e.boxes import BOXES
from tests.e2e.lab import Lab, sentence

pytestmark = pytest.mark.slow  # which clusters and ports are taken: unit/inventory/test_cluster, integration/test_ports
BOX = BOXES[1]
NEIGHBOUR = """
sudo sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update &&
apt-get -qq install --no-install-recommends postgresql-15 python3 >/dev/null 2>&1'
"""
STATE = r"""
pg_lsclusters -h 15 main | grep main; sudo head -n 1 /var/lib/postgresql/15/main/postmaster.pid
sudo find /etc/postgresql/15/main -type f -exec md5sum {} + | sort
dpkg-query -W -f '${Package} ${Version}\n' 'postgresql*'
sudo -u postgres psql -At -p 5432 -c "SELECT count(*) FROM mine"
"""
STOPPED = """
sudo pg_createcluster 15 stopped --port 5499 --start-conf manual >/dev/null
echo "port = '5544'" | sudo -u postgres tee -a /var/lib/postgresql/15/stopped/postgresql.auto.conf
"""
REMOVED = "python3-pip-whl"  # its configuration is there still
# As a box with another language sorted them.
OTHER_ORDER = "cd /var/lib/pgladder-found; for file in found/* installed-packages; do sort -r -o $file $file; done"


@dataclass(frozen=True)
class Found:
    """What there was before pgladder came."""

    state: str
    all_of_it: set[str]


@pytest.fixture(scope="module")
def found(lab: Lab) -> Found:
    lab.run(BOX, NEIGHBOUR)
    offered = lab.run(BOX, f"apt-cache policy {REMOVED} | sed -n 's/ *Candidate: //p'").strip()
    lab.package(BOX, REMOVED, offered)
    lab.run(BOX, f"sudo dpkg -r {REMOVED}")
    lab.run(BOX, "cd / && sudo -u postgres psql -p 5432 -c 'CREATE TABLE mine AS SELECT 1 AS x'")
    return Found(lab.run(BOX, STATE), lab.snapshot(BOX))


@pytest.mark.usefixtures("found")
def test_neither_another_cluster_nor_its_port_is_taken(lab: Lab) -> None:
    taken = lab.play("provision", BOX, "-e", "postgresql_cluster=main", "-e", "postgresql_port=5432")
    assert "There is a cluster 15/main that pgladder did not make; choose another name" in (
        said := sentence(taken, BOX)
    )
    assert "The cluster 15/main is configured for port 5432" in said
    lab.run(BOX, STOPPED)
    taken = lab.play("provision", BOX)
    lab.run(BOX, "sudo pg_dropcluster 15 stopped")
    assert "The cluster 15/stopped is configured for port 5544, whether it runs now or not" in sentence(taken, BOX)


@pytest.mark.usefixtures("found")
def test_a_teardown_of_what_was_never_made_ready_finds_nothing(lab: Lab) -> None:
    nothing = lab.play("teardown", BOX, "--check")
    assert nothing.returncode == 0, nothing.stdout


def test_a_check_changes_nothing(lab: Lab, found: Found) -> None:
    checked = lab.play("provision", BOX, "--check", "--diff")
    assert checked.returncode == 0, checked.stdout
    assert "+d /var/lib/pgladder 0750 pgladder pgladder" in checked.stdout
    assert lab.snapshot(BOX) == found.all_of_it


def test_another_cluster_stays_untouched(lab: Lab, found: Found) -> None:
    said = lab.play("provision", BOX)
    assert said.returncode == 0, said.stdout
    assert lab.run(BOX, STATE) == found.state


def test_the_cluster_that_was_made_is_no_other(lab: Lab) -> None:
    refused = lab.play("provision", BOX, "-e", "postgresql_cluster=main")
    assert refused.returncode != 0
    assert "pgladder's cluster here is 15/pgladder, not 15/main" in " ".join(refused.stdout.split())


def test_torn_down_it_is_as_it_was_found_whatever_name_is_given(lab: Lab, found: Found) -> None:
    lab.run(BOX, f"sudo sh -c '{OTHER_ORDER}'")
    said = lab.play("teardown", BOX, "-e", "postgresql_cluster=main")  # goes by the name written down
    assert said.returncode == 0, said.stdout
    assert lab.run(BOX, STATE) == found.state
    assert lab.snapshot(BOX) ^ found.all_of_it == set()
