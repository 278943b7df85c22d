"""The ``pgladder`` command: arguments and exit codes; what it does is elsewhere.

Exit codes: 0 done; 1 ran, but a result is void or a check failed; 2 nothing was measured or changed: what was
asked for can't be done, a file is damaged, or the host is unfit. What a command needs is loaded by that command:
drivers and servers take longer than most of what is done offline, and on a box a command may come beside a trial that
is measured.
"""

import argparse
import difflib
import re
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from bench.model.errors import NothingDoneError, PgladderError, UsageError
from bench.model.language import ENGLISH, later, speak, spoken, tr
from bench.model.plain import one_line, speak_plainly
from bench.questions import look_up, words_of

DESCRIPTION = later("How many rows a second can this box take into PostgreSQL?")
DOUBTFUL, NOTHING_DONE = 1, 2
LANG = "--lang"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    speak_plainly()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        speak(_take_language(given))
        options = _parser(given).parse_args(given)
        # A box answers its control machine.
        if getattr(options, "json", False) or getattr(options, "format", None) or given[:1] == ["box"]:
            speak(ENGLISH)
        action: Callable[[argparse.Namespace], int] = options.action
        sys.exit(action(options))
    except NothingDoneError as error:
        _complain(error)
        sys.exit(NOTHING_DONE)
    except BrokenPipeError:
        # The reader of our output went away.
        sys.stderr.close()
        sys.exit(DOUBTFUL)
    except (PgladderError, OSError) as error:
        # Another Ctrl-C changes nothing: the exit code of what was stopped is ours to give.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _complain(error)
        sys.exit(DOUBTFUL)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _complain(tr("Stopped."))
        sys.exit(DOUBTFUL)


def _complain(sentence: object) -> None:
    print(one_line(f"pgladder: {sentence}"), file=sys.stderr)  # noqa: T201 - the last words of a command


def _take_language(given: list[str]) -> str | None:
    """Take the language out of the arguments, wherever it stands; return it, None where none is named.

    Raises:
        UsageError: its name is missing.

    """
    language = None
    for at in reversed(range(len(given))):
        option, joined, name = given[at].partition("=")
        if option != LANG:
            continue
        words = given[at : at + (1 if joined else 2)]
        name = name if joined else " ".join(words[1:])
        if not name:
            raise UsageError(tr("--lang takes a language: --lang ko"))
        # Given again, it replaces what was given before, as every other option does.
        language = language or name
        del given[at : at + len(words)]
    return language


# --- arguments -------------------------------------------------------------------------------------------------------

UNRECOGNIZED = "unrecognized arguments: "
REFUSALS = (
    ("unrecognized arguments: (?P<words>.*)", later("unrecognized arguments: {words}")),
    ("the following arguments are required: (?P<words>.*)", later("the following arguments are required: {words}")),
    ("argument (?P<name>[^:]*): (?P<why>.*)", later("argument {name}: {why}")),
    ("expected one argument", later("expected one argument")),
    ("expected at least one argument", later("expected at least one argument")),
    ("not allowed with argument (?P<name>.*)", later("not allowed with argument {name}")),
    (
        "invalid choice: (?P<word>.*) \\(choose from (?P<known>.*)\\)",
        later("invalid choice: {word} (choose from {known})"),
    ),
)
"""What argparse says."""


def _translated(refusal: str) -> str:
    for pattern, message in REFUSALS:
        if found := re.fullmatch(pattern, refusal):
            parts = found.groupdict()
            return tr(message, **{name: _translated(part) if name == "why" else part for name, part in parts.items()})
    return refusal


class Help(argparse.HelpFormatter):
    """Breaks lines by the columns that they take of a terminal: a wide character takes two."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Add it, with its own word before it."""
        super().add_usage(usage, actions, groups, tr("usage: ") if prefix is None else prefix)

    def _format_usage(self, usage: Any, actions: Any, groups: Any, prefix: Any) -> str:
        if prefix.isascii():
            return super()._format_usage(usage, actions, groups, prefix)
        from rich.cells import cell_len

        wider = cell_len(prefix) - len(prefix)
        self._width -= wider
        try:
            return super()._format_usage(usage, actions, groups, prefix)
        finally:
            self._width += wider

    def _split_lines(self, text: str, width: int) -> list[str]:
        if spoken() == ENGLISH:
            return super()._split_lines(text, width)
        return _wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if spoken() == ENGLISH:
            return super()._fill_text(text, width, indent)
        return "\n".join(indent + line for line in _wrapped(text, width - len(indent)))


