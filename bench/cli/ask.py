"""``pgladder <question>``: which options it has, and what is done with them. The rest is ``bench.questions``'s."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.model.errors import PgladderError, UsageError
from bench.model.language import later, tr
from bench.model.parse import Parse, switch
from bench.plan.options import BESIDE, FORMAT, GIVEN_PLANS, JSON, ON_THIS_MACHINE, RESUME, YES, Option
from bench.questions import load_question, questions, words_of
from bench.questions.question import Question, for_programs, print_answer
from bench.report.console import console
from bench.store.run_directory import RunDirectory
from bench.targets.target import Results, added_target, check_results

DONE, DOUBTFUL = 0, 1
LADDER = "ladder"
COUNTS: Mapping[str, int | str] = {"DIR": 1, "[DIR]": "?", "[DIR ...]": "*"}
"""Of directories, in the words of argparse."""


class StoppedError(PgladderError):
    """A run was told to stop before it could answer its question."""


# --- what is done ----------------------------------------------------------------------------------------------------


def ask(name: str, question: Question, options: argparse.Namespace) -> int:
    """Answer a question from the runs that are named, or measure what it asks for; return the exit code."""
    given = _given(options)
    directories: list[Path] = given.pop("directories", [])
    if question.measures_here and (question.repeats or not directories):
        there = tr("{} is of runs that are there already: name their directories.")
        _refuse(given, question.options_of_results, there)
        return _concluded(question, _measured(name, question, given, directories), given)
    if question.measures_here:
        measured = tr("{run} was measured already: leave out {{}}, or the directory.", run=directories[0])
        _refuse(given, _measuring(question), measured)
    return _answer(question, Results(directories=tuple(directories)), given)


def climb(question: Question, options: argparse.Namespace) -> int:
    """Measure the ladder here and show it, as any other question; say what else its run tells; return the exit code."""
    from bench.plan.contrast import tried_factors

    given = _given(options)
    if "margin" in given and not given.keys() & {"until_decided", "plan", "resume"}:
        raise UsageError(tr("--margin goes with --until-decided; pgladder compare takes one of its own."))
    results = _measured(LADDER, question, given, [])
    code = _concluded(question, results, given)
    [directory] = results.directories
    if len(tried_factors(RunDirectory(directory).plan().as_asked())) == 1:
        out = console(stderr=for_programs(given))
        out.print(tr("Which is faster: pgladder compare {run}", run=directory), soft_wrap=True)
    return code


def _concluded(question: Question, results: Results, given: Mapping[str, Any]) -> int:
    """Answer a question from what was just measured, and write its page, which is there also without an answer."""
    if not question.has_page:
        return _answer(question, results, given)
    out = console(stderr=for_programs(given))
    try:
        code = _answer(question, results, given)
    finally:
        out.print()
        page = _write_page(results.directories[0], out, given)
    return max(code, page)


def _write_page(directory: Path, out: Console, given: Mapping[str, Any]) -> int:
    """Write the page of a run and say where it is, or why there is none; the run is there whether it is or not."""
    from bench.questions.report import write_page
    from bench.report.page.assets import MissingControlError

    try:
        page, _ = write_page(directory, None, given)
    except MissingControlError as error:
        out.print(tr("No page. {error}", error=error), soft_wrap=True)
    except PgladderError as error:
        out.print(tr("No page: {error}", error=error), soft_wrap=True, style="red")
        return DOUBTFUL
    else:
        out.print(tr("Page: {page}", page=page), soft_wrap=True)
    return DONE


def _answer(question: Question, results: Results, given: Mapping[str, Any]) -> int:
    answer = question.answer(results, given)
    print_answer(answer, given)
    if answer.sound:
        return DONE
    return DOUBTFUL


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Return what was typed, by the name of its option."""
    # By identity: 0 equals False, and is a number that may be given (--seed 0).
    given = {name: value for name, value in vars(options).items() if value is not None and value is not False}
    del given["action"]
    if isinstance(given.get("directories"), Path):
        given["directories"] = [given["directories"]]
    return given


def _refuse(given: Mapping[str, Any], options: Iterable[Option], sentence: str) -> None:
    """Refuse options that mean nothing to runs that are there already, or to those that are not yet."""
    for option in options:
        if option.name in given:
            raise UsageError(sentence.format(option.flag))


def _measured(name: str, question: Question, given: Mapping[str, Any], directories: Sequence[Path]) -> Results:
    """Measure what a question asks for.

    Raises:
        StoppedError: the run was told to stop; says how to go on.

    """
    if question.directories == "[DIR ...]" and not any(option.name in given for option in _measuring(question)):
        raise UsageError(tr("the following arguments are required: DIR, or what is to be measured here."))
    out = console(stderr=for_programs(given))
    if question.carries_out:
        return question.carries_out(given, out)
    request = question.request(given, repeats="".join(map(str, directories)))
    if "on" in given:
        target, pieces = added_target(given["on"])
        results = target.measure(replace(request, pieces=pieces), out)
        for file in pieces:
            results = check_results(results, file, repeated=question.repeats)
    else:
        from bench.targets.watched import Here

        results = Here().measure(request, out)
    if results is None:
        raise PgladderError(tr("Nothing was measured; the reason stands above."))
    if not results.complete:
        raise StoppedError(_stopped(name, results.directories[0], directories))
    return results


