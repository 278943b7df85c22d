"""The seams: folders that are searched for pieces of one kind, one file each.

pgladder's own lie in the package. ``PGLADDER_PATH`` names a folder of a user's with a subfolder by seam (``phases``,
``layouts``, ``drivers``, ``questions``, …); it counts on the machine where it is set, and never on a box. Names are
listed, nothing is read or loaded; what is asked for is read once by a process, so that what is checked and hashed is
what is carried out.
"""

import hashlib
import importlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from bench.model.box import BOX_FILE
from bench.model.errors import DataError, HostError, UsageError
from bench.model.language import tr
from bench.model.values import NAME

VARIABLE = "PGLADDER_PATH"
PACKAGE = Path(__file__).parent
T = TypeVar("T")


def added() -> Path | None:
    """Return the user's folder.

    Raises:
        UsageError: it is no folder, or this is a box.
        HostError: others may write to it: what lies there is carried out.

    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    if BOX_FILE.exists():
        raise UsageError(
            tr("This is a provisioned box, which measures pgladder's own alone: unset {variable}.", variable=VARIABLE)
        )
    folder = Path(named)
    if not folder.is_dir():
        raise UsageError(
            tr(
                "{variable} names {folder}, which is no folder: make it, or unset {variable}.",
                variable=VARIABLE,
                folder=folder,
            )
        )
    _check_owned(folder)
    return folder.resolve()


def first_word(path: Path) -> str:
    """Return the name of a piece: what stands before the first dot of its file's name."""
    return path.name.partition(".")[0]


def pieces(
    seam: str, own: Path, pattern: str, named: Callable[[Path], str] = first_word, users_pattern: str = ""
) -> dict[str, Path]:
    """Return the files of a seam by name: pgladder's own, then the user's, who may lay theirs out otherwise.

    Raises:
        UsageError: a piece of the user's has the name of another, or one that would not do.
        HostError: others may write to one of the user's.

    """
    found = {named(path): path for path in sorted(own.glob(pattern))}
    for path in added_files(seam, users_pattern or pattern):
        name = named(path)
        check_piece(path, name, found)
        found[name] = path
    return found


def added_files(seam: str, pattern: str) -> list[Path]:
    """Return the user's files of a seam, unchecked; raises as ``added``."""
    folder = added()
    if folder is None:
        return []
    # What begins with a dot is an editor's, such as the link by which Emacs locks a file.
    return sorted(path for path in folder.glob(f"{seam}/{pattern}") if not path.name.startswith("."))


def check_piece(path: Path, name: str, found: Mapping[str, Path]) -> None:
    """Refuse a file of the user's; raises as ``pieces``."""
    if not NAME.fullmatch(name):
        raise UsageError(tr("{path}: a name has letters, digits, '_' and '-', the first a letter or digit.", path=path))
    if name in found:
        raise UsageError(
            tr(
                "{path} has the name of another piece, {other}: give it a name of its own.",
                path=path,
                other=found[name],
            )
        )
    _check_owned(path.parent)
    _check_owned(path)


class Seam(Mapping[str, T]):
    """The pieces of a seam that are Python, by name in order; a piece is loaded when it is asked for, not before.

    Each file defines one object of the type ``kind`` under the name ``defines``.
    """

    def __init__(self, defines: str, kind: type[T], files: Mapping[str, Path]) -> None:
        self._defines, self._kind = defines, kind
        self.files = dict(sorted(files.items()))

    @property
    def own(self) -> list[str]:
        """The names of pgladder's own."""
        return [name for name, path in self.files.items() if path.is_relative_to(PACKAGE)]

    def __getitem__(self, name: str) -> T:
        path = self.files[name]
        found = getattr(load(path), self._defines, None)
        # A class has the names that an object of it has, which is all that a Protocol looks at.
        if not isinstance(found, self._kind) or isinstance(found, type):
            where = f"{self._kind.__module__}.{self._kind.__qualname__}"
            raise DataError(
                tr("{path} defines no {name}: it is to be of {where}.", path=path, name=self._defines, where=where)
            )
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@cache
def _content(path: Path) -> bytes:
    """Return what a file holds, the same as long as this process lives."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def source(path: Path) -> str:
    """Return the text of a piece, its lines ended as on this system.

    Raises:
        DataError: it is not UTF-8, or can't be read.

    """
    try:
        return _content(path).decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise _unreadable(path, error) from error


@cache
def load(path: Path) -> ModuleType:
    """Import the file of a piece: pgladder's own by its place in the package, a user's from its text.

    Raises:
        DataError: it can't be imported.

    """
    if path.is_relative_to(PACKAGE):
        return importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    module = ModuleType(f"pgladder_added_{path.parent.name}_{path.stem}")
    sys.modules[module.__name__] = module  # dataclasses look there
    try:
        exec(compile(source(path), path, "exec"), module.__dict__)  # noqa: S102 - what the user's own folder is for
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(
            tr("{path} can't be loaded: {kind}: {error}", path=path, kind=type(error).__name__, error=error)
        ) from error
    return module


def users(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of those of these files that are the user's, by seam and file."""
    folder = added()
    if folder is None:
        return {}
    there = {path.relative_to(folder).as_posix(): path for path in files if path.is_relative_to(folder)}
    return {name: hashlib.sha256(_content(path)).hexdigest() for name, path in there.items()}


def refuse_on_boxes(named: Mapping[str, str]) -> None:
    """Refuse files of the user's where a box is to measure them: it measures pgladder's own.

    Raises:
        UsageError: names the first.

    """
    for name in named:
        raise UsageError(
            tr(
                "{name} is of {variable}, which counts on one machine only: a box measures pgladder's own.",
                name=name,
                variable=VARIABLE,
            )
        )


def _check_owned(path: Path) -> None:
    """Refuse what somebody else may have put there: it is carried out with this user's rights."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    if status.st_uid not in (0, os.getuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HostError(
            tr(
                "{path} of {variable} may be changed by others: chmod go-w {path}, and own it.",
                path=path,
                variable=VARIABLE,
            )
        )


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(tr("{path} can't be read: {error}.", path=path, error=error))
