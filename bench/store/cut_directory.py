"""The files of a run of cuts: ``cuts.json``, its plan, and ``cuts.jsonl``, a line for each cut, appended and synced."""

import os
from pathlib import Path

from bench.model.codec import from_json, from_json_lines, to_json
from bench.model.cuts import CutPlan, CutRecord
from bench.model.errors import HostError, UsageError
from bench.model.language import tr
from bench.store.files import open_own, write_whole

PLAN, JOURNAL = "cuts.json", "cuts.jsonl"


class CutDirectory:
    """The directory of one run of cuts on one host."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, plan: CutPlan) -> None:
        """Make the directory, with its plan.

        Raises:
            UsageError: something is there.
            HostError: no directory can be made there.

        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            taken = any(self.path.iterdir())
        except OSError as error:
            raise HostError(
                tr("{path} can't hold results ({why}); choose another --out.", path=self.path, why=error.strerror)
            ) from error
        if taken:
            raise UsageError(
                tr(
                    "{path} is not empty; choose another --out, or go on with: pgladder durability --resume {path}",
                    path=self.path,
                )
            )
        write_whole(self.path / PLAN, to_json(plan) + b"\n")

    def plan(self) -> CutPlan:
        """Read the plan.

        Raises:
            UsageError: there is no run of cuts.
            DataError: it is damaged.

        """
        path = self.path / PLAN
        if not path.is_file():
            raise UsageError(tr("{path} holds no run of cuts: it has no {plan}.", path=self.path, plan=PLAN))
        return from_json(path.read_bytes(), CutPlan, str(path))

    def records(self) -> list[CutRecord]:
        """Read what came of each cut so far; a last line that was interrupted is none.

        Raises:
            DataError: a line is damaged.

        """
        path = self.path / JOURNAL
        if not path.exists():
            return []
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        if not whole:
            return []
        return from_json_lines(whole + b"\n", CutRecord, str(path))

    def append(self, record: CutRecord) -> None:
        """Write what came of a cut; it is on the disk when this returns."""
        with os.fdopen(open_own(self.path / JOURNAL, os.O_RDWR), "r+b") as journal:
            whole, newline, _ = journal.read().rpartition(b"\n")
            journal.truncate(len(whole + newline))  # what an interruption left of a line goes
            journal.seek(0, os.SEEK_END)
            journal.write(to_json(record) + b"\n")
            journal.flush()
            os.fsync(journal.fileno())


def find_cuts(path: Path) -> list[CutDirectory]:
    """Return the run of cuts at ``path``, or those of the hosts below it.

    Raises:
        UsageError: there is none.

    """
    found = [each for each in (path, *sorted(path.glob("*"))) if (each / PLAN).is_file()]
    if not found:
        raise UsageError(
            tr("{path} holds no run of cuts: neither it nor a directory in it has a {plan}.", path=path, plan=PLAN)
        )
    return [CutDirectory(each) for each in found]
