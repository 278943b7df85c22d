"""The fingerprint of a run: the host's facts, and PostgreSQL's."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from bench.engines.engine import ManagedServer, Server
from bench.model.fingerprint import Fact, Fingerprint, Unreadable
from bench.probes.allowance import allowance_facts
from bench.probes.facts import host_facts
from bench.probes.fsync import fsync_facts
from bench.probes.source import LIVE
from bench.store.run_directory import now


def take_fingerprint(
    run: str,
    host: str,
    variant: str,
    server: Server,
    limits: Sequence[str],
    versions: Mapping[str, Mapping[str, Fact]] | None = None,
    engines: Mapping[str, Mapping[str, Fact]] | None = None,
    *,
    client_boxes: int = 0,
) -> Fingerprint:
    """Read everything that could explain a difference between two hosts.

    Args:
        run: its name.
        host: the machine that the server runs on, this one or another.
        variant: the one in force, which PostgreSQL's settings are of.
        server: the one that is measured.
        limits: what of an external server can't be controlled or observed.
        versions: what the server is in each version of the run, where it has several.
        engines: what the servers beside it are, by engine.
        client_boxes: on how many other machines clients run at most.

    """
    directory = server.data_directory()
    facts = host_facts(directory or Path("/"))
    if directory is None:
        facts["disk"] = {"all": Unreadable(unreadable="the server's data directory can't be seen from here")}
    facts["cpu"] |= _processors(server)
    facts["disk"] |= _flushes(directory, server)
    with closing(server.session()) as session:
        facts["postgresql"] = {"variant": variant, **session.facts()}
    if isinstance(server, ManagedServer):
        facts["postgresql"] |= server.built
    if versions:
        facts["postgresql"]["versions"] = dict(versions)
    if engines:
        facts["engines"] = {name: dict(found) for name, found in engines.items()}
    if host != (here := socket.gethostname()):
        facts["pgladder"]["clients_on"] = here
    if limits:
        facts["pgladder"]["limits"] = list(limits)
    if client_boxes:
        facts["pgladder"]["client_boxes"] = client_boxes
    return Fingerprint(host=host, run=run, taken=now(), facts=facts)


def _processors(server: Server) -> dict[str, Fact]:
    """Return what the server may use of the processors, which may be other than what we may."""
    postmaster = server.postmaster()
    if postmaster is None:
        return {"server": Unreadable(unreadable="its processes can't be seen from here")}
    return {f"server_{name}": fact for name, fact in allowance_facts(LIVE, postmaster).items()}


def _flushes(directory: Path | None, server: Server) -> dict[str, Fact]:
    wal = server.wal_place(directory) if directory else None
    if not server.exclusive or not isinstance(wal, Path):
        why = "not measured: nothing is written beside the data of somebody's server"
        return {"fsync_per_s": Unreadable(unreadable=why)}
    return fsync_facts(wal)
