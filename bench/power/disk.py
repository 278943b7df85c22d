"""A disk that forgets: what was not flushed is gone when its power is cut. Owns names, and when they are on the disk.

The model is a file system with a journal for names and delayed allocation for bytes, such as ext4:

- Bytes of a file, its truncation too, are on the disk once the file itself was flushed (fsync, fdatasync, O_DSYNC).
- Names (made, linked, renamed, removed, their modes) are kept in one journal, in order. Flushing any file or directory
  writes all of it. A cut leaves its beginning up to a moment that chance decides: nothing later without all before.
- With torn writes each block of 4 KiB that was not flushed is on the disk or not, by chance.
- ``sync_file_range`` and ``sync`` make nothing durable: the one writes no metadata and flushes no cache of a disk
  (sync_file_range(2)), the other never reaches a file system in user space.

The directory below is the disk: nothing is written there before it is flushed, so the death of this process is a cut
too. It knows nothing of FUSE (``mounted``) nor of PostgreSQL.
"""

import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from weakref import WeakSet

from bench.model.cuts import Forgotten
from bench.power.file import BLOCK, File


@dataclass(slots=True, eq=False)
class Node:
    """A file or a directory, whatever its names are."""

    mode: int
    file: File | None = None
    children: dict[str, "Node"] = field(default_factory=dict)
    links: int = 1
    changed_ns: int = field(default_factory=time.time_ns)

    @property
    def is_directory(self) -> bool:
        """Whether it holds names."""
        return stat.S_ISDIR(self.mode)


class Disk:
    """The files below a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: WeakSet[File] = WeakSet()
        self._journal: list[Callable[[], object]] = []
        """Changes of names that are not on the disk yet."""
        self.root = self._load(directory)

    def _load(self, path: Path) -> Node:
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            children = {each.name: self._load(each) for each in path.iterdir()}
            return Node(status.st_mode, children=children, changed_ns=status.st_mtime_ns)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EOPNOTSUPP, "only files and directories can be held", str(path))
        file = self._held(File(os.open(path, os.O_RDWR | os.O_NOFOLLOW), status.st_size))
        return Node(status.st_mode, file, changed_ns=status.st_mtime_ns)

    def _held(self, file: File) -> File:
        self._files.add(file)
        return file

    # --- names -------------------------------------------------------------------------------------------------------

    def find(self, path: str) -> Node:
        """Return what has a name. Raises FileNotFoundError, NotADirectoryError."""
        node = self.root
        for name in filter(None, path.split("/")):
            if not node.is_directory:
                raise NotADirectoryError(errno.ENOTDIR, "not a directory", path)
            if name not in node.children:
                raise FileNotFoundError(errno.ENOENT, "no such file", path)
            node = node.children[name]
        return node

    def _place(self, path: str) -> tuple[dict[str, Node], str]:
        above, _, name = path.rpartition("/")
        return self.find(above).children, name

    def make_file(self, path: str, mode: int) -> Node:
        """Make an empty file."""
        node = Node(stat.S_IFREG | stat.S_IMODE(mode), self._held(File()))
        self._add(path, node)
        self._journal.append(partial(self._open_new, path, node))
        return node

    def _open_new(self, path: str, node: Node) -> None:
        assert node.file is not None
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        node.file.descriptor = os.open(self._real(path), flags, stat.S_IMODE(node.mode))

    def make_directory(self, path: str, mode: int) -> None:
        """Make an empty directory."""
        self._add(path, Node(stat.S_IFDIR | stat.S_IMODE(mode)))
        self._journal.append(partial(os.mkdir, self._real(path), stat.S_IMODE(mode)))

    def _add(self, path: str, node: Node) -> None:
        children, name = self._place(path)
        if name in children:
            raise FileExistsError(errno.EEXIST, "exists", path)
        children[name] = node

    def link(self, path: str, other: str) -> None:
        """Give a file another name."""
        node = self.find(path)
        self._add(other, node)
        node.links += 1
        self._journal.append(partial(os.link, self._real(path), self._real(other)))

    def rename(self, old: str, new: str) -> None:
        """Move a name in the place of another."""
        node = self.find(old)
        there, name = self._place(new)
        replaced = there.get(name)
        if replaced is node:
            return
        if replaced is not None:
            self._check_empty(replaced, new)
            replaced.links -= 1
        here, old_name = self._place(old)
        del here[old_name]
        there[name] = node
        self._journal.append(partial(os.replace, self._real(old), self._real(new)))

    def remove(self, path: str) -> None:
        """Remove a name: of a file, or of an empty directory."""
        node = self.find(path)
        self._check_empty(node, path)
        children, name = self._place(path)
        del children[name]
        node.links -= 1
        self._journal.append(partial(os.rmdir if node.is_directory else os.unlink, self._real(path)))

    @staticmethod
    def _check_empty(node: Node, path: str) -> None:
        if node.children:
            raise OSError(errno.ENOTEMPTY, "directory not empty", path)

    def change_mode(self, path: str, mode: int) -> None:
        """Change who may do what."""
        node = self.find(path)
        node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        self._journal.append(partial(os.chmod, self._real(path), stat.S_IMODE(mode)))

    def _real(self, path: str) -> str:
        return f"{self._directory}{path}"

    # --- what is durable ---------------------------------------------------------------------------------------------

    def flush(self, node: Node) -> None:
        """Have a file's bytes, and every name, on the disk."""
        self._write_names(len(self._journal))
        if node.file is not None:
            node.file.flush()

    def _write_names(self, count: int) -> None:
        for change in self._journal[:count]:
            change()
        del self._journal[:count]

    def held_blocks(self, below: str) -> int:
        """Return how many blocks of a file, or of those below a directory, are not flushed."""
        return sum(file.unflushed_bytes for file in _files_below(self.find(below))) // BLOCK

    def cut(self, seed: int, *, torn: bool) -> Forgotten:
        """Leave on the disk what a power cut would leave; nothing may be asked of this object afterwards."""
        chance = Random(seed)
        self._write_names(chance.randint(0, len(self._journal)))
        left = torn_pages = 0
        held = sum(file.unflushed_bytes for file in self._files)
        if torn:
            for file in _files_below(self.root):
                survivors, pages = file.tear(chance)
                left, torn_pages = left + survivors, torn_pages + pages
        return Forgotten(
            bytes_forgotten=held - left * BLOCK,
            blocks_left=left,
            torn_pages=torn_pages,
            names_forgotten=len(self._journal),
        )


def _files_below(node: Node) -> list[File]:
    """Return each file below once, in the order of names: chance shall decide the same each time."""
    if node.file is not None:
        return [node.file]
    found = []
    for name in sorted(node.children):
        found += _files_below(node.children[name])
    return list(dict.fromkeys(found))
