"""A file of host keys (known_hosts), read and written as ssh reads it: a line ends at a line feed and nowhere else."""

import base64
import binascii
import hmac
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from bench.model.errors import UsageError
from bench.model.language import later, tr
from bench.store.files import is_no_file

INSTEAD = later("set UserKnownHostsFile to a file in your configuration of ssh, or known_hosts_file in the inventory")
FIELDS = re.compile(rb"([ \t]*)([^ \t]+)(.*)", re.DOTALL)
"""Of a line without a marker: indentation, names, the rest."""


def place(file: Path) -> Path:
    """Return where a key is recorded: the file itself, or what a link to it leads to.

    Raises:
        UsageError: nothing can be recorded there.

    """
    if str(file) == "none":
        raise UsageError(
            tr(
                "ssh's configuration looks for host keys nowhere (UserKnownHostsFile none): {instead}",
                instead=tr(INSTEAD),
            )
        )
    try:
        led = file.resolve()
    except RuntimeError as error:
        refused = tr(
            "host keys can't be recorded in {file}, a link that leads to itself: {instead}",
            file=file,
            instead=tr(INSTEAD),
        )
        raise UsageError(refused) from error
    if str(led) == os.devnull or is_no_file(led):
        refused = tr(
            "host keys can't be recorded in {file}, which is no regular file: {instead}",
            file=file,
            instead=tr(INSTEAD),
        )
        raise UsageError(refused)
    return led


def record(line: str, file: Path) -> None:
    """Put a key in the place of those recorded under its very name; what else the file holds stays.

    It stands before patterns that fit its name; from a line for several names its own is taken out.

    Raises:
        UsageError: nothing can be recorded there.

    """
    name = line.split(" ", 1)[0]
    file = place(file)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines, fit = _lines(file), _fitting(name, file)
    # ssh takes the first line that fits: the new one must stand before any pattern.
    first = min(fit, default=len(lines))
    kept = [*lines[:first], line.strip().encode()]
    for number, other in enumerate(lines[first:], first):
        left = _without(name, other) if number in fit else other
        if left is not None:
            kept.append(left)
    _replace(file, b"\n".join([*kept, b""]))


def holds_another(line: str, file: Path) -> bool:
    """Return whether another key is recorded under the name of this one: its very name, else a pattern that fits."""
    name, _, key = line.split()[:3]
    lines = _lines(file)
    fit = [lines[number] for number in _fitting(name, file)]
    # A line of its very name counts before a pattern, as ``record`` puts it first.
    own = [each for each in fit if _without(name, each) != each]
    return any(key.encode() not in each for each in own or fit)


def is_revoked(line: str, files: Sequence[Path]) -> bool:
    """Return whether the key is revoked in one of the files."""
    key = line.split()[2].encode()
    for file in files:
        for recorded in _lines(file):
            if recorded.startswith(b"@revoked") and key in recorded.split():
                return True
    return False


def _lines(file: Path) -> list[bytes]:
    if not file.is_file():
        return []
    lines = file.read_bytes().split(b"\n")
    # The last line may lack its line feed; where it has one, nothing follows.
    if not lines[-1]:
        lines.pop()
    return lines


def _fitting(name: str, file: Path) -> set[int]:
    """Return which lines (from 0) record a key that counts for a name: those with a marker do not."""
    if not file.is_file():
        return set()
    found = subprocess.run(["ssh-keygen", "-F", name, "-f", file], capture_output=True, check=False).stdout
    fit = set()
    for line in found.split(b"\n"):
        words = line.split()
        # "# Host NAME found: line N"; of a line with a marker a word more follows.
        if line.startswith(b"# Host ") and len(words) == 6:
            fit.add(int(words[5]) - 1)
    return fit


def _without(name: str, line: bytes) -> bytes | None:
    """Return a line that names other boxes too without this one; None: it names no other."""
    fields = FIELDS.fullmatch(line)
    assert fields
    indent, names, rest = fields.groups()
    left = [each for each in names.split(b",") if not _is(name, each)]
    if not left:
        return None
    return indent + b",".join(left) + rest


def _is(name: str, recorded: bytes) -> bool:
    """Return whether a name in the file is this one, as it is written or hashed; a pattern is not."""
    if not recorded.startswith(b"|1|"):
        return recorded.lower() == name.lower().encode()
    try:
        salt, digest = map(base64.b64decode, recorded.split(b"|")[2:4])
    except (binascii.Error, ValueError):
        return False
    # SHA-1 is what ssh's HashKnownHosts writes.
    return hmac.digest(salt, name.encode(), "sha1") == digest


def _replace(file: Path, content: bytes) -> None:
    """Put content in a file's place at once, with the owner and the mode that it had."""
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as part:
        part.write(content)
    try:
        if file.exists():
            before = file.stat()
            os.chown(part.name, before.st_uid, before.st_gid)
            shutil.copymode(file, part.name)
        Path(part.name).replace(file)
    except BaseException:
        Path(part.name).unlink()
        raise
