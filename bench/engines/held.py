"""A directory of a run's own for a server: made or taken over, held against other runs, marked as ours, removed.

What lies in it belongs to its owner and is written with his rights alone (``postgresql.owner``). What a server keeps in
it is the server's own business.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from bench.engines.postgresql.owner import Owner
from bench.model.errors import HostError, UsageError
from bench.model.language import tr
from bench.store.files import make_directories

MARKER = "made-by-pgladder"
"""Lies in what is ours to remove; names the directories above it that were made for it, a line each."""


class HeldDirectory:
    """``path``, held from the start until ``remove``."""

    def __init__(self, path: Path, owner: Owner) -> None:
        """Make the directory, or take what an earlier run left, and hold it against a run in another network namespace.

        The box's lock does not reach that far. Held is the directory itself, which only its owner and root may open.

        Raises:
            HostError: it can't be made, or another run holds it.
            UsageError: something else lies there.

        """
        self.path, self._owner = path, owner
        self._made: list[Path] = []
        """Directories that are not the user's, the topmost first: they go with the run."""
        try:
            self._made = make_directories(path.parent, 0o755 if os.geteuid() == 0 else 0o700)
            path.mkdir(mode=0o700)
            there = False
        except FileExistsError:
            there = True
        except OSError as error:
            raise HostError(
                tr("{path} can't be made ({why}); choose another --data-dir.", path=path, why=error.strerror)
            ) from error
        self._held = self._held_or_refused()
        try:
            # Held first and looked at then: between the two nobody else can take it.
            if there:
                self._check_ours()
            else:
                os.fchown(self._held, owner.user.pw_uid, owner.user.pw_gid)
                self._mark()
        except BaseException:
            os.close(self._held)
            raise

    def empty(self) -> None:
        """Remove all that is in the directory but the mark that it is ours.

        Raises:
            OSError: something of it can't be removed.

        """
        self._owner.do("find", self.path, "-mindepth", "1", "!", "-path", self.path / MARKER, "-delete")

    def remove(self) -> None:
        """Remove it with all that was made for it, and let it go, even where something stays. Raises as ``empty``."""
        try:
            self.empty()
            self._owner.do("rm", "-f", self.path / MARKER)
        finally:
            self._remove_directories()
            os.close(self._held)

    def _held_or_refused(self) -> int:
        try:
            held = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise self._not_ours() from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(held), self.path.lstat()):
                raise FileNotFoundError  # of a run that ended just now, and removed it
        except (BlockingIOError, FileNotFoundError) as error:
            os.close(held)
            raise HostError(
                tr("Another run uses {path}; wait for it or name another --data-dir.", path=self.path)
            ) from error
        return held

    def _check_ours(self) -> None:
        """See that an earlier run of ours made the directory, and take over what it made above."""
        if os.fstat(self._held).st_uid != self._owner.user.pw_uid:
            raise self._not_ours()
        marker = self._owner.run(["cat", self.path / MARKER])
        if marker.returncode:
            raise self._not_ours()
        made = marker.stdout.splitlines()
        self._made = [each for each in reversed(self.path.parents) if str(each) in made]

    def _not_ours(self) -> UsageError:
        return UsageError(
            tr(
                "{path} was not made by this pgladder for the user {user}: if a run of an earlier release left it"
                " there, remove it; else choose another --data-dir.",
                path=self.path,
                user=self._owner.user.pw_name,
            )
        )

    def _mark(self) -> None:
        """Say in the directory that it is ours; the first thing its owner does there.

        Raises:
            HostError: he can't get there.

        """
        try:
            self._owner.write(self.path / MARKER, "".join(f"{each}\n" for each in self._made))
        except OSError as error:
            self._remove_directories()
            raise HostError(
                tr(
                    "The user {user}, who runs the server, can't make it in {path}: {error}; let that user enter every"
                    " directory above it, or choose another --data-dir.",
                    user=self._owner.user.pw_name,
                    path=self.path,
                    error=error,
                )
            ) from error

    def _remove_directories(self) -> None:
        """Remove what was made for the run; a directory of the user's stays, and so does one with files of others."""
        with contextlib.suppress(OSError):
            for each in (self.path, *reversed(self._made)):
                each.rmdir()