def _stopped(name: str, place: Path, repeated: Sequence[Path]) -> str:
    """Say how a run goes on, and how its question is answered then."""
    count = len(RunDirectory(place).records())
    sentence = tr(
        "Stopped; {count} trials are recorded. Go on with: pgladder run --resume {run}", count=count, run=place
    )
    if repeated:
        return tr("{stopped}, then: pgladder compare {first} {run}", stopped=sentence, first=repeated[0], run=place)
    if name != LADDER:
        return tr("{stopped}, then: pgladder {question} {run}", stopped=sentence, question=name, run=place)
    return sentence


# --- arguments -------------------------------------------------------------------------------------------------------


def add_question(parser: argparse.ArgumentParser, name: str, *, helping: bool) -> None:
    """Add the arguments of a question, or of ``run``; ``helping``: with the names that there are, to be shown."""
    asked = LADDER if name == "run" else name
    question = load_question(asked)
    parser.description = tr(words_of(questions()[asked]))
    if name == "run":
        parser.set_defaults(action=partial(climb, question))
        _add(parser, question, [*_measuring(question), *question.options, JSON, FORMAT], helping=helping)
        return
    parser.set_defaults(action=partial(ask, name, question))
    parser.add_argument(
        "directories", nargs=COUNTS[question.directories], type=Path, metavar="DIR", help=tr(question.directories_help)
    )
    options = question.of_results()
    if question.measures_here:
        options += _measuring(question)
    _add(parser, question, options, helping=helping)


def _measuring(question: Question) -> list[Option]:
    """Return the options that say what is measured here, and where, but for those that the answer takes as well."""
    if question.carries_out:
        return [*question.options_to_measure, *ON_THIS_MACHINE, RESUME]
    options = [option for option in question.of_run() if option not in question.options]
    options += [YES, *ON_THIS_MACHINE, *BESIDE]
    if not question.repeats:
        options += GIVEN_PLANS
    return options


def _add(parser: argparse.ArgumentParser, question: Question, options: Sequence[Option], *, helping: bool) -> None:
    words: dict[str, str] = {}
    if helping and question.measured:
        words = _names(question)
    groups = {option.group: parser.add_argument_group(tr(option.group)) for option in options}
    one_of_them = None
    for option in options:
        place: argparse._ActionsContainer = groups[option.group]
        if option in GIVEN_PLANS:
            one_of_them = place = one_of_them or place.add_mutually_exclusive_group()
        # argparse fills in what follows a %.
        text = (words.get(option.name) or tr(option.help)).replace("%", "%%")
        if option.parse is None:
            # Given again, an option replaces what was given before, as every other does; but for one that adds to it.
            action = "extend" if option.adds else "store"
            place.add_argument(option.flag, nargs="+", action=action, metavar=option.metavar, help=text)
        elif option.parse is switch:
            place.add_argument(option.flag, action="store_true", help=text)
        else:
            place.add_argument(option.flag, type=typed(option.parse), metavar=option.metavar, help=text)


def _names(question: Question) -> dict[str, str]:
    """Return the help of options that tells which names and numbers there are, which takes a while to find out."""
    from bench.engines.engine import engines
    from bench.engines.postgresql.layout import layout_files
    from bench.model.plan import POSTGRESQL
    from bench.targets.here import default_data_dir
    from bench.workload.driver import drivers
    from bench.workload.load import loads
    from bench.workload.phase import ladder as rungs

    usual = later("{names}; default: {usual}")
    own = tr("each phase's own")
    most_rungs = tr("1 to 2-H but for 2-B2 and 2-B3, and your own")
    if "phases" in question.usual:
        most_rungs = ", ".join(question.usual["phases"])
    names = {
        "phases": tr(usual, names=", ".join(rungs()), usual=most_rungs),
        "drivers": tr(usual, names=", ".join(drivers()), usual=own),
        "engine": tr(usual, names=", ".join(engines()), usual=POSTGRESQL),
        "load": tr(usual, names=", ".join(loads()), usual=own),
        "layouts": tr(usual, names=", ".join(layout_files()), usual="plain"),
        "profile": tr(usual, names="; ".join(_profiles()), usual="quick"),
        "data_dir": tr("the private server's disk ({place})", place=default_data_dir()),
    }
    if "blocks" in question.usual:
        names["blocks"] = tr("repetitions, each in a random order; default: {blocks}", blocks=question.usual["blocks"])
    return names


def _profiles() -> list[str]:
    """Return how long each profile measures."""
    from bench.plan.design import PROFILES

    shape = later("{name} {warm_up:g} s + {window:g} s, {blocks} blocks")
    return [
        tr(shape, name=name, warm_up=each.warm_up_s, window=each.window_s, blocks=each.blocks)
        for name, each in PROFILES.items()
    ]


def add_for_programs(parser: argparse.ArgumentParser) -> None:
    """Add the two forms for programs of a command that is no question, one of which may be asked for."""
    one_of_them = parser.add_mutually_exclusive_group()
    one_of_them.add_argument(JSON.flag, action="store_true", help=tr("for programs"))
    assert FORMAT.parse
    one_of_them.add_argument(FORMAT.flag, type=typed(FORMAT.parse), metavar=FORMAT.metavar, help=tr(FORMAT.help))


def typed(parse: Parse) -> Callable[[str], Any]:
    """Return a reader of an option as argparse wants it: its own sentence is shown."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read
