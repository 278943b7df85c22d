"""The standby on another box that a provisioned cluster lets in, as its primary sees it.

Ansible makes it there (role ``replica``), and ``bench.box.standby`` lets it in and takes it away again; a run waits for
it and looks after it (``following``), and never makes or removes it.
"""

from ipaddress import ip_address, ip_network
from pathlib import Path

import psycopg

from bench.engines.postgresql.following import FILE, RELEASE, Followed, FollowingStandby
from bench.model.box import ProvisionedCluster
from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.model.values import Replica, Transport


def admitted(cluster: ProvisionedCluster) -> str:
    """Return the address of the standby that is let in; empty: there is none."""
    try:
        return cluster.standby_address.read_text().strip()
    except FileNotFoundError:
        return ""


def network(address: str) -> str:
    """Return the network of one address alone, in CIDR notation; empty for none."""
    return str(ip_network(ip_address(address))) if address else ""


def told_in(cluster: ProvisionedCluster) -> Path:
    """Return the file that tells the cluster of its standby."""
    return cluster.configuration_directory / FILE


class AdmittedStandby(FollowingStandby):
    """It runs on another machine: what is known of it is what its primary says."""

    def __init__(self, primary: Followed, file: Path) -> None:
        super().__init__(primary)
        self._told = file.read_text() if file.exists() else None

    def follow(self, level: Replica) -> None:
        """Have commits wait for it so far, and wait until it has caught up.

        Raises:
            ServerError: it does not.

        """
        self._level, self.trouble = level, None
        self.tell(level)
        self._catch_up()

    def endpoint(self, transport: Transport) -> Endpoint:
        """Refuse: clients do not reach the other box."""
        raise UsageError(f"Nobody reads by {transport} on a standby on another box.")

    def postmaster(self) -> int | None:
        """See ``Standby.postmaster``: it is none of this machine."""
        return None

    def _ended(self) -> str | None:
        return None

    def _end(self, connection: psycopg.Connection) -> None:
        connection.execute(RELEASE)
