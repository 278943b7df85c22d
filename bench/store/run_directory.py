"""The files of a run: written on the box, read wherever they were pulled to.

``plan.json``, ``host.json``, ``trials.jsonl``, ``samples/``, ``suspects.json`` where there are experiments,
``SHA256SUMS``. Every write is synced before it counts: what was recorded survives a power cut, and a last line that was
cut short is not mistaken for a record.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from hdrh.histogram import HdrHistogram

from bench.model.codec import DAMAGED, from_json, from_json_lines, to_json
from bench.model.errors import DataError, HostError, UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.language import tr
from bench.model.outcome import Outcome, outcome_of, quick_plan, quick_records
from bench.model.plan import Plan
from bench.model.record import Record, Samples
from bench.model.suspects import Suspects
from bench.stats.histogram import decode
from bench.store.files import PART, open_own, write_whole

SAMPLES_NAME = re.compile(r"(?P<trial>[1-9]\d*)(\.(?P<attempt>[1-9]\d*))?\.jsonl")
PLAN, HOST, TRIALS, SAMPLES, SUMS = "plan.json", "host.json", "trials.jsonl", "samples", "SHA256SUMS"
SUSPECTS = "suspects.json"
"""Of a run with experiments: what was predicted of them."""
SUMS_TEXT = re.compile(r"([0-9a-f]{64}  [^\n]+\n)+")
CANCELLED = "cancelled"
"""Lies beside a run that somebody ended for good, until it is gone on with; of one that is sealed it says nothing."""
GATE = "turn"
"""Lies beside a run that is interleaved with other boxes: the number of the last block that it may begin."""
REPORT = "report.html"
SHARED = "share.json"
CARDS = ("share.svg", "share.png")
"""The page of a run, built beside its files wherever they were pulled to: none of them."""


def now(timespec: str = "seconds") -> str:
    """Return this moment as the files of a run have it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec)


