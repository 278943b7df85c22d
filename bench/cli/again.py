"""``pgladder noise`` and ``reproduce``: the same measured again, and what the difference tells of box or run."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.cli.compare import DONE, DOUBTFUL, show
from bench.model.errors import PgladderError, UsageError
from bench.model.plain import print_json
from bench.plan.design import Wish
from bench.questions.compare import NOT_EQUIVALENT, equivalent, set_beside
from bench.questions.noise import NOISE_BLOCKS, NOISE_PHASE, keep_noise
from bench.report.noise import show_noise
from bench.report.terminal import console
from bench.results.read import plan_again
from bench.stats.compare import MARGIN
from bench.store.run_directory import now
from bench.targets.here import Request, default_data_dir, new_run_id
from bench.targets.watched import measure

OF_A_PULLED_RUN = ("directory", "json", "margin", "action", "wish")
"""What goes with a run that was pulled: all else says how to measure."""


class StoppedError(PgladderError):
    """A run was told to stop before it could answer its question."""


def noise(options: argparse.Namespace) -> int:
    """Measure one variant against itself, or take such a run that was pulled; keep what it tells beside the runs."""
    if options.until_decided:
        raise UsageError("Noise is measured over all its blocks: leave out --until-decided.")
    if options.directory:
        _refuse_what_was_measured(options)
    directory = options.directory or _measured_again(options)
    kept = keep_noise(directory, options.margin or MARGIN)
    if options.json:
        print_json(kept.noise)
        for sentence in (*kept.doubts, kept.where):
            console(stderr=True).print(sentence, soft_wrap=True)
    else:
        out = console()
        show_noise(out, kept.noise, kept.doubts)
        out.print(kept.where, soft_wrap=True)
    return DONE if kept.sound else DOUBTFUL


def _refuse_what_was_measured(options: argparse.Namespace) -> None:
    for name, value in vars(options).items():
        if name not in OF_A_PULLED_RUN and value is not None and value is not False:
            option = name.replace("_", "-")
            raise UsageError(f"{options.directory} was measured already: leave out --{option}, or the directory.")


def _measured_again(options: argparse.Namespace) -> Path:
    if not (options.plan or options.resume):
        options.phases = options.phases or [NOISE_PHASE]
        options.blocks = options.blocks or NOISE_BLOCKS
    wish, plan = options.wish(options), options.plan
    request = Request(wish=wish, plan_file=plan, resume=options.resume, seed=options.seed, **where(options))
    return _to_its_end(request, options, "pgladder noise {}")


def reproduce(options: argparse.Namespace) -> int:
    """Run the plan of a run again here and test whether both are equivalent."""
    plan = plan_again(options.directory, new_run_id(), now())
    again = _to_its_end(Request(plan=plan, **where(options)), options, f"pgladder compare {options.directory} {{}}")
    report = set_beside([options.directory, again], "runs", options.margin or MARGIN)
    code = show([report], json=options.json)
    if equivalent(report):
        return code
    console(stderr=options.json).print(NOT_EQUIVALENT)
    return DOUBTFUL


def _to_its_end(request: Request, options: argparse.Namespace, then: str) -> Path:
    directory, complete = measure(request, console(stderr=options.json))
    if not complete:
        path = directory.path
        raise StoppedError(f"Stopped. Go on with: pgladder run --resume {path}, then: {then.format(path)}")
    return directory.path


# --- arguments -------------------------------------------------------------------------------------------------------


def where(options: argparse.Namespace) -> dict[str, Any]:
    """Return the part of a request that says where to measure."""
    names = ("out", "dsn", "any_version", "bin_dir")
    return {name: getattr(options, name) for name in names} | {"data_dir": options.data_dir}


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where to measure."""
    group = parser.add_argument_group("where")
    group.add_argument("--dsn", metavar="URL", help="a server you bring (else: this box's cluster, or a private one)")
    group.add_argument("--any-version", action="store_true", help="measure a --dsn that is not PostgreSQL 15")
    group.add_argument("--bin-dir", type=Path, metavar="DIR", help="PostgreSQL 15's programs")
    group.add_argument("--data-dir", type=Path, metavar="DIR", help=f"the private server's disk ({default_data_dir()})")
    group.add_argument("--out", type=Path, metavar="DIR", help="results (results/<run>/<host>; on a box runs/<run>)")


def add_noise(parser: argparse.ArgumentParser, wish: Callable[[argparse.Namespace], Wish | None]) -> None:
    """Add what ``noise`` has beyond ``run``; ``wish`` reads what is asked for, None where a plan decides."""
    parser.set_defaults(action=noise, wish=wish)
    parser.description = (
        "Measure one variant against itself, which shows how far equal trials differ on this box: what is smaller can't"
        " be told here. Prints the floor of each phase, and keeps it beside the results for later comparisons."
    )
    parser.add_argument(
        "directory",
        nargs="?",
        type=Path,
        metavar="DIR",
        help="such a run that was pulled; without it, one is made here",
    )


def add_reproduce(parser: argparse.ArgumentParser, margin: Callable[[str], object]) -> None:
    """Add the arguments of ``reproduce``."""
    parser.set_defaults(action=reproduce)
    parser.add_argument("directory", type=Path, metavar="RUN", help="a run, on one host")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--margin", type=margin, metavar="M", help=f"difference that does not matter ({MARGIN})")
    add_where(parser)
