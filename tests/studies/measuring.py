"""A run of a study: measured by the program itself, gone on with where it was interrupted, kept without its samples."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.store.run_directory import PLAN, REPORT, SAMPLES, SUMS

PGLADDER = Path(sys.executable).parent / "pgladder"
Words = Sequence[str | Path]


def measure(into: Path, words: Words, where: Words = (), environment: Mapping[str, str] = os.environ) -> None:
    """Measure a run, or go on with the one that is there; ends this process where it is interrupted.

    Args:
        into: the run's directory; one that is whole is left as it is.
        words: how it is asked for, from the question on.
        where: more words, for the run that is gone on with, too.
        environment: of the program.

    """
    if (into / SUMS).is_file():
        return
    what: Words = ["run", "--resume", into] if (into / PLAN).is_file() else [*words, "--out", into]
    ended = subprocess.run([PGLADDER, *what, "--yes", *where], env=environment, check=False)
    # Suspect trials, of which pages tell, make it 1, as an interruption does: the checksums come last.
    if not (into / SUMS).is_file():
        sys.exit(ended.returncode or 1)
    # Most of a run's bytes; no page of results needs them, nor the run's own page.
    shutil.rmtree(into / SAMPLES, ignore_errors=True)
    (into / REPORT).unlink(missing_ok=True)


def on(data_dir: Path | None) -> Words:
    """Return the words that choose the private server's disk; None: the usual one."""
    return ["--data-dir", data_dir] if data_dir else []
