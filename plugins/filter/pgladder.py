"""Filters of the plays: what boxes and Debian's tools say, as people are told it and what to do about it. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.model.plain import harmless
from bench.remote.wheelhouse import release

FACT = re.compile(r"([a-z_]+)=(.*)")
AGAIN = "; see to that, then run this again"
SAYS_WHAT_NEXT = re.compile(r"run this again|make provision")
PUBLIC_KEY = 6
"""The tag of a packet with a key (RFC 4880, 4.3); a subkey's is 14."""
NO_REASON = "non-zero return code"
"""What Ansible says of a program that failed; the reason is in what the program printed."""


def pgladder_facts(lines: Iterable[str]) -> dict[str, str]:
    """Return what the probe says, ``key=value`` a line, and not what a shell greets everybody with."""
    facts: dict[str, str] = {}
    for line in lines:
        if fact := FACT.match(harmless(line)):
            facts[fact[1]] = fact[2]
    return facts


def pgladder_words(value: Any) -> list[str]:
    """Return the words of a list, or of a text, with blanks or commas between."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, Iterable):
        return [word for each in value for word in pgladder_words(each)]
    return [str(value)]


def pgladder_box(text: str) -> dict[str, Any]:
    """Return what a box's /etc/pgladder.toml says of its cluster; nothing where that is no such file."""
    try:
        cluster = tomllib.loads(text.replace("\r", "")).get("cluster", {})
    except tomllib.TOMLDecodeError:
        return {}
    return cluster if {"name", "role", "max_connections"} <= cluster.keys() else {}


def pgladder_fingerprints(armored: str) -> list[str]:
    """Return the fingerprint of each key that an armored file holds (RFC 4880, 6.2 and 12.2); none where it is none."""
    found = re.search(r"-----BEGIN PGP PUBLIC KEY BLOCK-----.*?\n\s*\n(.*?)\n(=\S{4}\n)?-----END", armored, re.DOTALL)
    if not found:
        return []
    data = base64.b64decode(found[1])
    return [_fingerprint(body) for tag, body in _packets(data) if tag == PUBLIC_KEY]


def _fingerprint(body: bytes) -> str:
    # Of version 4 by its definition, which has nothing to do with how safe SHA-1 is.
    return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False).hexdigest().upper()


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the body of each packet (RFC 4880, 4.2); lengths that are partial are of no key."""
    at = 0
    while at < len(data):
        head, first = data[at], data[at + 1]
        if head & 0x40:
            tag = head & 0x3F
            bytes_of_length = 1 if first < 192 else 2 if first < 224 else 5
            length = first
            if bytes_of_length == 2:
                length = ((first - 192) << 8) + data[at + 2] + 192
            elif bytes_of_length == 5:
                length = int.from_bytes(data[at + 2 : at + 6], "big")
        else:
            tag, bytes_of_length = (head & 0x3C) >> 2, 1 << (head & 3)
            length = int.from_bytes(data[at + 1 : at + 1 + bytes_of_length], "big")
        at += 1 + bytes_of_length
        yield tag, data[at : at + length]
        at += length


def pgladder_known(text: str) -> dict[str, Any]:
    """Return what the table of systems (bench/probes/systems.toml) says: ``systems`` and ``processors``."""
    return tomllib.loads(str(text))


def pgladder_bootable(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the systems that a virtual mini-PC can have, by the word of ``SYSTEM=``: Debian's alone are built."""
    return {name.replace(" ", ""): entry for name, entry in table.items() if name.startswith("debian ")}


