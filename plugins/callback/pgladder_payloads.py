"""What Ansible sends to boxes of each module is built and compiled once, not in every play and task anew."""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import marshal
import os
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from ansible import constants
from ansible._internal import _locking
from ansible.executor.module_common import _CachedModule
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__

DOCUMENTATION = r"""
name: pgladder_payloads
type: aggregate
short_description: Keep what Ansible sends of each module for the next play
description:
  - Ansible packs a module with all that it imports, which takes a quarter of a second for each of the dozen modules
    that a play uses. It keeps the result in its temporary folder, for as long as the play lasts. This has it keep them
    in C(.cache/payloads) of the checkout, for the same Ansible, Python and modules of ours.
  - A box compiles all of it for each task, which is most of a task's time there. At a play's end each payload gets
    what this Python compiles beside its sources. A box whose Python is of the same version takes that, any other
    takes the sources.
author: pgladder
"""

CHECKOUT = Path(__file__).parents[2]
KEPT = CHECKOUT / ".cache/payloads"
SOURCES = ("modules", "module_utils")
"""Folders of ours that go into what is sent."""
UNCHECKED = (1).to_bytes(4, "little")
"""PEP 552: what is compiled counts by itself; Python does not look whether its source has changed since."""


def folder_for(sources: Path = CHECKOUT / "plugins") -> Path:
    """Return where the payloads of this Ansible, this Python and these modules are."""
    whole = hashlib.sha256(f"{__version__} {sys.version}".encode())
    for folder in SOURCES:
        for file in sorted((sources / folder).glob("*.py")):
            whole.update(file.name.encode() + file.read_bytes())
    return KEPT / whole.hexdigest()[:16]


def take_from(folder: Path, temporary: Path) -> bool:
    """Have Ansible keep its payloads in a folder that is ours alone to write; tell whether it does."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = folder.stat()
        if there.st_uid != os.geteuid() or there.st_mode & 0o022:
            return False
        (temporary / "ansiballz_cache").symlink_to(folder)
    except OSError:  # they are built anew then
        return False
    return True


@functools.cache
def compiled(name: str, source: bytes) -> bytes:
    """Return a module as this Python keeps it, a .pyc file; others know by its first bytes that it is not for them."""
    code = compile(source, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code)


def add_compiled(payload: bytes) -> bytes:
    """Return a ZIP archive with each Python module compiled beside its source."""
    whole = io.BytesIO(payload)
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith(".py"):
                beside = zipfile.ZipInfo(f"{entry.filename}c", entry.date_time)
                archive.writestr(beside, compiled(entry.filename, archive.read(entry)), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def archive_in(payload: Path) -> bytes:
    """Return the ZIP archive that a kept payload holds."""
    return base64.b64decode(_CachedModule.load(str(payload)).zip_data)


def compile_payloads(folder: Path) -> None:
    """Add what is compiled to each payload that was packed since the last time."""
    for lock in folder.glob("*.lock"):
        payload, done = lock.with_suffix(""), lock.with_suffix(".compiled")
        # Another play may be about to write it; Ansible takes the same lock.
        with _locking.named_mutex(str(lock)):
            if payload.exists() and not done.exists():
                whole = base64.b64encode(add_compiled(archive_in(payload)))
                dataclasses.replace(_CachedModule.load(str(payload)), zip_data=whole).dump(str(payload))
                done.touch()


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible has no types
    """What Ansible asks for."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "pgladder_payloads"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: object) -> None:  # noqa: ARG002 - Ansible's own name and arguments
        """Before the first task."""
        self._folder = folder_for()
        self._taken = take_from(self._folder, Path(constants.DEFAULT_LOCAL_TMP))

    def v2_playbook_on_stats(self, stats: object) -> None:  # noqa: ARG002 - Ansible's own name and arguments
        """After the last task."""
        if self._taken:
            compile_payloads(self._folder)
