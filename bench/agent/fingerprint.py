"""The fingerprint of a run: the host's facts, and PostgreSQL's."""

import socket
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.agent.durability import wal_place
from bench.engines.engine import Server
from bench.engines.postgresql.session import Session
from bench.model.fingerprint import Fact, Fingerprint, Unreadable
from bench.probes import host_facts
from bench.probes.allowance import allowance_facts
from bench.probes.fsync import fsync_facts
from bench.probes.source import LIVE
from bench.store.run_directory import now

NOT_SHARED = ("listen_addresses", "primary_conninfo", "cluster_name")
"""Settings that may hold addresses or names of people's machines."""


def take_fingerprint(run: str, host: str, variant: str, server: Server, limits: Sequence[str]) -> Fingerprint:
    """Read everything that could explain a difference between two hosts; takes about a second.

    ``host`` is the machine that the server runs on, this one or another; ``variant`` the one in force, which
    PostgreSQL's settings are of.
    """
    directory = server.data_directory()
    facts = host_facts(directory or Path("/"))
    if directory is None:
        facts["disk"] = {"all": Unreadable(unreadable="the server's data directory can't be seen from here")}
    facts["cpu"] |= _of_server(server.postmaster())
    facts["disk"] |= _flushes(directory, server)
    with closing(server.session()) as session:
        facts["postgresql"] = {"variant": variant, **postgresql_facts(session)}
    if host != (here := socket.gethostname()):
        facts["pgladder"]["clients_on"] = here
    if limits:
        facts["pgladder"]["limits"] = list(limits)
    return Fingerprint(host=host, run=run, taken=now(), facts=facts)


def _of_server(postmaster: int | None) -> dict[str, Fact]:
    """Return what of the processors the server may use, which may be other than what we may."""
    if postmaster is None:
        return {"server": Unreadable(unreadable="its processes can't be seen from here")}
    return {f"server_{name}": fact for name, fact in allowance_facts(LIVE, postmaster).items()}


def _flushes(directory: Path | None, server: Server) -> dict[str, Fact]:
    wal = wal_place(directory) if directory else None
    if not server.exclusive or not isinstance(wal, Path):
        why = "not measured: nothing is written beside the data of somebody's server"
        return {"fsync_per_s": Unreadable(unreadable=why)}
    return fsync_facts(wal)


def postgresql_facts(session: Session) -> dict[str, Fact]:
    """Return PostgreSQL's version and every setting that is not at its built-in value."""
    changed = session.rows(
        "SELECT name, current_setting(name) FROM pg_settings WHERE setting IS DISTINCT FROM boot_val"
        " AND source NOT IN ('session', 'client') ORDER BY name"
    )
    return {
        "version": str(session.value("SELECT version()")),
        "settings": {name: value for name, value in changed if name not in NOT_SHARED},
    }
