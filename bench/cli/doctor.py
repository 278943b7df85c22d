"""The command behind ``make doctor``: arguments, what is printed, the exit code."""

import argparse
import sys
from itertools import chain

from rich.console import Console

from bench.doctor.checks import examine
from bench.doctor.collect import collect
from bench.doctor.table import show_findings
from bench.model.errors import NothingDoneError, PgladderError
from bench.model.language import ENGLISH, speak, tr
from bench.model.plain import one_line, print_json, speak_plainly
from bench.plan.options import FORMAT
from bench.remote.ansible import warn_unsupported
from bench.remote.wheelhouse import release
from bench.report.exported import FORMATS, print_tables

WIDTH = 80


def main() -> int:
    """Return 0 where nothing stops a run, 1 where something does, 2 where no box was asked."""
    speak_plainly()
    speak()
    parser = argparse.ArgumentParser(prog="doctor", description=tr("What would stop a run on these boxes?"))
    for_programs = parser.add_mutually_exclusive_group()
    for_programs.add_argument("--json", action="store_true", help=tr("for programs"))
    for_programs.add_argument("--format", choices=FORMATS, help=tr(FORMAT.help))
    options, ansible = parser.parse_known_args()
    if options.json or options.format:
        speak(ENGLISH)
    warn_unsupported()
    try:
        here = release()
        findings = {box.name: examine(box, here) for box in collect(ansible)}
    except PgladderError as error:
        print(one_line(f"doctor: {error}"), file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, NothingDoneError) else 1
    if options.json:
        print_json(findings)
    elif options.format:
        print_tables(lambda out: show_findings(out, findings, each=True), options.format)
    else:
        # Names and findings are text, whatever brackets they have.
        show_findings(Console(width=WIDTH, highlight=False, markup=False, emoji=False), findings)
    everything = chain.from_iterable(findings.values())
    return int(any(one.grade == "failure" for one in everything))


if __name__ == "__main__":
    sys.exit(main())
