"""The command behind ``make doctor``: arguments, what is printed, the exit code."""

import argparse
import sys
from itertools import chain

from rich.console import Console

from bench.doctor.checks import examine
from bench.doctor.collect import collect
from bench.doctor.table import show_findings
from bench.model.errors import NothingDoneError, PgladderError
from bench.model.language import ENGLISH, speak
from bench.model.plain import one_line, print_json, speak_plainly
from bench.remote.ansible import warn_unsupported
from bench.remote.wheelhouse import release

WIDTH = 80


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
        # Names and findings are text, whatever brackets they have.
        show_findings(Console(width=WIDTH, highlight=False, markup=False, emoji=False), findings)
    everything = chain.from_iterable(findings.values())
    return int(any(one.grade == "failure" for one in everything))


sys.exit(main())
