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
from bench.store.files import is_no_file

INSTEAD = "set UserKnownHostsFile to a file in your configuration of ssh, or known_hosts_file in the inventory"
FIELDS = re.compile(rb"([ \t]*)([^ \t]+)(.*)", re.DOTALL)
"""Of a line without a marker: indentation, names, the rest."""


def place(file: Path) -> Path:
    """Return where a key is recorded: the file itself, or what a link to it leads to.

    Raises:
        UsageError: nothing can be recorded there.

    """
    if str(file) == "none":
        raise UsageError(f"ssh is told to look for host keys nowhere (UserKnownHostsFile none): {INSTEAD}")
    try:
        led = file.resolve()
    except RuntimeError as error:
        raise UsageError(f"host keys can't be recorded in {file}, a link that leads to itself: {INSTEAD}") from error
    if str(led) == os.devnull or (is_no_file(led)):
        raise UsageError(f"host keys can't be recorded in {file}, which is no regular file: {INSTEAD}")
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
    first = min(fit, default=len(lines))
    rest = [_without(name, each) if number in fit else each for number, each in enumerate(lines)][first:]
    kept = [*lines[:first], line.strip().encode(), *(each for each in rest if each is not None)]
    _replace(file, b"".join(each + b"\n" for each in kept))


def holds_another(line: str, file: Path) -> bool:
    """Tell whether another key is recorded under the name of this one: its very name, else a pattern that fits."""
    name, _, key = line.split()[:3]
    lines = _lines(file)
    fit = [lines[number] for number in _fitting(name, file)]
    own = [each for each in fit if _without(name, each) != each]
    return any(key.encode() not in each for each in own or fit)


def is_revoked(line: str, files: Sequence[Path]) -> bool:
    """Tell whether the key is revoked in one of the files."""
    key = line.split()[2].encode()
    lines = [each for file in files for each in _lines(file)]
    return any(each.startswith(b"@revoked") and key in each.split() for each in lines)


def _lines(file: Path) -> list[bytes]:
    lines = file.read_bytes().split(b"\n") if file.is_file() else [b""]
    return lines if lines[-1] else lines[:-1]


def _fitting(name: str, file: Path) -> set[int]:
    """Return which lines (from 0) record a key that counts for a name: those with a marker do not."""
    if not file.is_file():
        return set()
    found = subprocess.run(["ssh-keygen", "-F", name, "-f", file], capture_output=True, check=False).stdout
    words = [line.split() for line in found.split(b"\n") if line.startswith(b"# Host ")]
    return {int(line[5]) - 1 for line in words if len(line) == 6}  # "# Host NAME found: line N"


def _without(name: str, line: bytes) -> bytes | None:
    """Return a line that names other boxes too without this one; None: it names no other."""
    fields = FIELDS.fullmatch(line)
    assert fields
    indent, names, rest = fields.groups()
    left = [each for each in names.split(b",") if not _is(name, each)]
    return indent + b",".join(left) + rest if left else None


def _is(name: str, recorded: bytes) -> bool:
    """Tell whether a name in the file is this one, as it is written or hashed; a pattern is not."""
    if not recorded.startswith(b"|1|"):
        return recorded.lower() == name.lower().encode()
    try:
        salt, digest = (base64.b64decode(each) for each in recorded.split(b"|")[2:4])
    except (binascii.Error, ValueError):
        return False
    return hmac.digest(salt, name.encode(), "sha1") == digest  # as ssh's HashKnownHosts writes it


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
