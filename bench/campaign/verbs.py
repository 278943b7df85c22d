"""What people do from the control machine: launch, follow, status, pull, cancel, and ``ladder``, which is all of it.

Each takes the boxes' links, prints, and returns the exit code: 0 done; 1 ran, but a box failed or a result is void or
not there; 2 wrong use, nothing was changed.
"""

import getpass
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.ladder import LadderReport
from bench.campaign.follow import follow_all
from bench.campaign.plans import Asked, check_idle, check_name, check_same, plan_for, wishes
from bench.doctor.collect import release
from bench.journal import RunDirectory
from bench.local import new_run_id
from bench.model import PgladderError, Plan, WrongUseError, from_json, to_json
from bench.offline import doubtful, read, told, write_page
from bench.parcel import Arrived
from bench.remote import steps
from bench.remote.hosts import answered
from bench.remote.link import Link
from bench.remote.pull import pull as pull_one
from bench.remote.secrets import Secrets
from bench.remote.together import FAILED, REFUSED, Failure, failure, on_each, steadily
from bench.report.following import Following
from bench.report.terminal import console, show_ladders, size
from bench.state import BoxState
from bench.wish import make_wish

DONE = 0
Verb = Callable[["Boxes", Mapping[str, str]], bool | None]
RESULTS = Path("results")


@dataclass(slots=True)
class Boxes:
    """The boxes a command is for, those that failed on the way, and where all of it is told."""

    out: Console
    links: list[Link] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    run: str = ""
    """The run that is under way because of, or before the eyes of, whoever gave the command."""

    def left(self) -> list[Link]:
        """Return those that did not fail."""
        failed = {failure.host for failure in self.failures}
        return [link for link in self.links if link.host.name not in failed]

    def says(self, sentence: str) -> None:
        """Print a sentence."""
        self.out.print(Text(sentence), soft_wrap=True)


def carry_out(name: str, asked: Popen[str], config: Mapping[str, Any], given: Mapping[str, str]) -> int:
    """Do a verb on the boxes, name those that failed; return the exit code.

    Args:
        name: of the verb.
        asked: Ansible, asked for the hosts.
        config: Fabric's; passwords that it asked for are taken from there.
        given: the words typed, empty where none was.

    """
    boxes, sound = Boxes(console()), True
    try:
        known = _secrets(config)
        boxes.links = [Link(host, known) for host in answered(asked)]
        sound = VERBS[name](boxes, given) is not False
    except PgladderError as error:
        boxes.failures.append(failure("", error))
    except KeyboardInterrupt:
        boxes.says(_interrupted(boxes))
        sound = False
    return _close(boxes, sound=sound)


def _secrets(config: Mapping[str, Any]) -> Secrets:
    login = config.get("connect_kwargs", {})
    return Secrets(
        {
            "sudo password": config["sudo"]["password"],
            "SSH password": login.get("password"),
            "passphrase": login.get("passphrase"),
        }
    )


def _interrupted(boxes: Boxes) -> str:
    if not boxes.run:
        return "Stopped."
    words = f"RUN={boxes.run}"
    return f"Not followed any more; what was started goes on. Again: make follow {words}; end it: make cancel {words}"


def _close(boxes: Boxes, *, sound: bool) -> int:
    """Hang up, name the boxes that failed, and return the exit code."""
    for link in boxes.links:
        link.give_up()
    for each in boxes.failures:
        boxes.out.print(
            Text(f"{each.host or 'fab'}: {each.reason} (exit code {each.code})", style="red"), soft_wrap=True
        )
    return exit_code(boxes.failures, len(boxes.links), sound=sound)


def exit_code(failures: Sequence[Failure], boxes: int, *, sound: bool) -> int:
    """Return 2 only where nothing was done: the command, or every box, was refused."""
    refused = [each for each in failures if each.code == REFUSED]
    if len(refused) == boxes or any(not each.host for each in refused):
        return REFUSED
    return FAILED if failures or not sound else DONE


def launch(boxes: Boxes, given: Mapping[str, str]) -> None:
    """Start a run on every box that can take it. Where it is there already, it is not started again."""
    _launched(boxes, given)


def _launched(boxes: Boxes, given: Mapping[str, str]) -> str:
    """Launch; return the run's name."""
    asked = wishes(given)
    run = boxes.run = check_name(given["run"]) or new_run_id(datetime.now(UTC))
    wish = Asked(
        wish=make_wish(asked, transports=["tcp"]),
        run=run,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=secrets.randbelow(1 << 31) if asked.get("seed") is None else asked["seed"],
    )
    who = f"{getpass.getuser()} at {socket.gethostname()}"
    here = ThreadPoolExecutor(1).submit(release)

    def step(link: Link) -> str:
        state = from_json(steps.look(link), BoxState, f"{link.host.name}: pgladder box")
        check_same(state, here.result())
        check_idle(state, run)
        known = any(each.run == run and each.course != "unreadable" for each in state.runs)
        plan = steps.read_plan(link, run) if known else to_json(plan_for(state, wish)) + b"\n"
        return steps.launch(link, run, plan, who)

    for host, outcome in _on_each(boxes, step).items():
        boxes.says(f"{host}: run {run} {outcome}.")
    return run


