"""Standby: a box's cluster lets in one standby on another box, which Ansible makes there; and forgets it again."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from psycopg2.extensions import encrypt_password

from bench.agent.lock import one_run_at_a_time
from bench.engines.postgresql.admitted import admitted, told_in
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.client_boxes import admitted_addresses
from bench.engines.postgresql.following import FILE, NAME, FollowingStandby, told
from bench.engines.postgresql.provisioning import Provisioning
from bench.engines.postgresql.rendered import rendered
from bench.engines.postgresql.session import ServerError, Session
from bench.model.box import Provisioned, ProvisionedCluster
from bench.model.errors import HostError
from bench.model.plan import ASYNC
from bench.model.signals import undisturbed
from bench.store.files import write_whole

INCLUDED = f"include_if_exists '{FILE}'  # by pgladder, while it has a standby\n"
"""First in postgresql.conf, so that what a variant sets has the last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What the standby is to connect with."""

    changed: bool
    port: int
    certificate: str
    """The server's own, which it is known by."""
    password: str = ""
    """A new one; empty: it has one."""


def look(box: Provisioned, address: str) -> None:
    """See that a standby at this address could be let in now; an empty address: that any could.

    Raises:
        HostError: it can't; says why, and what would help.

    """
    with one_run_at_a_time():
        _check(box.cluster, address)


def _check(cluster: ProvisionedCluster, address: str) -> None:
    if cluster.replica_of:
        raise HostError(f"its cluster is a standby itself, of {cluster.replica_of}: name that box instead")
    if not cluster.root_certificate:
        raise HostError("its cluster offers no TLS: set postgresql_tls there, make provision, then run this again")
    if address and (there := admitted(cluster)) not in {"", address}:
        raise HostError(
            f"its cluster has a standby already, at {there}: make teardown on that box, or where that is gone, on this"
            f" one: sudo -u {cluster.role} pgladder box standby --remove {there}"
        )


def admit(box: Provisioned, address: str, *, new_password: bool) -> Admitted:
    """Let a standby at this address in; with ``new_password`` it is about to be made, and gets a new slot too.

    Raises:
        HostError: as ``look``; or its slot was lost.
        ServerError: it can't be brought into force; what was before is again.

    """
    cluster = box.cluster
    with one_run_at_a_time(), undisturbed():
        _check(cluster, address)
        changed = new_password or admitted(cluster) != address
        provisioning = _provisioning(cluster, address)
        if changed:
            with _written_down(cluster, address):
                write_whole(told_in(cluster), told(ASYNC).encode())
                _include(cluster, included=True)
                provisioning.bring_into_force(new_password=False)
        with closing(provisioning.connect()) as session:
            password = _give(session) if new_password else ""
            _check_slot(session)
    certificate = (cluster.configuration_directory / "server.crt").read_text()
    return Admitted(changed=changed, port=cluster.port, certificate=certificate, password=password)


def dismiss(box: Provisioned, address: str) -> bool:
    """Forget the standby at this address; return whether there was anything of it.

    Raises:
        HostError: a run is under way.
        ServerError: it can't be done; what was before is in force.

    """
    cluster = box.cluster
    with one_run_at_a_time(), undisturbed():
        if admitted(cluster) != address:
            return False
        provisioning = _provisioning(cluster, "")
        provisioning.bring_into_force(new_password=False)  # from now on it can't connect again
        with closing(provisioning.connect()) as session:
            FollowingStandby.drop_slot(session)
            session.run(f"DROP ROLE IF EXISTS {NAME}")
        _include(cluster, included=False)
        told_in(cluster).unlink(missing_ok=True)
        provisioning.swapping.reload()
        cluster.standby_address.unlink()
    return True


def _provisioning(cluster: ProvisionedCluster, standby: str) -> Provisioning:
    texts = rendered(cluster, standby, admitted_addresses(cluster))
    return Provisioning(cluster, find_binaries(cluster.version), texts)


@contextmanager
def _written_down(cluster: ProvisionedCluster, address: str) -> Iterator[None]:
    """Write down who is let in, before it is so; as it was where that fails."""
    before = admitted(cluster)
    write_whole(cluster.standby_address, f"{address}\n".encode())
    try:
        yield
    except ServerError:
        if not before:
            cluster.standby_address.unlink()
        raise


def _include(cluster: ProvisionedCluster, *, included: bool) -> None:
    """Have postgresql.conf read what the cluster is told of its standby, or not."""
    file = cluster.configuration_directory / "postgresql.conf"
    before = file.read_text()
    after = before.replace(INCLUDED, "")
    if included:
        after = INCLUDED + after
    if after != before:
        write_whole(file, after.encode())


def _give(session: Session) -> str:
    """Make role and slot anew; return the role's new password."""
    password = secrets.token_urlsafe(24)
    # Encrypted here: whatever the server logs of its statements, the password is not in it.
    FollowingStandby.make_role(session, encrypt_password(password, NAME, session.connection, "scram-sha-256"))
    FollowingStandby.drop_slot(session)
    FollowingStandby.make_slot(session)
    return password


def _check_slot(session: Session) -> None:
    """See that the slot still keeps what the standby needs.

    Raises:
        HostError: it does not: the standby can't go on.

    """
    if (status := FollowingStandby.look(session).wal_status) in {None, "lost"}:
        gone = "is gone" if status is None else "gave up WAL that the standby still needs"
        raise HostError(f"the replication slot {NAME} {gone}: make teardown on the standby's box, then make provision")