class RunDirectory:
    """The directory of one run on one host; ``read_once``: what is checked of a file is what is decoded."""

    def __init__(self, path: Path, *, read_once: bool = False) -> None:
        self.path = path
        read: Callable[[str], bytes | None] = partial(_read, path)
        self._text = cache(read) if read_once else read
        self._made: list[Path] = []
        """Directories that were not there before, the innermost first."""

    # --- writing, on the box -----------------------------------------------------------------------------------------

    def begin(self, plan: Plan) -> None:
        """Make the directory, with its plan.

        Raises:
            UsageError: another run is there.
            HostError: no directory can be made there.

        """
        try:
            taken = self.path.exists() and any(self.path.iterdir())
            if not taken:
                self._made = [each for each in (self.path, *self.path.parents) if not each.exists()]
                (self.path / SAMPLES).mkdir(parents=True)
        except OSError as error:
            raise HostError(
                tr(
                    "{path} can't hold results ({why}); choose another --out.",
                    path=self.path,
                    why=error.strerror,
                )
            ) from error
        if taken:
            raise UsageError(
                tr(
                    "{path} is not empty; choose another --out, or go on with: pgladder run --resume {path}",
                    path=self.path,
                )
            )
        write_whole(self.path / PLAN, to_json(plan) + b"\n")

    def withdraw(self) -> None:
        """Take back what ``begin`` made, where no trial came to be; what else is there stays."""
        if (self.path / HOST).exists() or (self.path / TRIALS).exists():
            return
        with suppress(OSError):
            (self.path / SAMPLES).rmdir()
            (self.path / PLAN).unlink()
            for made in self._made:
                made.rmdir()

    def write_host(self, fingerprint: Fingerprint) -> None:
        """Write ``host.json``."""
        write_whole(self.path / HOST, to_json(fingerprint) + b"\n")

    def write_suspects(self, suspects: Suspects) -> None:
        """Write ``suspects.json``: before the first experiment, never again."""
        write_whole(self.path / SUSPECTS, to_json(suspects) + b"\n")

    def open_trial(self, trial: int, attempt: int) -> None:
        """Note that a trial begins: if the agent ends before its record is written, this file tells."""
        write_whole(self._samples_path(trial, attempt), b"")

    def append(self, record: Record, samples: Samples) -> None:
        """Write a trial's samples, then its record; both are on disk when this returns."""
        write_whole(self._samples_path(*record.key), to_json(samples) + b"\n")
        self._drop_cut_line()
        with os.fdopen(open_own(self.path / TRIALS, os.O_WRONLY | os.O_APPEND), "ab") as journal:
            journal.write(to_json(record) + b"\n")
            journal.flush()
            os.fsync(journal.fileno())

    def finish(self) -> None:
        """Write the checksums, last of all; what a crash left half written goes."""
        for part in self.path.rglob(f"*{PART}"):
            part.unlink()
        lines = []
        for path in self._files():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{digest}  {path.relative_to(self.path)}\n")
        write_whole(self.path / SUMS, "".join(lines).encode())

    def reopen(self) -> None:
        """Take the checksums away again, and a record that was cut in the middle: more is to come.

        Raises:
            UsageError: samples would be written elsewhere, where a link leads to.

        """
        if (self.path / SAMPLES).is_symlink():
            raise UsageError(
                tr("{path} is a link, and a run goes on in a directory of its own: copy it.", path=self.path / SAMPLES)
            )
        self._drop_cut_line()
        (self.path / SAMPLES).mkdir(exist_ok=True)  # a plan that was put there has none yet
        (self.path / SUMS).unlink(missing_ok=True)
        (self.path / CANCELLED).unlink(missing_ok=True)

    def _samples_path(self, trial: int, attempt: int) -> Path:
        return self.path / SAMPLES / (f"{trial}.jsonl" if attempt == 1 else f"{trial}.{attempt}.jsonl")

    def _files(self) -> Iterable[Path]:
        besides = {self.path / name for name in (SUMS, CANCELLED, GATE, REPORT, SHARED, *CARDS)}
        for path in sorted(self.path.rglob("*")):
            # A part is of another pull, or of one that was cut off.
            if path.is_file() and path not in besides and path.suffix != PART:
                yield path

    def _drop_cut_line(self) -> None:
        if (self.path / TRIALS).exists():
            with os.fdopen(open_own(self.path / TRIALS, os.O_RDWR), "rb+") as journal:
                journal.truncate(journal.read().rfind(b"\n") + 1)

    # --- reading, anywhere -------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return the plan.

        Raises:
            UsageError: there is none.
            DataError: it is malformed or of a newer schema.

        """
        text = self._text(PLAN)
        if text is None:
            raise UsageError(tr("{path} holds no run: there is no {plan} in it.", path=self.path, plan=PLAN))
        with suppress(*DAMAGED):
            return quick_plan(text)
        return from_json(text, Plan, str(self.path / PLAN))

    def host(self) -> Fingerprint | None:
        """Return the fingerprint, None where the run ended before it was taken."""
        text = self._text(HOST)
        return None if text is None else from_json(text, Fingerprint, str(self.path / HOST))

    def suspects(self) -> Suspects | None:
        """Return what was predicted of its experiments, None where none has begun."""
        text = self._text(SUSPECTS)
        return None if text is None else from_json(text, Suspects, str(self.path / SUSPECTS))

    def records(self) -> list[Record]:
        """Return every record, in the order in which they were written; a line cut short by a crash is left out."""
        return from_json_lines(self._lines(), Record, str(self.path / TRIALS))

    def outcomes(self, check: Callable[[Sequence[Record]], None]) -> list[Outcome]:
        """Return what a comparison needs of every record, once all of them were checked."""
        text = self._lines()
        try:
            records = quick_records(text)
        except DAMAGED:
            records = from_json_lines(text, Record, str(self.path / TRIALS))
        check(records)
        return [outcome_of(record) for record in records]

    def _lines(self) -> bytes:
        text = self._text(TRIALS) or b""
        return text[: text.rfind(b"\n") + 1]

    def samples(self, trial: int, attempt: int) -> Samples:
        """Return the samples of a recorded trial."""
        path = self._samples_path(trial, attempt)
        if not path.is_file():
            raise DataError(tr("{path} is missing: its trial is recorded. Pull the run again.", path=path))
        return from_json(path.read_bytes(), Samples, str(path))

    def latencies(self, trial: int, attempt: int, samples: Samples) -> HdrHistogram:
        """Return the latencies of a recorded trial, of which these are the samples."""
        try:
            return decode(samples.latency_hdr)
        except ValueError as error:
            path = self._samples_path(trial, attempt)
            raise DataError(
                tr("{path}: latency_hdr is {error}. Pull the run again.", path=path, error=error)
            ) from error

    def with_samples(self) -> bool:
        """Return whether there are samples: a sealed run that is kept in a repository is kept without all of them."""
        return (self.path / SAMPLES).is_dir() or not (self.path / SUMS).is_file()

    def interrupted(self) -> list[tuple[int, int]]:
        """Return (trial, attempt) of trials that began and have no record: the agent ended during them."""
        recorded = {record.key for record in self.records()}
        begun = set()
        for path in (self.path / SAMPLES).glob("*"):
            name = SAMPLES_NAME.fullmatch(path.name)
            if name:
                begun.add((int(name["trial"]), int(name["attempt"] or 1)))
        return sorted(begun - recorded)

    def cancelled(self) -> bool:
        """Return whether somebody ended it before its end."""
        return (self.path / CANCELLED).exists() and not (self.path / SUMS).exists()

    def gate(self) -> int | None:
        """Return the last block that may begin; None: any, as the run is not interleaved.

        Raises:
            DataError: the file of turns holds no number.

        """
        path = self.path / GATE
        try:
            return int(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise DataError(
                tr("{path} is damaged: it holds no number of a block. Give the turn again.", path=path)
            ) from error

    def check_sums(self, *, samples: bool = True) -> bool:
        """Compare every file, or all but the samples, with ``SHA256SUMS``; return whether that has been written.

        Raises:
            DataError: a file was changed, is missing or is not listed; names it.

        """
        content = self._text(SUMS)
        if content is None:
            return False
        text = content.decode(errors="replace")
        if not SUMS_TEXT.fullmatch(text):
            raise DataError(tr("{path} is cut short or damaged. Pull the run again.", path=self.path / SUMS))
        listed: dict[str, str] = {}
        for line in text.splitlines():
            digest, _, name = line.partition("  ")
            if samples or "/" not in name:
                listed[name] = digest
        found = {PLAN, HOST, TRIALS, SUSPECTS}
        if samples:
            found = {str(path.relative_to(self.path)) for path in self._files()}
        for name in sorted(found | listed.keys()):
            file = self._text(name) if name in found else None
            _check_sum(self.path / name, file, listed.get(name))
        return True


def _check_sum(path: Path, file: bytes | None, listed: str | None) -> None:
    """Compare what a file holds with the sum that is listed of it; None: it is not there, or not listed.

    Raises:
        DataError: one of the two is missing, or they differ.

    """
    if file is None and listed is not None:
        raise DataError(tr("{path} is missing: {sums} lists it. Pull the run again.", path=path, sums=SUMS))
    if file is not None and listed is None:
        raise DataError(tr("{path} is no file of this run: {sums} does not list it. Remove it.", path=path, sums=SUMS))
    if file is not None and listed != hashlib.sha256(file).hexdigest():
        raise DataError(
            tr("{path} is not the file {sums} lists: changed or cut. Pull the run again.", path=path, sums=SUMS)
        )


def _read(directory: Path, name: str) -> bytes | None:
    """Return the content of a file, None where there is none."""
    try:
        # A buffer would only be copied from: the whole is read at once.
        with (directory / name).open("rb", buffering=0) as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def find_runs(path: Path) -> list[RunDirectory]:
    """Return the run at ``path``, or the runs of the hosts below it.

    Raises:
        UsageError: there is none.
        DataError: there is one without its plan.

    """
    found = _with_plan([path]) or _with_plan(path.glob("*"))
    if not found:
        raise UsageError(
            tr("{path} holds no run: neither it nor a directory in it has a {plan}.", path=path, plan=PLAN)
        )
    return [RunDirectory(each) for each in found]


def find_all_runs(path: Path) -> list[RunDirectory]:
    """Return the run at ``path``, or those of hosts below it and of runs with their hosts below it.

    Raises:
        NothingDoneError: as ``find_runs``.

    """
    if (path / PLAN).is_file() or not (deeper := _with_plan(path.glob("*/*"))):
        return find_runs(path)
    return [RunDirectory(each) for each in sorted([*_with_plan(path.glob("*")), *deeper])]


def _names_in(directory: Path) -> set[str]:
    """Return the names in a directory, none where it is no directory: read at once, as there may be thousands."""
    try:
        with os.scandir(directory) as entries:
            return {entry.name for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _with_plan(directories: Iterable[Path]) -> list[Path]:
    """Return those that hold a run; one that has lost its plan is named, as it would be missing without a word."""
    found = []
    for each in sorted(directories):
        names = _names_in(each)
        if PLAN in names and (each / PLAN).is_file():
            found.append(each)
        elif not names.isdisjoint((HOST, TRIALS, SUMS)) or (SAMPLES in names and any(each.glob(f"{SAMPLES}/*"))):
            raise DataError(
                tr(
                    "{each} has files of a run, but no {plan}. Pull the run again, or remove them.",
                    each=each,
                    plan=PLAN,
                )
            )
    return found
