"""What of a host must be known before its numbers are read."""

from collections import defaultdict
from collections.abc import Mapping

from bench.model.fingerprint import OURS, SERVERS, Fact, Fingerprint, Unreadable, quota_cores
from bench.model.language import tr


def host_notes(host: Fingerprint) -> list[str]:
    """Return what of the host must be known before its numbers are read."""
    facts: defaultdict[str, dict[str, Fact]] = defaultdict(dict, host.facts)
    cpu, limits = facts["cpu"], facts["pgladder"].get("limits")
    notes = _machine_notes(facts["system"], cpu) + _under_quota(host)
    if facts["disk"].get("kind") == "memory":
        notes.append(tr("The data is in memory: flushing costs nothing here, and a power cut takes everything."))
    if isinstance(limits, list):
        notes.append(tr("This is an external server: {limits}.", limits="; ".join(limits)))
    if boxes := facts["pgladder"].get("client_boxes"):
        notes.append(
            tr(
                "Clients ran on client boxes, up to {count} of them: what else ran there, and whether heat, power or a"
                " CPU quota held them up, was not observed.",
                count=boxes,
            )
        )
    return notes


def _machine_notes(system: dict[str, Fact], cpu: dict[str, Fact]) -> list[str]:
    """Return what of the machine itself must be known: whose it is, and whether heat is seen."""
    container = system.get("container", "none")
    notes = []
    if isinstance(container, str) and container != "none":
        notes.append(
            tr(
                "This is a container ({kind}): kernel and its settings are its host's, and its numbers describe the"
                " machine it ran on.",
                kind=container,
            )
        )
        notes += _void_settings(system)
    elif system.get("hypervisor") is True:
        notes.append(tr("This is a virtual machine: its numbers describe the machine it ran on."))
    elif isinstance(cpu.get("throttle_counters"), Unreadable):
        notes.append(tr("Whether the processor was slowed for heat is not known: this kernel does not count it."))
    return notes


def _under_quota(host: Fingerprint) -> list[str]:
    """Say what a quota left to clients and server: then what was seen is that it works."""
    own, server = quota_cores(host, OURS), quota_cores(host, SERVERS)
    of_server = host.facts.get("cpu", {}).get(f"{SERVERS}quota_cores")
    held = [(own, tr("the clients")), (server, tr("the server"))]
    if own == server or of_server is None or isinstance(of_server, Unreadable):
        held = [(own, tr("this box"))]
    return [
        tr(
            "Under quota, functional: a CPU quota of {cores:g} cores held for {whom}, and the rates are that part's."
            " What hardware gives: the same command on a box without one (HOST=…).",
            cores=cores,
            whom=whom,
        )
        for cores, whom in held
        if cores is not None
    ]


def _void_settings(system: Mapping[str, Fact]) -> list[str]:
    """Say which kernel settings of provisioning are void, as they are in a container: its kernel is its host's."""
    settings = system.get("knobs")
    if not isinstance(settings, Mapping):  # never provisioned, or an old record
        return []
    void = [name for name, state in settings.items() if str(state).startswith("not applicable: shared")]
    if not void:
        return []
    where, names = system["container"], ", ".join(void)
    return [tr("In this container ({where}) these are its host's to set: {names}.", where=where, names=names)]
