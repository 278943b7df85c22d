"""One case carried out: its files in a folder of a user's own, its programs beside, and what ``explain`` answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.planted.catalogue import Case
from tests.quota import two_fifths

PGLADDER = Path(sys.executable).parent / "pgladder"
SHORT = ("--warm-up", "0.3", "--window", "1")
LIMIT_S = 1800
SLOW_FLUSH = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int fdatasync(int fd) {
    struct timespec longer = {0, MILLISECONDS * 1000000L};
    nanosleep(&longer, 0);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"""


def explained(case: Case, place: Path, asked: Sequence[str]) -> dict[str, Any]:
    """Return what ``pgladder explain --json`` answers of a planted case, measured in a directory of its own.

    Raises:
        RuntimeError: it answers nothing; with what it said.

    """
    folder = place / "added"
    for name, text in case.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    folder.mkdir(exist_ok=True)
    # The server of a run by root is another user's, who must get there.
    place.chmod(0o755)
    command = [PGLADDER, "explain", "--yes", "--json", "--phases", case.phase, "--data-dir", place / "data", *SHORT]
    command += [*case.options, *asked]
    if case.variant:
        (place / "planted.conf.j2").write_text(case.variant)
        command += ["--variants", "./planted.conf.j2"]
    environment = {**os.environ, "PGLADDER_PATH": str(folder)}
    if case.flush_ms:
        environment["LD_PRELOAD"] = str(_slow_flush(place, case.flush_ms))
    with ExitStack() as beside:
        start = beside.enter_context(two_fifths(place.name)) if case.quota else []
        for _ in range(case.hogs):
            beside.enter_context(hog())
        ended = subprocess.run(
            [*start, *command], cwd=place, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    if not ended.stdout:
        raise RuntimeError(ended.stderr)
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def _slow_flush(place: Path, milliseconds: int) -> Path:
    """Return a library that makes each fdatasync so much longer."""
    source, library = place / "slow_flush.c", place / "slow_flush.so"
    source.write_text(SLOW_FLUSH.replace("MILLISECONDS", str(milliseconds)))
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    library.chmod(0o755)
    return library


@contextmanager
def hog() -> Iterator[None]:
    """A program that burns a core."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def first_named(answer: dict[str, Any]) -> str:
    """Return the constraint that comes first: what is proved, else what is suspected most."""
    limit = answer["rungs"][0]["stopped_by"]
    name: str = limit["constraint"]
    return name


def convicted(answer: dict[str, Any]) -> set[str]:
    """Return the constraints that are proved."""
    return {each["name"] for each in answer["constraints"] if each["conclusion"] in ("limit", "contributes")}
