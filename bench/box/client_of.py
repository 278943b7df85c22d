"""Client of: a box lets another box start clients here, by that box's key, and nothing else by it.

Of the other box's own side see ``client_box``.
"""

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from bench.model.box import Provisioned, PublicKey
from bench.model.errors import UsageError
from bench.store.files import write_whole

COMMAND = "/usr/local/bin/pgladder box client"
MARK = "pgladder-client-of"
"""Ends our line: others of the file are not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """Who may start clients here, and what these know the server by."""

    public_key: PublicKey
    comes_from: str
    certificate: str


def authorise(box: Provisioned, it: Authorised) -> bool:
    """Let it in; return whether anything was changed.

    Raises:
        UsageError: it comes from no address.

    """
    try:
        address = ip_address(it.comes_from)
    except ValueError as error:
        raise UsageError(f"A box comes from an address: {error}.") from error
    line = f'restrict,from="{address}",command="{COMMAND}" {it.public_key} {MARK}\n'
    changed = _put(certificate_of(box), it.certificate, 0o644)
    _keys(box).parent.mkdir(mode=0o700, exist_ok=True)
    return _put(_keys(box), _of_others(box) + line, 0o600) or changed


def withdraw(box: Provisioned) -> bool:
    """Let nobody in any more; return whether anybody was."""
    keys, certificate = _keys(box), certificate_of(box)
    there = certificate.exists() or (keys.exists() and keys.read_text() != _of_others(box))
    certificate.unlink(missing_ok=True)
    if left := _of_others(box):
        _put(keys, left, 0o600)
        return there
    keys.unlink(missing_ok=True)
    with suppress(OSError):  # there was none, or something of others lies there
        keys.parent.rmdir()
    return there


def certificate_of(box: Provisioned) -> Path:
    """Return where the server's certificate lies here."""
    return box.cluster.password_file.with_name("server.crt")


def _keys(box: Provisioned) -> Path:
    return box.cluster.password_file.parent / ".ssh" / "authorized_keys"


def _of_others(box: Provisioned) -> str:
    """Return the lines that are not ours."""
    try:
        lines = _keys(box).read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return ""
    return "".join(line for line in lines if not line.rstrip().endswith(f" {MARK}"))


def _put(file: Path, text: str, mode: int) -> bool:
    """Write a file where its text is another; return whether it was."""
    if file.exists() and file.read_text() == text:
        return False
    write_whole(file, text.encode())
    file.chmod(mode)
    return True
