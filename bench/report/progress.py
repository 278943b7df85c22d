"""The progress of a run: a bar with what is left on a terminal, plain lines elsewhere."""

from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from bench.model.plan import Trial
from bench.model.record import Record
from bench.report.terminal import DASH, duration, rate


class RunProgress:
    """Tells how a run goes on: a bar with what is left on a terminal, plain lines elsewhere."""

    def __init__(self, out: Console, trial_s: float) -> None:
        self._out = out
        self._guess_s = trial_s
        """What a trial takes, until one was seen."""
        self._began = 0.0
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[left]}"), console=out
        )
        self._task: TaskID | None = None

    def begins(self, trial: Trial, number: int, of: int) -> None:
        """Show the trial that begins."""
        self._began = self._began or monotonic()
        what = f"trial {trial.number} of {of}: {_what(trial)}"
        if not self._out.is_terminal:
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(what, total=of - trial.number + number, left="")
        self._bar.update(self._task, description=what, completed=self._done, left=self._left(of - trial.number + 1))

    def _left(self, trials: int) -> str:
        each = (monotonic() - self._began) / self._done if self._done else self._guess_s
        return f"{duration(each * trials)} left"

    def ended(self, record: Record) -> None:
        """Print the line of a trial."""
        self._done += 1
        number = DASH if record.rows_per_s is None else rate(record.rows_per_s)
        style = {"valid": "", "suspect": "yellow", "void": "red"}[record.validity.state]
        line = f"{record.trial.number:>4}  {_what(record.trial):<36} {number:>9} rows/s  {record.validity.state}"
        reasons = "; ".join(reason.detail for reason in record.validity.reasons)
        self._bar.console.print(Text(f"{line}{': ' + reasons if reasons else ''}", style=style))

    def says(self, sentence: str) -> None:
        """Print a sentence."""
        self._bar.console.print(sentence)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def _what(trial: Trial) -> str:
    return f"{trial.phase} {trial.variant} {trial.layout} {trial.transport}"
