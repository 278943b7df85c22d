"""A process that mounts a disk that forgets (``disk``): ``python -m bench.power.mounted DIRECTORY MOUNT [USER]``.

It serves as an ordinary user, whom it becomes where root started it (``for_user``), and only that user may look in. It
says ``mounted`` on its output once files can be used. It cuts the power when a line of its input says so (``Cut``),
answers with what was forgotten (``Forgotten``) and ends. It ends, too, where its input is closed, as when who started
it is gone. With it ends the mount. ``cuttable`` is the other end.
"""

import errno
import os
import resource
import sys
import threading
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

os.environ["FUSE_LIBRARY_NAME"] = "fuse3"  # else the old library is searched for first
import mfusepy
import msgspec

from bench.power.disk import Disk, Node
from bench.power.for_user import NAME, mounted_for
from bench.power.order import MOUNTED, Cut, Look

SYNCHRONOUS = os.O_SYNC | os.O_DSYNC


class Mounted(mfusepy.Operations):  # type: ignore[misc]  # mfusepy is untyped
    """What the kernel asks, one thing at a time: of a disk, until its power is cut."""

    use_ns = True

    def __init__(self, disk: Disk, directory: Path) -> None:
        self._disk, self._directory = disk, directory
        self._handles: dict[int, tuple[Node, bool]] = {}
        """What is open; whether each write to it is to be flushed."""
        self._numbers = count(1)
        self.alone = threading.RLock()

    def init_with_config(self, conn_info: Any, config_3: Any) -> None:  # noqa: ARG002 - as mfusepy calls it
        """Begin."""
        config_3.nullpath_ok = 1  # what is open is told by its handle, also when it has no name any more
        config_3.hard_remove = 1
        say(MOUNTED)

    def _opened(self, node: Node, flags: int) -> int:
        number = next(self._numbers)
        self._handles[number] = node, bool(flags & SYNCHRONOUS)
        return number

    def _node(self, path: str | None, fh: int | None) -> Node:
        if fh in self._handles:
            return self._handles[fh][0]
        if path is None:
            raise OSError(errno.EBADF, "no such handle")
        return self._disk.find(path)

    # --- files -------------------------------------------------------------------------------------------------------

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        with self.alone:
            return self._opened(self._disk.make_file(path, mode), fi or 0)

    def open(self, path: str, flags: int) -> int:
        with self.alone:
            return self._opened(self._disk.find(path), flags)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self.alone:
            file = self._node(path, fh).file
            assert file is not None
            return file.read(offset, size)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:  # noqa: ARG002
        with self.alone:
            node, synchronous = self._handles[fh]
            assert node.file is not None
            node.file.write(offset, data)
            if synchronous:
                self._disk.flush(node)
            return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        with self.alone:
            file = self._node(path, fh).file
            assert file is not None
            file.truncate(length)
            return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002
        with self.alone:
            self._disk.flush(self._node(path, fh))
            return 0

    def release(self, path: str, fh: int) -> int:  # noqa: ARG002
        with self.alone:
            del self._handles[fh]
            return 0

    # --- names -------------------------------------------------------------------------------------------------------

    def opendir(self, path: str) -> int:
        return self.open(path, 0)

    def readdir(self, path: str, fh: int) -> list[str]:
        with self.alone:
            return [".", "..", *self._node(path, fh).children]

    fsyncdir, releasedir = fsync, release

    def mkdir(self, path: str, mode: int) -> int:
        with self.alone:
            self._disk.make_directory(path, mode)
            return 0

    def link(self, target: str, source: str) -> int:
        with self.alone:
            self._disk.link(source, target)
            return 0

    def rename(self, old: str, new: str) -> int:
        with self.alone:
            self._disk.rename(old, new)
            return 0

    def unlink(self, path: str) -> int:
        with self.alone:
            self._disk.remove(path)
            return 0

    rmdir = unlink

    # --- what is known of them ---------------------------------------------------------------------------------------

    def getattr(self, path: str, fh: int | None = None) -> Mapping[str, int]:
        with self.alone:
            node = self._node(path, fh)
            size = node.file.size if node.file else 0
            return {
                "st_mode": node.mode,
                "st_nlink": node.links,
                "st_size": size,
                "st_blocks": -(-size // 512),
                "st_uid": os.getuid(),
                "st_gid": os.getgid(),
                "st_mtime": node.changed_ns,
            }

    def chmod(self, path: str, mode: int) -> int:
        with self.alone:
            self._disk.change_mode(path, mode)
            return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:  # noqa: ARG002 - nothing goes by times
        with self.alone:
            self._node(path, None)
            return 0

    def statfs(self, path: str) -> Mapping[str, int]:  # noqa: ARG002
        status = os.statvfs(self._directory)
        return {name: getattr(status, name) for name in dir(status) if name.startswith("f_")}


def say(line: str) -> None:
    """Answer who started us."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def obey(disk: Disk, mounted: Mounted) -> None:
    """Answer until the cut, or the end of who would order it; then end this process, and with it the mount."""
    for line in iter(sys.stdin.readline, ""):
        with mounted.alone:
            if "below" in msgspec.json.decode(line):
                say(str(disk.held_blocks(msgspec.json.decode(line, type=Look).below)))
                continue
            cut = msgspec.json.decode(line, type=Cut)
            say(msgspec.json.encode(disk.cut(cut.seed, torn=cut.torn)).decode())
            os._exit(0)  # held to the end: nothing is answered after the cut
    os._exit(0)


def main() -> None:
    """Mount, and serve until the power is cut."""
    directory, mount, *user = sys.argv[1:]
    # Each file that is on the disk is held open.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.umask(0)  # modes are the callers'
    if user:
        mount = mounted_for(user[0], mount)
    disk = Disk(Path(directory))
    mounted = Mounted(disk, Path(directory))
    threading.Thread(target=obey, args=(disk, mounted), daemon=True).start()
    # Of a user's mount libfuse leaves a process that unmounts when this one ends, however that is.
    options = {} if user else {"auto_unmount": True, "fsname": NAME}
    mfusepy.FUSE(mounted, mount, foreground=True, nothreads=True, **options)


if __name__ == "__main__":
    main()
