"""Client box: a box's cluster lets in clients of another box, which Ansible prepares there; and forgets it again.

The key by which this box starts clients there is made here once, and never leaves; what lets it in there is
``client_of``'s business.
"""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.agent.lock import one_run_at_a_time
from bench.box.units import ANSWER_S, command
from bench.engines.postgresql.admitted import admitted
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.client_boxes import (
    KEY,
    admitted_addresses,
    admitted_clients,
    file_of,
    known_hosts_of,
    ssh,
)
from bench.engines.postgresql.provisioning import Provisioning
from bench.engines.postgresql.rendered import rendered
from bench.model.box import AdmittedClient, Provisioned, ProvisionedCluster
from bench.model.errors import HostError, PgladderError
from bench.model.signals import undisturbed
from bench.store.files import write_whole

ANY_PORT = 9
"""Nothing is sent there: the kernel only says which address it would be sent from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedThere:
    """What the client box is to be given."""

    changed: bool
    public_key: str
    """By which this box comes."""
    comes_from: str
    """The address from which it does."""
    certificate: str
    """The server's own, which it is known by."""


def look(box: Provisioned) -> None:
    """See that clients of another box could be let in now.

    Raises:
        HostError: they can't; says why, and what would help.

    """
    with one_run_at_a_time():
        _check(box.cluster)


def _check(cluster: ProvisionedCluster) -> None:
    if cluster.replica_of:
        raise HostError(f"its cluster is a standby, of {cluster.replica_of}, and takes no writes: name that box")
    if not cluster.root_certificate:
        raise HostError("its cluster offers no TLS: set postgresql_tls there, make provision, then run this again")


def admit(box: Provisioned, client: AdmittedClient) -> AdmittedThere:
    """Let the clients of a box in.

    Raises:
        HostError: as ``look``; or there is no way to that box.
        ServerError: it can't be brought into force; what was before is again.

    """
    cluster = box.cluster
    with one_run_at_a_time(), undisturbed():
        _check(cluster)
        comes_from = _own_address(client.address)
        public_key = public_key_of(cluster.clients_directory)
        changed = client not in admitted_clients(cluster)
        with _written_down(cluster, client):
            changed |= _bring_into_force(cluster, admitted_addresses(cluster))
    certificate = (cluster.configuration_directory / "server.crt").read_text()
    return AdmittedThere(changed=changed, public_key=public_key, comes_from=comes_from, certificate=certificate)


def dismiss(box: Provisioned, address: str) -> bool:
    """Forget the client box at this address; return whether there was anything of it.

    Raises:
        HostError: a run is under way.
        ServerError: it can't be done; what was before is in force.

    """
    cluster = box.cluster
    with one_run_at_a_time(), undisturbed():
        if not file_of(cluster, address).exists():
            return False
        _bring_into_force(cluster, [each for each in admitted_addresses(cluster) if each != address])
        _forget(cluster, address)
    return True


def try_out(box: Provisioned, address: str) -> None:
    """Start a client on the box at this address, and end it before it has anything to do.

    Raises:
        HostError: it does not start; says what ssh, or that box, says of it.

    """
    found = [each for each in admitted_clients(box.cluster) if each.address == address]
    if not found:
        raise HostError(f"it has no client box at {address}: make provision CLIENT_OF= on that box")
    [client] = found
    # Without input there is no job, and it ends.
    try:
        command(*ssh(box.cluster, client), timeout_s=ANSWER_S)
    except PgladderError as error:
        where = f"{client.name} ({client.user}@{client.address}, port {client.port})"
        raise HostError(
            f"no client starts on {where}: {error}; see that its sshd lets this user in by its key, from this box"
        ) from error


def _own_address(where: str) -> str:
    """Return the address from which this machine reaches another."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(where, ANY_PORT, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise HostError(f"it finds no way to {where} ({error.strerror or error}): are both in one network?") from error


def public_key_of(directory: Path) -> str:
    """Return the public key of this box's pair, made where there is none: kind and key.

    Raises:
        HostError: it has no ssh.

    """
    directory.mkdir(mode=0o700, exist_ok=True)
    key, public = directory / KEY, directory / f"{KEY}.pub"
    # The public one is written last: where it is, both are whole.
    if not public.exists():
        if not shutil.which("ssh-keygen"):
            raise HostError("it has no ssh-keygen, and so no ssh: install openssh-client there, then run this again")
        key.unlink(missing_ok=True)
        made = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "pgladder", "-f", str(key))
        command(*made, timeout_s=ANSWER_S)
    return " ".join(public.read_text().split()[:2])


def _bring_into_force(cluster: ProvisionedCluster, clients: Sequence[str]) -> bool:
    """Have the cluster let these clients in; return whether that was new."""
    texts = rendered(cluster, admitted(cluster), clients)
    return Provisioning(cluster, find_binaries(cluster.version), texts).bring_into_force(new_password=False)


@contextmanager
def _written_down(cluster: ProvisionedCluster, client: AdmittedClient) -> Iterator[None]:
    """Write down who is let in, before it is so; as it was where that fails."""
    before = [each for each in admitted_clients(cluster) if each.address == client.address]
    write_down(cluster, client)
    try:
        yield
    except PgladderError:
        if before:
            write_down(cluster, before[0])
        else:
            _forget(cluster, client.address)
        raise


def write_down(cluster: ProvisionedCluster, client: AdmittedClient) -> None:
    """Write down what a client box is, and by which host keys it is known."""
    lines = [f"{client.address} {key}\n" for key in client.host_keys]
    write_whole(known_hosts_of(cluster, client.address), "".join(lines).encode())
    write_whole(file_of(cluster, client.address), msgspec.json.encode(client))


def _forget(cluster: ProvisionedCluster, address: str) -> None:
    """Leave nothing of a client box; with the last one the key goes too."""
    known_hosts_of(cluster, address).unlink(missing_ok=True)
    file_of(cluster, address).unlink()
    if not admitted_clients(cluster):
        shutil.rmtree(cluster.clients_directory)
