"""Carry the catalogue out: ``make study-planted``; hours, interrupted and gone on with at will.

Each answer is a line of docs/results/planted.jsonl, appended as it comes: case, repeat, what came first, what was
proved, and of each experiment what was predicted and measured. What is there already is not measured again. The page
docs/results/planted.md is written from that journal alone.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.report.terminal import describe_host
from bench.store.run_directory import RunDirectory
from tests import journal
from tests.kept import KEPT
from tests.planted.catalogue import CASES
from tests.planted.measured import convicted, explained, first_named
from tests.planted.page import page

JOURNAL = KEPT / "planted.jsonl"
REPEATS, BLOCKS = 10, 9


def line_of(case: str, repeat: int, answer: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer."""
    tried = [each for each in answer["constraints"] if each["measured_gain"]]
    return {
        "case": case,
        "repeat": repeat,
        "run": answer["run"],
        "first": first_named(answer),
        "proved": sorted(convicted(answer)),
        "experiments": [
            {name: each[name] for name in ("name", "share", "predicted_gain", "measured_gain", "conclusion")}
            for each in tried
        ],
    }


def main() -> None:
    """Measure what the journal lacks, and append it; then write the page."""
    # A program beside is ended with the study.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", default=sorted(CASES), choices=sorted(CASES), metavar="CASE")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--journal", type=Path, default=JOURNAL)
    parser.add_argument("--no-measuring", action="store_true", help="write the page of what is there")
    asked = parser.parse_args()
    try:
        if not asked.no_measuring:
            _measure(asked)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the page is of what was measured\n")
    asked.journal.with_suffix(".md").write_text(page(journal.read(asked.journal)))


def _measure(asked: argparse.Namespace) -> None:
    done = {(each["case"], each["repeat"]) for each in journal.read(asked.journal)}
    # Repeats outside, so that what is interrupted has something of each case.
    for repeat in range(1, asked.repeats + 1):
        for name in asked.cases:
            if (name, repeat) not in done:
                journal.append(asked.journal, _measured(name, repeat, asked.blocks))


def _measured(name: str, repeat: int, blocks: int) -> dict[str, Any]:
    # Not in /tmp, which may lie in memory: what is flushed there costs nothing.
    with tempfile.TemporaryDirectory(prefix="pgladder-planted-", dir="/var/tmp") as place:
        run = Path(place, "run")
        answer = explained(CASES[name], Path(place), ["--blocks", str(blocks), "--out", str(run)])
        kept = RunDirectory(run)
        states = [record.validity.state for record in kept.records()]
        host = kept.host()
    line = line_of(name, repeat, answer) | {
        "host": describe_host(host).plain if host else "a host that is not known",
        "trials": len(states),
        "not_valid": len(states) - states.count("valid"),
    }
    verdict = "right" if line["first"] in CASES[name].right else "WRONG"
    sys.stderr.write(f"{name} {repeat}: {line['first']} first, {verdict}; proved: {', '.join(line['proved'])}\n")
    return line


if __name__ == "__main__":
    main()
