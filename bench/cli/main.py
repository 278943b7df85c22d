"""The ``pgladder`` command: arguments and exit codes; what it does is elsewhere.

Exit codes: 0 done; 1 ran, but a result is void or a check failed; 2 nothing was measured or changed: what was
asked for can't be done, a file is damaged, or the host is unfit. What a command needs is loaded by that command:
drivers and servers take longer than most of what is done offline, and on a box a command may come beside a trial that
is measured.
"""

import argparse
import difflib
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bench.model.errors import NothingDoneError, PgladderError, UsageError
from bench.model.parse import margin, number, switch
from bench.model.plain import one_line, print_json, speak_plainly

if TYPE_CHECKING:
    from bench.model.parse import Parse
    from bench.plan.design import Wish
    from bench.store.run_directory import RunDirectory

DONE, DOUBTFUL, NOTHING_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    speak_plainly()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        options = _parser(given).parse_args(given)
        action: Callable[[argparse.Namespace], int] = options.action
        sys.exit(action(options))
    except NothingDoneError as error:
        _complain(error)
        sys.exit(NOTHING_DONE)
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        sys.exit(DOUBTFUL)
    except (PgladderError, OSError) as error:
        _complain(error)
        sys.exit(DOUBTFUL)
    except KeyboardInterrupt:
        _leave_in_peace()
        _complain("Stopped.")
        sys.exit(DOUBTFUL)


def _leave_in_peace() -> None:
    """Let another Ctrl-C not kill what is ending: the exit code is ours to give."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _complain(sentence: object) -> None:
    print(one_line(f"pgladder: {sentence}"), file=sys.stderr)  # noqa: T201 - the last words of a command


# --- pgladder run ----------------------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Measure on this machine."""
    from bench.cli.again import where
    from bench.plan.contrast import tried_factors
    from bench.report.terminal import console
    from bench.targets.here import Request
    from bench.targets.watched import measure

    if options.margin and not (options.until_decided or options.plan or options.resume):
        raise UsageError("--margin goes with --until-decided; pgladder compare takes one of its own.")
    request = Request(
        wish=_asked(options), plan_file=options.plan, resume=options.resume, seed=options.seed, **where(options)
    )
    directory, complete = measure(request, console(stderr=options.json))
    if not complete:
        return _stopped(directory)
    code = _show([directory], json=options.json)
    if len(tried_factors(directory.plan())) == 1 and not options.json:
        console().print(f"\nWhich is faster: pgladder compare {directory.path}", soft_wrap=True)
    return code


def _asked(options: argparse.Namespace) -> "Wish | None":
    """Return what is asked for; None where a plan decides it."""
    from bench.engines.postgresql.external import AS_FOUND
    from bench.plan.request import make_wish, words

    _refuse_what_a_plan_decides(options)
    if options.dsn and words(options.variants) not in ([], [AS_FOUND]):
        raise UsageError(
            "A server of --dsn is measured as it is: its configuration is its owner's, and may need a restart."
            " Leave out --variants; without --dsn they are compared on a private server, or on a provisioned box."
        )
    if options.plan or options.resume:
        return None
    return make_wish(vars(options), variant=AS_FOUND if options.dsn else "stock")


def _refuse_what_a_plan_decides(options: argparse.Namespace) -> None:
    from bench.plan.options import OPTIONS

    if options.plan or options.resume:
        for name in (*(each.name for each in OPTIONS), *(["out"] if options.resume else [])):
            if getattr(options, name) is not None:
                option, given = name.replace("_", "-"), "--plan" if options.plan else "--resume"
                raise UsageError(f"{given} decides what is measured: leave out --{option}, or make a new run.")


def _stopped(directory: "RunDirectory") -> int:
    _leave_in_peace()
    done = len(directory.records())
    _complain(f"Stopped; {done} trials are recorded. Go on with: pgladder run --resume {directory.path}")
    return DOUBTFUL


# --- pgladder ladder -------------------------------------------------------------------------------------------------


def show_ladder(options: argparse.Namespace) -> int:
    """Print the ladder of a run again."""
    from bench.store.run_directory import find_runs

    return _show(find_runs(options.directory), json=options.json)


def _show(directories: "Sequence[RunDirectory]", *, json: bool) -> int:
    from bench.analysis.ladder import Ladders
    from bench.report.terminal import console, show_ladders
    from bench.results.read import doubtful, read, told

    reports = [told(read(directory)) for directory in directories]
    if json:
        print_json(Ladders(hosts=tuple(reports)))
    else:
        out = console()
        for report in reports:
            show_ladders(out, report)
    return DOUBTFUL if doubtful(reports) else DONE


# --- pgladder report -------------------------------------------------------------------------------------------------


def write_report(options: argparse.Namespace) -> int:
    """Write the page of a run, or of several hosts' runs side by side."""
    from bench.questions.page import write_page
    from bench.report.terminal import console
    from bench.results.read import doubtful

    page, reports = write_page(options.directory, options.out)
    if options.json:
        print_json({"page": str(page)})
    else:
        console().print(f"Page: {page}", soft_wrap=True)
    return DOUBTFUL if doubtful(reports) else DONE


# --- arguments -------------------------------------------------------------------------------------------------------


def _typed(parse: "Parse") -> Callable[[str], Any]:
    """Return a reader of an option as argparse wants it: its own sentence is shown."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


UNRECOGNIZED = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the usage is --help's."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments; of one that is unknown, name the nearest."""
        _complain(f"{message}{self._near(message)} (see {self.prog} --help)")
        sys.exit(NOTHING_DONE)

    def _near(self, message: str) -> str:
        unknown = message.removeprefix(UNRECOGNIZED).split()[:1] if message.startswith(UNRECOGNIZED) else []
        near = [found for word in unknown for found in difflib.get_close_matches(word, self._options(), n=1)]
        return f"; did you mean {near[0]}?" if near else ""

    def _options(self) -> list[str]:
        """Return the options of the command that was given: the others have none yet."""
        commands = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        below = [each for action in commands for command in action.choices.values() for each in command._options()]
        return [*below, *(name for name in self._option_string_actions if name.startswith("--"))]