def follow(boxes: Boxes, given: Mapping[str, str]) -> None:
    """Show a run on every box until it ends."""
    boxes.failures += _followed(boxes, given["run"])


def _followed(boxes: Boxes, run: str) -> list[Failure]:
    """Follow; return where the run did not come to its end, and why."""
    run = boxes.run = check_name(run) or _under_way(boxes)
    plans = _on_each(boxes, lambda link: from_json(steps.read_plan(link, run), Plan, f"{link.host.name}: plan.json"))
    view = Following(boxes.out)
    try:
        together = follow_all(boxes.left(), run, plans, view)
    finally:
        view.close()
    boxes.failures += together.failures
    return [
        Failure(host, f"run {run} {end.why}", FAILED) for host, end in together.done.items() if end.how != "finished"
    ]


def _under_way(boxes: Boxes) -> str:
    """Return the one run that has not ended on these boxes."""
    states = _look(boxes)
    runs = {run.run for state in states.values() for run in state.runs if run.course in {"running", "waiting"}}
    if len(runs) != 1:
        raise WrongUseError(f"Say which run by RUN=; under way there: {', '.join(sorted(runs)) or 'none'}.")
    return runs.pop()


def _look(boxes: Boxes) -> Mapping[str, BoxState]:
    return _on_each(boxes, lambda link: from_json(steps.look(link), BoxState, f"{link.host.name}: pgladder box"))


def pull(boxes: Boxes, given: Mapping[str, str]) -> None:
    """Bring what is new of a run from every box."""
    if not check_name(given["run"]):
        raise WrongUseError("Say which run: RUN=<its name>; there are those of: make status.")
    _pulled(boxes, given["run"])


def _pulled(boxes: Boxes, run: str) -> dict[str, Path]:
    """Pull; return where each box's files are."""

    def step(link: Link) -> Arrived:
        return pull_one(link, run, RESULTS / run / link.host.name)

    places = {}
    for host, arrived in _on_each(boxes, step).items():
        place = places[host] = RESULTS / run / host
        whole = "" if arrived.sealed else "; the run has not come to its end"
        boxes.says(f"{host}: {arrived.files} new files ({arrived.bytes:,} bytes) in {place}{whole}.")
    return places


def cancel(boxes: Boxes, given: Mapping[str, str]) -> None:
    """End a run, or whichever has not ended, on every box."""
    run = check_name(given["run"])
    for host, ended in _on_each(boxes, lambda link: steps.cancel(link, run)).items():
        names = ", ".join(ended)
        boxes.says(f"{host}: {f'cancelled {names}; what was recorded is kept' if ended else 'nothing was under way'}.")


def status(boxes: Boxes, given: Mapping[str, str]) -> None:
    """Print what every box is doing."""
    states = _look(boxes)
    if given["json"]:
        boxes.out.file.write(to_json(states).decode() + "\n")
    else:
        boxes.out.print(_status_table(states))


def ladder(boxes: Boxes, given: Mapping[str, str]) -> bool:
    """Launch, follow, pull, print the ladder of each box, write the page; return whether every result is sound."""
    run = _launched(boxes, given)
    ended_early = _followed(boxes, run)
    places = _pulled(boxes, run)
    boxes.failures += ended_early
    if not places:
        return False
    reports = [_shown(boxes, place) for place in places.values()]
    page, _ = write_page(RESULTS / run, None)
    boxes.says(f"Page: {page}")
    return not doubtful(reports)


def _shown(boxes: Boxes, place: Path) -> LadderReport:
    report = told(read(RunDirectory(place)))
    boxes.out.print()
    show_ladders(boxes.out, report)
    return report


def _on_each(boxes: Boxes, step: Any) -> Mapping[str, Any]:
    together = on_each(boxes.left(), lambda link: steadily(link, lambda _: step(link), boxes.says))
    boxes.failures += together.failures
    return together.done


def _status_table(states: Mapping[str, BoxState]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("box", "release", "free", "run", "trials", ""):
        table.add_column(name)
    for host, state in states.items():
        free = size(state.free_bytes)
        rows = [(run.run, f"{run.recorded}/{run.planned}", run.detail or run.course) for run in state.runs]
        by_hand = state.holder and not any(run.course == "running" for run in state.runs)
        under_way = [("", "", f"under way: {state.holder}")] if by_hand else []
        for number, row in enumerate([*rows, *under_way] or [("", "", "no runs")]):
            table.add_row(*(("", "", "") if number else (host, state.release, free)), *row)
    return table


VERBS: dict[str, Verb] = {
    "ladder": ladder,
    "launch": launch,
    "follow": follow,
    "status": status,
    "pull": pull,
    "cancel": cancel,
}