def _wrapped(text: str, width: int) -> list[str]:
    from rich.cells import cell_len

    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # it has arguments to type checkers alone
    """Commands of a command: an option that both have may stand before the second or after it."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Parse what follows. Of an option that was given before it, argparse would put the default in its place."""
        before = dict(vars(namespace))
        super().__call__(parser, namespace, values, option_string)
        command = self.choices[values[0]]
        shared = {action.dest for action in parser._actions} & {action.dest for action in command._actions}
        for name in shared & before.keys():
            if getattr(namespace, name) == command.get_default(name):
                setattr(namespace, name, before[name])
        for group in parser._mutually_exclusive_groups:
            given = [each for each in group._group_actions if getattr(namespace, each.dest) != each.default]
            if given[1:]:
                first, second = ("/".join(each.option_strings) for each in given[:2])
                command.error(f"argument {second}: not allowed with argument {first}")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the usage is --help's."""

    def __init__(self, **how: Any) -> None:
        """Call the parts of its help by their names in the language that is spoken."""
        super().__init__(formatter_class=Help, **how)
        self.register("action", "parsers", Commands)
        self._positionals.title, self._optionals.title = tr("positional arguments"), tr("options")
        for action in self._actions:
            action.help = tr("show this help message and exit")

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments; of one that is unknown, name the nearest."""
        sentence = _translated(message)
        if message.startswith(UNRECOGNIZED):
            # The first that is unknown; an empty argument is no word at all.
            unknown, *_ = [*message.removeprefix(UNRECOGNIZED).split(), ""]
            for near in difflib.get_close_matches(unknown, self._options(), n=1):
                sentence = tr("{refused}; did you mean {near}?", refused=sentence, near=near)
        _complain(tr("{refused} (see {program} --help)", refused=sentence, program=self.prog))
        sys.exit(NOTHING_DONE)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments; a switch may be given as make gives it, ``--json=1``."""
        words = list(args)
        for at, word in enumerate(words):
            option = word.removesuffix("=1")
            action = self._option_string_actions.get(option)
            if action is not None and action.nargs == 0:
                words[at] = option
        return super().parse_known_args(words, namespace)

    def _options(self) -> list[str]:
        """Return the options of the command that was given: the others have none yet."""
        options: list[str] = []
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for command in action.choices.values():
                    options += command._options()
        return options + [name for name in self._option_string_actions if name.startswith("--")]


class Version(argparse.Action):
    """Tells the version, and looks it up only then: that takes longer than reading the arguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and exit."""
        from bench import __version__

        print(f"pgladder {__version__}")  # noqa: T201 - what was asked for
        parser.exit()


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of these arguments; a command that is not among them has no arguments of its own."""
    parser = Parser(prog="pgladder", description=tr(DESCRIPTION), allow_abbrev=False)
    parser.add_argument("--version", action=Version, nargs=0, help=tr("show program's version number and exit"))
    # It is taken before, wherever it stands: this is its line of the help.
    parser.add_argument(
        LANG, metavar="CODE", help=tr("answer in this language: en, ko; default: as LANG has it, else en")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Its own options take no value: the first word is the command, and another of its name is a run's, or a file's.
    asked = next((word for word in given if not word.startswith("-")), "")
    helping = bool({"-h", "--help"} & set(given))

    def add(name: str, meaning: str) -> None:
        command = commands.add_parser(name, help=meaning, allow_abbrev=False)
        if name == asked:
            _add_arguments(command, name, helping=helping)

    add("run", tr("climb the ladder on this machine"))
    add("box", tr("what this provisioned box is, and what runs on it"))
    add("variants", tr("the configurations to compare"))
    add("phases", tr("the ways to write a row: the ladder's rungs, each in a sentence"))
    # A box, and the version, is told whatever lies in a folder of a user's.
    if asked in {"run", "box", "variants", "phases"} or "--version" in given[:1]:
        return parser
    files, refused = look_up()
    for name, path in files.items():
        add(name, tr(words_of(path).partition("\n")[0]))
    if asked and asked in refused:
        raise refused[asked]
    parser.epilog = " ".join(tr("Refused: {why}", why=error) for error in refused.values())
    return parser


def _add_arguments(parser: argparse.ArgumentParser, name: str, *, helping: bool) -> None:
    """Add those of a command; what the others need is not loaded."""
    if name == "box":
        from bench.cli.box import add_box

        add_box(parser)
    elif name == "variants":
        from bench.cli.variants import add_variants

        add_variants(parser)
    elif name == "phases":
        from bench.cli.phases import add_phases

        add_phases(parser)
    else:
        from bench.cli.ask import add_question

        add_question(parser, name, helping=helping)


if __name__ == "__main__":
    main()
