"""The fingerprint of a run: the host's facts, and PostgreSQL's."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.model import Fact, Fingerprint, Plan, Unreadable
from bench.probes import host_facts
from bench.probes.fsync import fsync_per_second
from bench.server.server import Server
from bench.server.session import Session

NOT_SHARED = ("listen_addresses", "primary_conninfo", "cluster_name")
"""Settings that may hold addresses or names of people's machines."""
VOLATILE = frozenset(
    {
        "free_bytes", "fsync_per_s", "clock_synchronised", "nr_hugepages", "port", "unix_socket_directories",
        "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file",
    }
)  # fmt: skip
"""Facts that may differ between the parts of one run."""


def take_fingerprint(plan: Plan, host: str, server: Server, bin_dir: Path | None, limits: Sequence[str]) -> Fingerprint:
    """Read everything that could explain a difference between two hosts; takes about three seconds."""
    directory = server.data_directory()
    facts = host_facts(directory or Path("/"))
    if directory is None:
        facts["disk"] = {"all": Unreadable(unreadable="the server's data directory can't be seen from here")}
    facts["disk"]["fsync_per_s"] = _fsync(bin_dir, directory)
    with closing(server.session()) as session:
        facts["postgresql"] = {"variant": plan.variants[0].name, **postgresql_facts(session)}
    if limits:
        facts["pgladder"]["limits"] = list(limits)
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    return Fingerprint(host=host, run=plan.run, taken=taken, facts=facts)


def differences(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Return which facts of a run's host are others now: trials of both do not belong together."""
    was, is_now = _stable(before), _stable(now)
    changed = sorted(name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name))
    return [f"{name}: {_words(was.get(name))} → {_words(is_now.get(name))}" for name in changed]


def _words(fact: Fact | None) -> str:
    return fact.unreadable if isinstance(fact, Unreadable) else str(fact)


def _stable(host: Fingerprint) -> dict[str, Fact]:
    """Flatten to group.name, settings one by one, without what differs from one hour to the next."""
    facts = {f"{group}.{name}": fact for group, facts in host.facts.items() for name, fact in facts.items()}
    settings = facts.pop("postgresql.settings", {})
    if isinstance(settings, dict):
        facts |= {f"postgresql.settings.{name}": value for name, value in settings.items()}
    return {name: fact for name, fact in facts.items() if name.rpartition(".")[2] not in VOLATILE}


def _fsync(bin_dir: Path | None, directory: Path | None) -> Fact:
    if bin_dir is None or directory is None:
        return Unreadable(unreadable="pg_test_fsync needs the server's programs and its data directory")
    return fsync_per_second(bin_dir, directory)


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
