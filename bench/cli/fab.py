"""A verb or a question of the front door: its boxes found, done, what failed named, the exit code told.

0: done; 1: ran, but a box failed or a result is void or not there; 2: nothing was measured or changed.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.text import Text

from bench.model.errors import PgladderError, UsageError
from bench.model.language import ENGLISH, speak, tr
from bench.model.plain import one_line, speak_plainly
from bench.questions import load_question
from bench.questions.question import BOXES, for_programs, print_answer
from bench.questions.report import write_page
from bench.remote.fan_out import FAILED, REFUSED, Failure, failure
from bench.remote.hosts import Asked, answered
from bench.remote.link import Link
from bench.remote.secrets import PASSPHRASE, SSH_PASSWORD, SUDO_PASSWORD, Secrets
from bench.report.console import console
from bench.targets import boxes as verbs
from bench.targets.box_plans import check_name
from bench.targets.boxes import RESULTS, Boxes, NoHostsLeftError
from bench.targets.notify import Event, notify
from bench.targets.target import Results

DONE = 0
Verb = Callable[[Boxes, Mapping[str, Any]], None]
VERBS: dict[str, Verb] = {
    "launch": verbs.launch,
    "follow": verbs.follow,
    "status": verbs.status,
    "pull": verbs.pull,
    "cancel": verbs.cancel,
}


def carry_out(
    name: str, asked: Asked | None, config: Mapping[str, Any], given: Mapping[str, Any], where: Mapping[str, str]
) -> int:
    """Do a verb on the boxes, or answer a question of them, name those that failed; return the exit code.

    Args:
        name: of the verb or question.
        asked: Ansible, asked for the hosts; None for a question that only reads what was pulled.
        config: Fabric's; passwords that it asked for are taken from there.
        given: the options that were typed, by name.
        where: those that say which boxes, and how to log in.

    """
    speak_plainly()
    speak(ENGLISH if for_programs(given) else None)
    boxes, sound = Boxes(console(stderr=for_programs(given)), where=where, metrics=given.get("metrics")), True
    try:
        if asked:
            known = _secrets(config)
            boxes.links = [Link(host, known) for host in answered(asked)]
        if name in VERBS:
            VERBS[name](boxes, given)
        else:
            sound = _ask(name, boxes, given)
    except NoHostsLeftError:
        sound = False
    except PgladderError as error:
        boxes.failures.append(failure("", error))
    except KeyboardInterrupt:
        boxes.let_go = _interrupted(boxes)
        boxes.report(boxes.let_go)
        sound = False
    code = _close(boxes, sound=sound)
    notify(given.get("notify"), _event(name, boxes, code), boxes.report)
    return code


def _secrets(config: Mapping[str, Any]) -> Secrets:
    """Return the passwords that Fabric asked for."""
    login = config.get("connect_kwargs", {})
    return Secrets(
        {
            SUDO_PASSWORD: config["sudo"]["password"],
            SSH_PASSWORD: login.get("password"),
            PASSPHRASE: login.get("passphrase"),
        }
    )


def _event(name: str, boxes: Boxes, code: int) -> Event:
    """Return what is told somebody who asked for it."""
    failed = "; ".join(f"{each.host or 'fab'}: {each.reason}" for each in boxes.failures)
    sentence = failed or tr("it ended, and something of it is doubtful")
    if code == DONE and not failed:
        sentence = tr("it has come to its end")
    if boxes.let_go:
        sentence = boxes.let_go
    return Event(
        what="failed" if boxes.failures else "stopped" if boxes.let_go else "finished",
        question=name,
        run=boxes.run,
        hosts=[link.host.name for link in boxes.links],
        sentence=one_line(sentence),
        exit_code=code,
        results=RESULTS / boxes.run if boxes.run else None,
    )


def _ask(name: str, boxes: Boxes, given: Mapping[str, Any]) -> bool:
    """Put a question to boxes, or to what was pulled from them; return whether its answer is sound."""
    question = load_question(name)
    if question.carries_out_on_boxes:
        answer = question.answer(question.carries_out_on_boxes(boxes, given, boxes.out), given)
        print_answer(answer, given)
        return answer.sound
    measured = BOXES in question.measured
    run = check_name(given.get("run", ""))
    if not run and (question.repeats or not measured):
        raise UsageError(tr("Say which run: RUN=<its name>; those that were pulled are in results/."))
    results: Results | None = Results(directories=(RESULTS / run,))
    if measured:
        results = boxes.measure(question.request(given, repeats=run if question.repeats else ""), boxes.out)
    if results is None:
        return False
    # The page first: it is there also where there is no answer.
    page = None
    if measured and question.has_page:
        page, _ = write_page(results.directories[0], None, given)
    try:
        if measured:
            boxes.out.print()
        answer = question.answer(results, given)
        print_answer(answer, given)
        return answer.sound
    finally:
        if page:
            boxes.out.print()
            boxes.report(tr("Page: {page}", page=page))


def _interrupted(boxes: Boxes) -> str:
    if not boxes.run:
        return tr("Stopped; nothing was started.")
    where = (f"{word.upper()}={shlex.quote(value)}" for word, value in boxes.where.items() if value)
    words = " ".join([f"RUN={boxes.run}", *where])
    if boxes.gated:
        return tr(
            "No more gates are opened: the box that measures ends its block, then all wait."
            " Go on: make compare-hosts {words}; end it: make cancel {words}",
            words=words,
        )
    return tr(
        "Not followed any more; what was started goes on. Again: make ladder {words}; end it: make cancel {words}",
        words=words,
    )


def _close(boxes: Boxes, *, sound: bool) -> int:
    """Hang up, name the boxes that failed, and return the exit code."""
    for link in boxes.links:
        link.give_up()
    beside = console(stderr=True)
    for each in boxes.failures:
        sentence = one_line(f"{each.host or 'fab'}: {each.reason} {tr('(exit code {code})', code=each.code)}")
        beside.print(Text(sentence, style="red"), soft_wrap=True)
    return exit_code(boxes.failures, len(boxes.links), started=boxes.started, sound=sound)


def exit_code(failures: Sequence[Failure], boxes: int, *, started: bool, sound: bool) -> int:
    """Return 2 only where nothing was done: the command, or every box, was refused."""
    refused = [each for each in failures if each.code == REFUSED]
    if refused and not started and (len(refused) == boxes or any(not each.host for each in refused)):
        return REFUSED
    if failures or not sound:
        return FAILED
    return DONE
