"""What Ansible sends to boxes of each module is built once, not in every play anew."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from ansible import constants
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
author: pgladder
"""

CHECKOUT = Path(__file__).parents[2]
KEPT = CHECKOUT / ".cache/payloads"
SOURCES = ("modules", "module_utils")
"""Folders of ours that go into what is sent."""


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


class CallbackModule(CallbackBase):  # type: ignore[misc] # Ansible has no types
    """What Ansible asks for."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "pgladder_payloads"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: object) -> None:  # noqa: ARG002 - Ansible's own name and arguments
        """Before the first task."""
        take_from(folder_for(), Path(constants.DEFAULT_LOCAL_TMP))
