"""Facts of two fingerprints side by side: which of them differ, and which may without meaning anything.

Reading them is ``bench.probes``' and ``bench.agent.fingerprint``'s work; what a difference stops is the reader's.
"""

from collections.abc import Iterable, Mapping

from bench.model.fingerprint import Fact, Fingerprint, Unreadable

FSYNC_FACTS = ("fsync_per_s", "fsync_per_s_least", "fsync_per_s_most")
"""Of the disk, when the run began: median, least and most."""
VOLATILE = frozenset(
    {
        *FSYNC_FACTS, "free_bytes", "clock_synchronised", "nr_hugepages", "port", "unix_socket_directories",
        "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file",
    }
)  # fmt: skip
"""Facts that may differ between the parts of one run."""
HOURLY: Mapping[str, tuple[str, ...]] = {"disk": FSYNC_FACTS, "memory": ("nr_hugepages",)}
"""Of these, what tells boxes apart."""
SETTINGS = "postgresql.settings"


def stable(host: Fingerprint) -> dict[str, Fact]:
    """Flatten to group.name, settings and what else has parts one by one, without what differs from hour to hour."""
    found: dict[str, Fact] = {}
    for group, facts in host.facts.items():
        for name, fact in facts.items():
            if isinstance(fact, dict):
                found |= {f"{group}.{name}.{part}": value for part, value in fact.items()}
            else:
                found[f"{group}.{name}"] = fact
    return {name: fact for name, fact in found.items() if name.rpartition(".")[2] not in VOLATILE}


def comparable(host: Fingerprint) -> dict[str, Fact]:
    """Return the stable facts, and those that differ from hour to hour but tell boxes apart."""
    facts = stable(host)
    for group, names in HOURLY.items():
        for name in names:
            if name in host.facts.get(group, {}):
                facts[f"{group}.{name}"] = host.facts[group][name]
    return facts


def of_machine(host: Fingerprint) -> dict[str, Fact]:
    """Return the stable facts that no variant decides."""
    ours = (f"{SETTINGS}.", "postgresql.variant")
    return {name: fact for name, fact in stable(host).items() if not name.startswith(ours)}


def differences(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Return which facts of a run's host are others now: trials of both do not belong together."""
    return [f"{name}: {was} → {is_now}" for name, was, is_now in differing_facts(stable(before), stable(now))]


def differing_facts(one: Mapping[str, Fact], other: Mapping[str, Fact]) -> Iterable[tuple[str, str, str]]:
    """Return the names of facts that differ, with both in words."""
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield name, in_words(one.get(name)), in_words(other.get(name))


def huge_page_bytes(memory: Mapping[str, Fact]) -> int | None:
    """Return what is set aside in huge pages, of the facts of group ``memory``; None where that is not known."""
    count, size = memory.get("nr_hugepages"), memory.get("huge_page_bytes")
    if isinstance(count, int) and isinstance(size, int):
        return count * size
    return None


def in_words(fact: Fact | None) -> str:
    """Return a fact, or why there is none; of several things each."""
    match fact:
        case Unreadable(unreadable=why) | {"unreadable": str(why)}:
            return why
        case list():
            return ", ".join(map(in_words, fact)) or "none"
        case dict():
            return ", ".join(f"{name} {in_words(value)}" for name, value in fact.items()) or "none"
    return str(fact)
