"""Shared files in a folder: found, read within bounds, judged. They come from anybody."""

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.collection import Entry
from bench.analysis.shared_check import check_shared
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.shared import MOST_BYTES, Flaw, Vocabulary
from bench.store.run_directory import SHARED

MOST_FILES = 10_000
LABEL = 8
"""Of a SHA-256's digits: of 10,000 files two are alike with a chance of 1 %, and then both are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """A file as it was found."""

    path: Path
    flaws: Sequence[Flaw]
    entry: Entry | None
    """None: an error speaks against it."""


def shared_files(folder: Path, words: Vocabulary) -> list[SharedFile]:
    """Return every shared file of a folder, one that is there twice once: ``*.json`` in it, ``share.json`` below.

    Raises:
        UsageError: it is no folder, or holds none, or too many.

    """
    found, seen = [], set()
    for path in _paths(folder):
        file = shared_file(path, words)
        if file.entry and file.entry.label in seen:
            flaw = Flaw(path="$", severity="warning", sentence=tr("Another file says the same; it counts once."))
            file = SharedFile(path=path, flaws=[*file.flaws, flaw], entry=None)
        elif file.entry:
            seen.add(file.entry.label)
        found.append(file)
    return found


def _paths(folder: Path) -> list[Path]:
    """Return where shared files lie; raises as ``shared_files``."""
    if not folder.is_dir():
        raise UsageError(
            tr("{folder} is no folder: name one of shared files (pgladder share RUN writes one).", folder=folder)
        )
    paths = sorted({*folder.glob("*.json"), *folder.rglob(SHARED)})
    if not paths:
        raise UsageError(
            tr("{folder} holds no shared file: pgladder share RUN --out {folder}/NAME.json writes one.", folder=folder)
        )
    if len(paths) > MOST_FILES:
        raise UsageError(
            tr(
                "{folder} holds {count:,} files, and a collection takes {most:,} at most.",
                folder=folder,
                count=len(paths),
                most=MOST_FILES,
            )
        )
    return paths


def shared_file(path: Path, words: Vocabulary, *, mine: bool = False) -> SharedFile:
    """Return what a file says; what is no file, or can't be read, is an error of it."""
    try:
        text = _text(path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        flaw = Flaw(path="$", severity="error", sentence=tr("It can't be read: {why}.", why=why))
        return SharedFile(path=path, flaws=[flaw], entry=None)
    what, flaws = check_shared(text, words)
    if what is None:
        return SharedFile(path=path, flaws=flaws, entry=None)
    label = hashlib.sha256(text).hexdigest()[:LABEL]
    return SharedFile(path=path, flaws=flaws, entry=Entry(label=label, shared=what, mine=mine))


def _text(path: Path) -> bytes:
    """Return what a file holds, a byte more than it may at most: no link is followed, no pipe waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(tr("it is no file"))
        return file.read(MOST_BYTES + 1)
