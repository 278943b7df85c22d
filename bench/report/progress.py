"""The progress of a run: a bar with what is left on a terminal, plain lines elsewhere."""

from threading import Event, Thread
from time import monotonic

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from bench.model.language import tr
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.report.numbers import duration, rate
from bench.report.words import STATE_STYLES, doubt_words, kept_words, of_trial, under_way

SILENT_S = 30.0
"""Nobody waits longer than this for a line, however long a trial takes."""


class RunProgress:
    """Shows how a run goes on: a bar with what is left on a terminal, plain lines elsewhere."""

    def __init__(self, out: Console, trial_s: float, plan: Plan | None = None) -> None:
        self._out, self._plan = out, plan
        self._guess_s = trial_s
        """What a trial takes, until one was seen."""
        self._began = 0.0
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(20), TextColumn("{task.fields[left]}"), console=out
        )
        self._task: TaskID | None = None
        self._over = Event()
        """Ends the lines of the trial under way."""

    def begins(self, trial: Trial, left: int, of: int) -> None:
        """Show the trial that begins."""
        # From the first trial on: what came before it, such as starting a server, comes once.
        self._began = self._began or monotonic()
        place = tr("trial {number} of {of}", number=trial.number, of=of)
        if self._plan and self._plan.promise:
            place = tr("trial {number} of about {of}", number=of - left + 1, of=of)
        elif self._plan and self._plan.refines:
            # Numbers are left out.
            place = tr("trial {number} of at most {of}", number=of - left + 1, of=of)
        what = f"{place}: {of_trial(trial, self._plan)}"
        each_s = self._guess_s
        if self._done:
            each_s = (monotonic() - self._began) / self._done
        left_s = each_s * left
        if not self._out.is_terminal:
            self._over.set()
            self._over = Event()
            said = self._out, f"{place}, {of_trial(trial, self._plan)}", left_s, self._over
            Thread(target=_say_now_and_then, args=said, daemon=True).start()
            return
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(what, left="")
        time_left = tr("{time} left", time=duration(left_s))
        self._bar.update(self._task, description=what, total=self._done + left, completed=self._done, left=time_left)

    def ended(self, record: Record) -> None:
        """Print the line of a trial."""
        self._over.set()
        self._done += 1
        state = record.validity.state
        what = of_trial(record.trial, self._plan)
        # By the columns that it takes of a terminal: a wide character takes two.
        what = set_cell_size(what, max(cell_len(what), 36))
        line = f"{record.trial.number:>4}  {what} {rate(record.rows_per_s):>9} rows/s  {tr(state)}"
        if kept := kept_words(record, self._plan):
            line += f", {kept}"
        line += doubt_words(record)
        self._bar.console.print(Text(line, style=STATE_STYLES[state]))

    def report(self, sentence: str) -> None:
        """Print a sentence."""
        self._bar.console.print(sentence)

    def close(self) -> None:
        """Take the bar away."""
        self._over.set()
        self._bar.stop()


def _say_now_and_then(out: Console, what: str, left_s: float, over: Event) -> None:
    began = monotonic()
    while not over.wait(SILENT_S):
        out.print(Text(under_way(what, max(left_s - (monotonic() - began), 0))))