def pgladder_systems(table: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the systems of the table as people read them, and which of them no test runs on."""
    names: list[str] = []
    for system in table.values():
        untested = "" if system["tested"] else " (not tested)"
        names.append(f"{system['name']}{untested}")
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def pgladder_not_applicable(settings: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the settings that do not apply on this box, each with the reason."""
    return [harmless(f"{row['name']}: {row['state']}") for row in settings if row["state"].startswith("not applicable")]


def pgladder_states(settings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the state of each setting once all were proved; a check reports what provisioning would make of them."""
    return {row["name"]: row["state"].replace("differs", "set") for row in settings}


def pgladder_release(checkout: str) -> str:
    """Return the release of a checkout, as boxes name it."""
    return release(Path(checkout))


def pgladder_holds(found: Mapping[str, Any], path: str, mode: str, text: str | None = None) -> bool:
    """Return whether a file that was found is root's, has this mode and this text; without a text: whether a folder is.

    Args:
        found: what ``ansible.builtin.find`` returned; without files where nobody looked.
        path: of the file.
        mode: of the file, as ``0644``.
        text: that it shall have.

    """
    [each] = [each for each in found.get("files", ()) if each["path"] == path] or [{}]
    if [each.get(name) for name in ("mode", "pw_name", "gr_name")] != [mode, "root", "root"]:
        return False
    if text is None:
        return bool(each["isdir"])
    # Files are compared, nothing is trusted by it; copy and template compare them likewise.
    return bool(each.get("checksum") == hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


# --- what a task that failed says -------------------------------------------------------------------------------------


def _found(pattern: str, text: str, otherwise: str) -> str:
    match = re.search(pattern, text)
    return match[0].strip() if match else otherwise


def _locked(said: str) -> str:
    holder = _found(r"(held by process|with pid) [0-9]+( [(][^)]*[)])?", said, "unknown")
    return f"another program is installing packages ({holder}); run this again when it has finished"


def _disk_full(_: str) -> str:
    return "its disk is full; free some space and run this again"


def _unreachable_source(said: str) -> str:
    source = _found(r"[^/ ]*://[^/ ]+", said, "no name given")
    return (
        f"a package source could not be reached ({source}); see to the network of the box or its"
        " package sources (/etc/apt/sources.list, /etc/apt/sources.list.d), then run this again"
    )


def _lacking_package(said: str) -> str:
    package = _found(r"(?<=Unable to locate package )\S+|(?<=Package .)[^ ']+|(?<=matching ')[^']+", said, "a package")
    return (
        f"its package sources lack {package}: see that they name the system it runs (/etc/apt/sources.list,"
        " /etc/apt/sources.list.d), or take another postgresql_source, then run this again"
    )


def _not_ours(said: str) -> str:
    changes = said.partition("not ours to change: ")[2].splitlines()[0].strip()
    return (
        f"installing its packages would change others that are there already: {changes}; bring it up to date"
        " yourself (sudo apt-get upgrade), or take another postgresql_source, then run this again"
    )


def _account(said: str) -> str:
    complaint = _found(r"(user|group)del: .*", said, "")
    return f"{complaint}; end what that user does there, then run this again"


def _packages(said: str) -> str:
    complaint = _found(r"(E:|dpkg: error) .*", said, said)
    return f"its packages could not be changed: {complaint}{AGAIN}"


def _as_said(said: str) -> str:
    last = re.sub(r"^pgladder: |[. \r]+$", "", said.splitlines()[-1] if said else "it failed and gave no reason")
    return last if SAYS_WHAT_NEXT.search(last) else f"{last}{AGAIN}"


COMPLAINTS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"Could not get lock|Unable to acquire|frontend lock was locked|database is locked|Failed to lock apt", _locked),
    (r"No space left on device", _disk_full),
    (r"Failed to fetch|Temporary failure resolving|Could not resolve|Could not connect", _unreachable_source),
    (r"Unable to locate package|has no installation candidate|No package matching", _lacking_package),
    (r"not ours to change: ", _not_ours),
    (r"(user|group)del: ", _account),
    (r"(^|\n)(E:|dpkg: error)", _packages),
    (r"", _as_said),
)
"""The first that fits what was said, and what people are told."""


def pgladder_means(result: Mapping[str, Any], name: str = "") -> str:
    """Return why a task failed on a box and what to do next, in one sentence without that name and its full stop."""
    said = _said(result).removeprefix(f"{name}: ")
    return next(means(said) for pattern, means in COMPLAINTS if re.search(pattern, said))


def _said(result: Mapping[str, Any]) -> str:
    for item in result.get("results", ()):  # of a loop: the item that failed
        if item.get("failed"):
            return _said(item)
    message = str(result.get("msg", ""))
    # Over ssh what a shell prints is all in stdout; in stderr is that the connection was closed.
    printed = f"{result.get('stderr', '')}\n{result.get('stdout', '')}".strip()
    if message and not message.startswith(NO_REASON) and not printed:
        return harmless(message).strip()
    return harmless(printed or message).strip()


# --- what ssh says ----------------------------------------------------------------------------------------------------


def pgladder_ssh_means(message: str, name: str, address: str, port: Any, user: str) -> str:
    """Return why a box could not be reached and what to do next, in one sentence without its full stop."""
    said = harmless(str(message))
    if ours := re.search(r"(?<=pgladder: ).*", said):  # bench/remote/ansible_ssh.py
        return ours[0]
    trust = f"`{_trust(name, address, port)}`"
    nothing_answers = f"nothing answers at {address}; is it on, and is the address right?"
    means = {
        "REMOTE HOST IDENTIFICATION HAS CHANGED": "its host key is not the one recorded. If it was reinstalled,"
        f" {trust} shows the new key; if it was not, somebody may stand in between",
        "Host key verification failed": f"its host key is not recorded yet; {trust} shows and records it",
        "Permission denied": f"the user {user} may not log in with the key offered; name another by USER_NAME= or KEY=,"
        " or copy your key there with ssh-copy-id",
        "Connection timed out": nothing_answers,
        "No route to host": nothing_answers,
        "Connection refused": f"no sshd listens at {address} port {port}; install openssh-server or name another by"
        " PORT=",
    }
    for complaint, sentence in means.items():
        if complaint in said:
            return sentence
    last = (said.splitlines() or [""])[-1]
    return f"ssh could not connect: {last}"


def _trust(name: str, address: str, port: Any) -> str:
    """Return the command that shows its key: as the inventory knows it, port and all; else by its address."""
    if address != name:
        return f"make trust LIMIT={name}"
    other_port = f" PORT={port}" if int(port) != 22 else ""
    return f"make trust HOST={address}{other_port}"


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        filters: tuple[Callable[..., Any], ...] = (
            *(pgladder_facts, pgladder_words, pgladder_box, pgladder_fingerprints),
            *(pgladder_known, pgladder_bootable, pgladder_systems),
            *(pgladder_not_applicable, pgladder_states, pgladder_holds, pgladder_release),
            *(pgladder_means, pgladder_ssh_means),
        )
        return {each.__name__: each for each in filters}
