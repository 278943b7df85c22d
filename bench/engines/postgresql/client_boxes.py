"""The client boxes of a provisioned cluster, as its own box knows them: who they are, and how a client starts there.

Ansible makes them (role ``client``): ``bench.box.client_box`` writes down here what is known of them, and
``bench.box.client_of`` lets this box's key in there, for one command alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from bench.engines.postgresql.session import ServerError
from bench.model.box import AdmittedClient, ProvisionedCluster, provisioned
from bench.model.codec import DAMAGED
from bench.model.endpoint import Endpoint
from bench.model.errors import HostError
from bench.workload.client_boxes import ClientBox

KEY = "id_ed25519"
SSH = ("ssh", "-F", "none", "-T", "-a", "-x")
"""By no configuration; no terminal, no agent and no display is passed on."""
OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "ControlPath=none",
    "ConnectTimeout=10",
    # A connection that is gone without a word ends within these 15 s.
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
)


def file_of(cluster: ProvisionedCluster, address: str) -> Path:
    """Return the file of the client box at an address."""
    return cluster.clients_directory / f"{address}.json"


def known_hosts_of(cluster: ProvisionedCluster, address: str) -> Path:
    """Return the file with the host keys of the client box at an address."""
    return cluster.clients_directory / f"{address}.known_hosts"


def admitted_clients(cluster: ProvisionedCluster) -> list[AdmittedClient]:
    """Return the client boxes that the cluster lets in, by name.

    Raises:
        HostError: what is known of one can't be read.

    """
    found: list[AdmittedClient] = []
    for file in cluster.clients_directory.glob("*.json"):
        try:
            found.append(msgspec.json.decode(file.read_bytes(), type=AdmittedClient))
        except (*DAMAGED, OSError) as error:
            raise HostError(f"{file} can't be read: {error}; make that box a client box again.") from error
    return sorted(found, key=lambda client: client.name)


def admitted_addresses(cluster: ProvisionedCluster) -> list[str]:
    """Return their addresses."""
    return [client.address for client in admitted_clients(cluster)]


def ssh(cluster: ProvisionedCluster, client: AdmittedClient) -> tuple[str, ...]:
    """Return the command that starts a client on a client box; there it stands for one command, whatever is asked.

    What is asked is the release that this box runs: another one there refuses.
    """
    words = [*SSH]
    known = known_hosts_of(cluster, client.address)
    for option in (*OPTIONS, f"UserKnownHostsFile={known}", f"HostKeyAlias={client.address}"):
        words += ["-o", option]
    words += ["-i", str(cluster.clients_directory / KEY), "-p", str(client.port), "-l", client.user, client.address]
    if box := provisioned():
        words.append(box.release)
    return tuple(words)


def client_boxes(cluster: ProvisionedCluster, endpoint: Endpoint, count: int) -> Sequence[ClientBox]:
    """Return the first so many client boxes, by name.

    Args:
        cluster: of this box.
        endpoint: how clients of this box reach it by TLS.
        count: how many.

    Raises:
        ServerError: there are fewer by now.

    """
    admitted = admitted_clients(cluster)
    if len(admitted) < count:
        raise ServerError(f"the trial is for {count} client boxes, and this box has {len(admitted)}; make a new plan")
    found: list[ClientBox] = []
    for client in admitted[:count]:
        verified = {**endpoint.parameters, "sslrootcert": client.certificate}
        there = replace(endpoint, host=client.server_address, parameters=verified)
        found.append(ClientBox(name=client.name, command=ssh(cluster, client), endpoint=there))
    return found
