"""What ssh's last words mean, and what to do next."""

import re

from bench.model.language import later, tr
from bench.remote.errors import NotAdmittedError, NotTrustedError, RemoteError, UnreachableError
from bench.remote.hosts import Host

RECORDED = re.compile(r"host key is known for (\S+) and you have requested")
CHANGED = re.compile(r"[Hh]ost key for (\S+) has changed")
REVOKED = re.compile(r"host key for (\S+) (?:is marked as|was) revoked")
REFUSED = re.compile(r"^pgladder: (.*)", re.MULTILINE)
"""By path/ssh beside this."""
REACHED = re.compile(r"connect to host (\S+) port \d+: ")
DENIED = re.compile(r"^(\S+@\S+): Permission denied", re.MULTILINE)
ADDRESS = re.compile(r"\[(?P<address>.*)\]:(?P<port>\d+)")
UNREACHABLE = {
    "Connection refused": later("it refuses connections to that port: is its sshd running?"),
    "timed out|Timeout, server": later("no answer in time"),
    "No route to host|Network is unreachable": later(
        "there is no route to it: is it switched on, and on this network?"
    ),
    "Could not resolve hostname": later("no address is known for that name"),
    "Connection reset|Connection closed|Broken pipe|closed by remote host": later("it hung up"),
}
UNTRUSTED = (
    (
        REVOKED,
        later("its host key was revoked, so it is not talked to: a line @revoked in known_hosts says so"),
        later(
            "the host key of its gateway {name} was revoked, so it is not talked to: a line @revoked in known_hosts"
            " says so"
        ),
    ),
    (
        CHANGED,
        later("its host key is not the one recorded; if it was reinstalled: {trust}"),
        later("the host key of its gateway {name} is not the one recorded; if it was reinstalled: {trust}"),
    ),
    (
        RECORDED,
        later("its host key is not recorded yet: {trust}"),
        later("the host key of its gateway {name} is not recorded yet: {trust}"),
    ),
)
"""By what ssh says: of the box itself, and of a gateway."""


def meaning(host: Host, names: set[str], stderr: str, *, passphrase: bool = False) -> RemoteError:
    """Return the error that ssh's words stand for.

    Args:
        host: the box that ssh should have reached.
        names: by which its key may be recorded; another in ssh's words is that of a gateway.
        stderr: what ssh wrote to standard error.
        passphrase: it asked for that of a key, and nobody knew it.

    """
    if untrusted := _untrusted(names, stderr):
        return NotTrustedError(host.name, untrusted)
    if passphrase:
        return NotAdmittedError(
            host.name, tr("the SSH key has a passphrase: ssh-add it first, or call fab with --prompt-for-passphrase")
        )
    if denied := DENIED.search(stderr):
        return _denied(host, names, denied[1])
    if "Too many authentication failures" in stderr:
        return NotAdmittedError(host.name, tr("it ends the connection after too many keys: name yours by KEY="))
    reason = _known(stderr) or _last(stderr) or tr("ssh does not say why")
    # Where ssh fails to connect to another machine than the box, that is a gateway on the way.
    if (reached := REACHED.search(stderr)) and reached[1] not in names | {host.address}:
        by = tr("can't be reached by its gateway {gateway} ({reason})", gateway=reached[1], reason=reason)
        return UnreachableError(host.name, by)
    return UnreachableError(host.name, not_reached(host, reason))


def not_reached(host: Host, reason: object) -> str:
    """Say that a box can't be reached, and why."""
    return tr("can't be reached at {address} ({reason})", address=host.address, reason=reason)


def _untrusted(names: set[str], stderr: str) -> str:
    for pattern, own, gateways in UNTRUSTED:
        if found := pattern.search(stderr):
            return _whose(found[1], names, own, gateways)
    if refused := REFUSED.search(stderr):
        return refused[1]
    if "Host key verification failed" in stderr:
        return tr("a host key could not be verified ({reason}): make trust", reason=_last(stderr))
    return ""


def lost(stderr: str) -> str:
    """Say why a connection ended that was there."""
    return _known(stderr) or _last(stderr) or tr("it hung up")


def _known(stderr: str) -> str:
    for pattern, reason in UNREACHABLE.items():
        if re.search(pattern, stderr):
            return tr(reason)
    return ""


def _whose(name: str, names: set[str], own: str, gateways: str) -> str:
    name = name.rstrip(".")
    if name in names:
        return tr(own, trust="make trust")
    trust = f"make trust HOST={name}"
    if found := ADDRESS.fullmatch(name):
        trust = f"make trust HOST={found['address']} PORT={found['port']}"
    return tr(gateways, name=name, trust=trust)


def _denied(host: Host, names: set[str], who: str) -> RemoteError:
    user, _, at = who.rpartition("@")
    if at not in names | {host.address}:
        return NotAdmittedError(
            host.name, tr("its gateway does not let in {who}: copy your key there by ssh-copy-id", who=who)
        )
    refused = tr(
        "sshd does not accept {user} at {address}: ssh-copy-id your key, or name another by KEY=",
        user=user,
        address=host.address,
    )
    return NotAdmittedError(host.name, refused)


def _last(stderr: str) -> str:
    return (stderr.strip().splitlines() or [""])[-1].strip()
