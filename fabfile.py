"""``fab``: questions put to boxes, and the remote verbs; what they do is ``bench.questions``'s and ``bench.targets``'s.

A task has its options from the question, or from the table below; those of a question that is not asked for are not
looked up, as that would load it.
"""

import difflib
import sys
from collections.abc import Sequence
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from fabric import Connection, task
from fabric.main import program
from invoke import Collection, Context, Exit

from bench.model.errors import NothingDoneError, UsageError
from bench.model.language import later, speak, tr
from bench.model.names import pick
from bench.plan.options import (
    BESIDE,
    FORMAT,
    JSON,
    NOTIFY,
    ON_BOXES,
    OPTIONS,
    RUN,
    RUN_THERE,
    YES,
    Option,
    read_options,
)
from bench.questions import load_question, look_up, words_of
from bench.remote.hosts import ask_ansible
from bench.remote.where import check_key, target

REFUSED = 2
VERBS = {
    "launch": (later("Start a run on each box."), (*OPTIONS, RUN, YES, NOTIFY, *ON_BOXES)),
    "follow": (
        later("Show a run until it ends; Ctrl-C stops the following, not the run."),
        (RUN_THERE, *BESIDE, *ON_BOXES),
    ),
    "status": (later("Show what each box is doing."), (JSON, FORMAT, *ON_BOXES)),
    "pull": (later("Bring what is new of a run, verified, to results/<run>/<host>."), (RUN_THERE, *ON_BOXES)),
    "cancel": (later("End a run; the trial under way is void, records are kept."), (RUN_THERE, *ON_BOXES)),
}


def a_task(name: str, words: str, options: Sequence[Option]) -> Any:
    """Make a task of a verb or a question."""

    def body(context: Context, **typed: str) -> None:
        if isinstance(context, Connection):  # Fabric's own -H calls this once a host
            raise Exit(tr("-H is Fabric's own, and not asked here: say --host= or --limit="), code=REFUSED)
        try:
            given = read_options(typed, options)
            if context.config.run.dry:  # make asks whether the words would do
                return
            where = {option.name: typed.get(option.name, "") for option in ON_BOXES}
            asked = None
            if ON_BOXES[0] in options:
                check_key(where["key"])
                asked = ask_ansible(target(**where))
        except UsageError as error:
            raise refusal(error) from error
        from bench.cli import fab as command

        if code := command.carry_out(name, asked, context.config, given, where):
            raise Exit(code=code)

    parameters = [Parameter(option.name, Parameter.KEYWORD_ONLY, default="") for option in options]
    body.__signature__ = Signature([Parameter("context", Parameter.POSITIONAL_ONLY), *parameters])  # type: ignore[attr-defined]
    body.__name__, body.__doc__ = name.replace("-", "_"), tr(words)
    return task(help={option.name: tr(option.help) for option in options}, auto_shortflags=False)(body)


def refusal(error: Exception) -> Exit:
    """Return what ends fab where nothing was measured or changed."""
    return Exit(f"fab: {error} {tr('(exit code {code})', code=REFUSED)}", code=REFUSED)


def all_tasks(asked: Sequence[str]) -> Collection:
    """Return the tasks of the verbs and of every question; what is asked has its options."""
    found = Collection()
    for name, (words, options) in VERBS.items():
        found.add_task(a_task(name, words, options))
    # A run is followed, pulled and ended whatever lies in a folder of a user's.
    if asked and VERBS.keys() >= set(asked):
        return found
    files, refused = look_up()
    # Its options only where it is named: fab --list need not load what answers each question.
    for name, path in files.items():
        options = load_question(name).on_boxes() if name in asked else []
        found.add_task(a_task(name, words_of(path).partition("\n")[0], options))
    for name, error in refused.items():
        if name in asked:
            raise error
        if name and name not in found.task_names:
            found.add_task(a_task(name, tr("refused: {why}", why=error), []))
    return found


def without_values(words: Sequence[str]) -> list[str]:
    """Return tasks and options; what follows an option, and so is its value, is left out."""
    flags = set()
    for argument in (*program.core_args(), *program.task_args()):
        if argument.kind is bool or argument.optional:
            flags |= {f"--{name}" if name[1:] else f"-{name}" for name in argument.names}
    kept: list[str] = []
    is_value = False
    for word in words:
        if not is_value:
            kept.append(word)
        is_value = not is_value and word.startswith("-") and "=" not in word and word not in flags
    return kept


def refuse_unknown(words: Sequence[str], tasks: Collection) -> None:
    """Refuse a task that there is not, and an option that a task does not have: Fabric takes --hosts for its own.

    Raises:
        UsageError: names it as make does, and the nearest.

    """
    known: list[str] = []
    for word in words:
        option, _, _ = word.partition("=")
        if not word.startswith("-"):
            pick("question", [word], tasks.task_names)
            known = [f"--{name.replace('_', '-')}" for name in tasks[word].help]
        elif known and option.startswith("--") and option not in (*known, "--help", "--dry"):
            near = difflib.get_close_matches(option, known, n=1)
            raise UsageError(unknown(option, known, near))


def unknown(option: str, known: Sequence[str], near: Sequence[str]) -> str:
    """Say that there is no such option, and which was meant, else which there are."""
    if near:
        return tr("unknown option {option}; did you mean {near}?", option=in_make(option), near=in_make(near[0]))
    there = " ".join(map(in_make, known))
    return tr("unknown option {option}; there are: {known}.", option=in_make(option), known=there)


def in_make(option: str) -> str:
    """Return an option as make has it."""
    return option.removeprefix("--").replace("-", "_").upper()


try:
    typed: list[str] = []
    # Else the words are another program's.
    if Path(sys.argv[0]).name == "fab":
        speak()
        typed = without_values(sys.argv[1:])
    namespace = all_tasks([word for word in typed if not word.startswith("-")])
    refuse_unknown(typed, namespace)
except NothingDoneError as error:
    raise refusal(error) from error
