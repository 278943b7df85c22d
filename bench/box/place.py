"""``python -m bench.box.place DIRECTORY SHA256 GATE``: a plan from standard input becomes a run's directory.

Runs as the user whose the runs are: ``bench.box.runs`` starts it, for root writes nothing in that user's folders.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from bench.store.files import PART, sync_directory, write_whole
from bench.store.run_directory import GATE, PLAN, SAMPLES


def place(directory: Path, plan: bytes, sha256: str, gate: str) -> None:
    """Make the directory whole or not at all, also in a power cut; ``gate``: the last block it may begin, or empty."""
    if hashlib.sha256(plan).hexdigest() != sha256:
        # Whoever brought it ended on the way.
        sys.exit("the plan arrived incomplete")
    part = directory.with_name(f".{directory.name}{PART}")
    if part.is_symlink():
        part.unlink()
    # Somebody was cut off here.
    if part.exists():
        shutil.rmtree(part)
    (part / SAMPLES).mkdir(parents=True)
    write_whole(part / PLAN, plan)
    if gate:
        write_whole(part / GATE, f"{gate}\n".encode())
    part.rename(directory)
    sync_directory(directory.parent)


if __name__ == "__main__":
    os.umask(0o022)
    place(Path(sys.argv[1]), sys.stdin.buffer.read(), sys.argv[2], sys.argv[3])
