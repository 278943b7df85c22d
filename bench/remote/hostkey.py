"""What ``make trust`` does for one box: fetch its host key on the way that ssh takes, and record it where ssh looks.

``python -m bench.remote.hostkey look|record`` reads JSON from standard input (``name``, ``variables`` of Ansible's,
``fingerprint`` where one is wanted, ``line`` to record), and prints JSON.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.model.errors import PgladderError
from bench.model.language import tr
from bench.remote.complaints import meaning
from bench.remote.errors import NotTrustedError, RemoteError
from bench.remote.hosts import Host, host_of
from bench.remote.known_hosts import holds_another, is_revoked, place, record
from bench.remote.openssh import CONNECT_TIMEOUT_S, Way

KINDS = {
    "ed25519": "ssh-ed25519",
    "ecdsa": "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521",
    "rsa": "rsa-sha2-512,rsa-sha2-256",
}
"""As in the names of a box's key files, best first; and the algorithms of each."""
TIMEOUT_S = 3 * CONNECT_TIMEOUT_S
OTHER_KIND = "no matching host key type found"
LOOKING = {
    "GlobalKnownHostsFile": "/dev/null",
    "HashKnownHosts": "no",
    # A box shows its key before it lets anybody in, so no password or key of ours goes to it yet.
    "PreferredAuthentications": "none",
    "ConnectTimeout": CONNECT_TIMEOUT_S,
    "ControlMaster": "no",
    "BatchMode": "yes",
    "LogLevel": "INFO",
}
"""For the box alone: its gateways must be known."""


@dataclass(frozen=True, slots=True)
class Found:
    """A host key as the box shows it."""

    kind: str
    line: str
    """Of known_hosts."""
    fingerprint: str
    file: str
    """Where it is to be recorded."""
    others: bool
    """Another is recorded under this name."""


def look(host: Host, wanted: str = "") -> Found:
    """Return the box's best key, or the one with this fingerprint.

    Raises:
        RemoteError: the box can't be reached.
        NotTrustedError: it has no such key, or that was revoked.
        UsageError: a key can't be recorded where ssh looks for it.

    """
    way = Way(host)
    try:
        resolved = way.resolved()
        files = _files(resolved["userknownhostsfile"])
        place(files[0])
        shown = []
        for found in _keys(way, files[0]):
            shown.append(f"{found.kind} {found.fingerprint}")
            if wanted and found.fingerprint != wanted:
                continue
            if is_revoked(found.line, [*files, *_files(resolved["globalknownhostsfile"])]):
                raise NotTrustedError(host.name, tr("its host key was revoked: a line @revoked in known_hosts says so"))
            return found
    finally:
        way.close()
    there = ", ".join(shown)
    lacking = tr("it has no host key {wanted}, but {shown}; nothing was recorded", wanted=wanted, shown=there)
    raise NotTrustedError(host.name, lacking)


def _keys(way: Way, file: Path) -> Iterator[Found]:
    """Yield the keys that a box shows, of each kind; raises where it shows none."""
    stderr = ""
    for kind, algorithms in KINDS.items():
        kept = way.folder / kind
        options = {**LOOKING, "UserKnownHostsFile": kept, "HostKeyAlgorithms": algorithms}
        command = way.connecting("true", options)
        stderr = _ssh(command, way.environment(accept_new=True))
        if kept.is_file():
            line = kept.read_text().splitlines()[0]
            yield Found(kind, line, _fingerprint(line), str(file), others=holds_another(line, file))
        elif OTHER_KIND not in stderr:
            raise meaning(way.host, way.names(), stderr)
    if not any((way.folder / kind).is_file() for kind in KINDS):
        raise meaning(way.host, way.names(), stderr)


def _ssh(command: Sequence[str], env: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            timeout=TIMEOUT_S,
            env=env,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return "timed out"
    return done.stderr.decode(errors="replace")


def _fingerprint(line: str) -> str:
    shown = subprocess.run(["ssh-keygen", "-l", "-f", "-"], input=line, capture_output=True, text=True, check=True)
    return shown.stdout.split()[1]


def _files(words: str) -> list[Path]:
    """Return the files that ``ssh -G`` lists; one with a blank is not quoted there, but begins at a root or a home."""
    return [Path(word).expanduser() for word in re.split(r" (?=[/~])", words)]


def main() -> int:
    """Do what the first argument says; 1 and a sentence where it can't be done."""
    asked: dict[str, Any] = json.load(sys.stdin)
    try:
        if sys.argv[1:] == ["record"]:
            record(asked["line"], Path(asked["file"]))
        else:
            host = host_of(asked["name"], asked["variables"])
            print(json.dumps(asdict(look(host, asked.get("fingerprint", "")))))  # noqa: T201
    except PgladderError as error:
        print(error.reason if isinstance(error, RemoteError) else error, file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(f"{asked.get('file', asked['name'])}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
