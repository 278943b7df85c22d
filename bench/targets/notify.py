"""Somebody is told that a run has ended or failed: a program of theirs is started, what happened in its environment.

No shell looks at the command. That it fails, or takes too long, is said, and changes nothing of the run's outcome.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from bench.model.language import tr
from bench.model.plain import one_line
from bench.targets.target import Request

PATIENCE_S = 30
"""So long is waited for the program; then it is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, as the program finds it in its environment."""

    what: Literal["finished", "stopped", "failed"]
    """``stopped``: somebody ended it, and it can be gone on with."""
    question: str
    run: str
    """Its name; empty: none was begun."""
    hosts: Sequence[str] = ()
    sentence: str
    exit_code: int | None = None
    """Of the command; None: it is not known yet."""
    results: Path | None = None

    def environment(self) -> Mapping[str, str]:
        """Return it as variables."""
        return {
            "PGLADDER_EVENT": self.what,
            "PGLADDER_QUESTION": self.question,
            "PGLADDER_RUN": self.run,
            "PGLADDER_HOSTS": " ".join(self.hosts),
            "PGLADDER_SENTENCE": self.sentence,
            "PGLADDER_EXIT_CODE": "" if self.exit_code is None else str(self.exit_code),
            "PGLADDER_RESULTS": str(self.results.absolute()) if self.results else "",
        }


def notify(command: Sequence[str] | None, event: Event, report: Callable[[str], None]) -> None:
    """Start the program, where there is one; say what became of it only where it failed."""
    if not command:
        return
    try:
        ended = subprocess.run(
            command,
            env=os.environ | event.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        report(
            tr(
                "--notify: {program} could not tell: {why}. The run is what it was.",
                program=command[0],
                why=one_line(str(error)),
            )
        )
    else:
        _report_failure(command[0], ended, report)


def _report_failure(program: str, ended: subprocess.CompletedProcess[bytes], report: Callable[[str], None]) -> None:
    if ended.returncode:
        last = one_line((ended.stderr or ended.stdout).decode(errors="replace").strip().rpartition("\n")[2])
        why = f": {last}" if last else ""
        report(
            tr(
                "--notify: {program} ended with {code}{why}. The run is what it was.",
                program=program,
                code=ended.returncode,
                why=why,
            )
        )


@dataclass(slots=True)
class Happened:
    """What becomes known of a run on this machine while it goes on."""

    run: str = ""
    results: Path | None = None
    complete: bool = field(default=False)


@contextmanager
def notifying(request: Request, out: Console) -> Iterator[Happened]:
    """Tell how a run on this machine ended, whatever way it does."""
    happened = Happened()

    def tell(what: Literal["finished", "stopped", "failed"], sentence: str) -> None:
        event = Event(
            what=what,
            question="run",
            run=happened.run,
            hosts=[os.uname().nodename],
            sentence=one_line(sentence),
            results=happened.results,
        )
        notify(request.option("notify"), event, lambda text: out.print(Text(text), soft_wrap=True))

    try:
        yield happened
    except KeyboardInterrupt:
        tell("stopped", tr("Stopped before its first trial."))
        raise
    except Exception as error:
        tell("failed", str(error) or type(error).__name__)
        raise
    if happened.complete:
        tell("finished", tr("Run {run} has come to its end.", run=happened.run))
    else:
        stopped = tr(
            "Run {run} was stopped; pgladder run --resume {results} goes on.",
            run=happened.run,
            results=happened.results,
        )
        tell("stopped", stopped)