class Version(argparse.Action):
    """Tells the version, and looks it up only then: that takes longer than reading the arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and exit."""
        from bench import __version__

        print(f"pgladder {__version__}")  # noqa: T201 - what was asked for
        parser.exit()


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of these arguments; a command that is not among them has none of its own."""
    parser = Parser(
        prog="pgladder", description="How many rows a second can this box take into PostgreSQL 15?", allow_abbrev=False
    )
    parser.add_argument("--version", action=Version, nargs=0, help="show program's version number and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, meaning, add in (
        ("run", "climb the ladder on this machine", _add_run),
        ("ladder", "print the ladder of a run again", _add_ladder),
        ("report", "write the page of a run", _add_report),
        ("box", "what this provisioned box is, and what runs on it", _add_box),
        ("compare", "tell which variant, or run, is faster", _add_compare),
        ("compare-hosts", "tell which host is faster", _add_compare_hosts),
        ("noise", "measure how far equal trials differ here", _add_noise),
        ("reproduce", "run a run's plan again and compare", _add_reproduce),
        ("variants", "the configurations to compare", _add_variants),
    ):
        command = commands.add_parser(name, help=meaning, allow_abbrev=False)
        if name in given:
            add(command)
    return parser


def _add_ladder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a run, or a directory of hosts' runs")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(action=show_ladder)


def _add_report(parser: argparse.ArgumentParser) -> None:
    from bench.store.run_directory import REPORT

    parser.add_argument("directory", type=Path, metavar="DIR", help="a run, or a directory of hosts' runs")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"the page (DIR/{REPORT})")
    parser.add_argument("--json", action="store_true", help="for programs: where the page is")
    parser.set_defaults(action=write_report)


def _add_box(parser: argparse.ArgumentParser) -> None:
    from bench.cli.box import add_box

    add_box(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    from bench.cli.compare import add_compare

    add_compare(parser, margin=_typed(margin))


def _add_compare_hosts(parser: argparse.ArgumentParser) -> None:
    from bench.cli.compare import add_compare_hosts

    add_compare_hosts(parser, margin=_typed(margin))


def _add_reproduce(parser: argparse.ArgumentParser) -> None:
    from bench.cli.again import add_reproduce

    add_reproduce(parser, _typed(margin))


def _add_variants(parser: argparse.ArgumentParser) -> None:
    from bench.cli.variants import add_variants

    add_variants(parser, _typed(number(int)))


def _noise_wish(options: argparse.Namespace) -> "Wish | None":
    wish = _asked(options)
    return wish and replace(wish, again=True)


def _add_noise(parser: argparse.ArgumentParser) -> None:
    from bench.cli.again import add_noise
    from bench.questions.noise import NOISE_BLOCKS, NOISE_PHASE

    _add_measuring(parser, answer="the noise", phases=NOISE_PHASE, blocks=f"; default: {NOISE_BLOCKS}", rule=False)
    add_noise(parser, _noise_wish)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action=run)
    _add_measuring(parser, answer="the ladder", phases="all of them", blocks="", rule=True)


def _add_measuring(parser: argparse.ArgumentParser, *, answer: str, phases: str, blocks: str, rule: bool) -> None:
    """Add what says what is measured; the words are of what is printed, and of what a command does by itself.

    Without ``rule`` it says nothing of a run until decided.
    """
    from bench.cli.again import add_where
    from bench.engines.engine import engines
    from bench.engines.postgresql.layout import layout_files
    from bench.model.plan import POSTGRESQL
    from bench.plan.design import PROFILES
    from bench.plan.options import OPTIONS
    from bench.workload.driver import drivers
    from bench.workload.load import loads
    from bench.workload.phase import ladder

    parser.add_argument("--json", action="store_true", help=f"{answer} for programs; progress goes to standard error")
    shapes = (f"{name} {p.warm_up_s:g} s + {p.window_s:g} s, {p.blocks} blocks" for name, p in PROFILES.items())
    here = {
        "phases": f"{', '.join(ladder())}; default: {phases}",
        "drivers": f"{', '.join(drivers())}; default: each phase's own",
        "engine": f"{', '.join(engines())}; default: {POSTGRESQL}",
        "load": f"{', '.join(loads())}; default: each phase's own",
        "layouts": f"{', '.join(layout_files())}; default: plain",
        "profile": f"{'; '.join(shapes)}; default: quick",
        "blocks": f"repetitions, each in a random order{blocks}",
    }
    hidden = () if rule else ("until_decided", "max_blocks")
    groups = {each.group: parser.add_argument_group(each.group) for each in OPTIONS}
    for option in OPTIONS:
        help_text = argparse.SUPPRESS if option.name in hidden else here.get(option.name, option.help)
        add = groups[option.group].add_argument
        if option.parse is None:
            add(option.flag, nargs="+", metavar=option.metavar, help=help_text)
        elif option.parse is switch:
            add(option.flag, action="store_true", default=None, help=help_text)
        else:
            add(option.flag, type=_typed(option.parse), metavar=option.metavar, help=help_text)
    add_where(parser)
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--plan", type=Path, metavar="FILE", help="carry out this plan")
    other.add_argument("--resume", type=Path, metavar="DIR", help="go on with a run that was cut")


if __name__ == "__main__":
    main()
