"""The command behind ``make doctor``: arguments, the table or JSON, the exit code."""

import argparse
import sys
from itertools import chain

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.doctor.checks import CHECKS, GRADES, Finding, examine
from bench.doctor.collect import collect
from bench.model.errors import NothingDoneError, PgladderError
from bench.model.language import ENGLISH, speak, tr
from bench.model.plain import harmless, one_line, print_json, speak_plainly
from bench.remote.ansible import warn_unsupported
from bench.remote.wheelhouse import release

STYLES = {"ok": "green", "warning": "yellow", "failure": "bold red", "unknown": "dim"}
WIDTH = 100
COLUMNS = ("box", "check", "", "found")


def main() -> int:
    """Return 0 where nothing stops a run, 1 where something does, 2 where no box was asked."""
    speak_plainly()
    parser = argparse.ArgumentParser(prog="doctor", description="What would stop a run on these boxes?")
    parser.add_argument("--json", action="store_true", help="for programs")
    options, ansible = parser.parse_known_args()
    speak(ENGLISH if options.json else None)
    warn_unsupported()
    try:
        here = release()
        findings = {box.name: examine(box, here) for box in collect(ansible)}
    except PgladderError as error:
        print(one_line(f"doctor: {error}"), file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, NothingDoneError) else 1
    if options.json:
        print_json(findings)
    else:
        Console(width=WIDTH).print(_table(findings))
    everything = chain.from_iterable(findings.values())
    return int(any(one.grade == "failure" for one in everything))


def _table(findings: dict[str, list[Finding]]) -> Table:
    table = Table(*map(tr, COLUMNS), width=WIDTH)
    for name, found in findings.items():
        for number, one in enumerate(found):
            grade = Text(tr(GRADES[one.grade]), style=STYLES[one.grade])
            box = "" if number else harmless(name)
            table.add_row(Text(box), tr(CHECKS.get(one.check, one.check)), grade, Text(harmless(one.detail)))
    return table


sys.exit(main())
