"""Folders of ours in a temporary one: only we may enter them, and their names say which process they belong to.

A process that is killed leaves its own behind: the next one that makes such a folder removes it.
"""

import errno
import os
import re
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

CONTROL = "c"
"""The socket of ssh's connection, in a folder that has one."""
LONGEST_NAME = "pgladder-ssh-4194304-12345678"
"""With the largest pid that Linux gives; macOS gives smaller ones."""
NAME = re.compile(r"pgladder-ssh-(\d+)-\w+", re.ASCII)


def folder(where: str = "") -> "tempfile.TemporaryDirectory[str]":
    """Make a folder in ``where`` (empty: as ``tempfile`` says), first remove those of processes that are gone."""
    where = where or tempfile.gettempdir()
    # A folder that may not be listed, such as one with only the search bit, can hold ours all the same.
    with suppress(PermissionError):
        for left in _left_behind(Path(where)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"pgladder-ssh-{os.getpid()}-", dir=where)


def _left_behind(where: Path) -> list[Path]:
    left = []
    for entry in os.scandir(where):
        name = NAME.fullmatch(entry.name)
        if not name or psutil.pid_exists(int(name[1])):
            continue
        path = Path(entry.path)
        if _is_ours(entry) and not _is_connected(path):
            left.append(path)
    return left


def _is_ours(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
    # Another process of ours may remove it at the same time.
    except FileNotFoundError:
        return False


def _is_connected(left: Path) -> bool:
    """Return whether a connection is still there: whoever ends it (the guard in ``connection``) needs its socket."""
    with socket.socket(socket.AF_UNIX) as tried:
        tried.setblocking(False)
        return tried.connect_ex(str(left / CONTROL)) not in (errno.ENOENT, errno.ECONNREFUSED)
