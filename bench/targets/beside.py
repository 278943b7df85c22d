"""What hears of a run on this machine beside the person who looks on: the metrics file."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from bench.agent.run import Listener
from bench.analysis.progress import Progress
from bench.model.plan import Trial
from bench.model.record import Record
from bench.report.metrics import MetricsFile
from bench.targets.here import Prepared
from bench.targets.target import Request


class Heard:
    """Hands on what it hears, and keeps metrics of it where somebody asked for them."""

    def __init__(self, shown: Listener, so_far: Progress, metrics: MetricsFile | None) -> None:
        self._shown, self._so_far, self._metrics = shown, so_far, metrics
        self._host = socket.gethostname()
        self.complete = False
        """The run came to its end."""

    def begins(self, trial: Trial, left: int, of: int) -> None:
        """See ``Listener``."""
        self._shown.begins(trial, left, of)
        self._keep()

    def ended(self, record: Record) -> None:
        """See ``Listener``."""
        self._shown.ended(record)
        self._so_far = self._so_far.with_record(record)
        self._keep()

    def report(self, sentence: str) -> None:
        """See ``Listener``."""
        self._shown.report(sentence)

    def close(self) -> None:
        """Write that the run goes on no more."""
        if self._metrics:
            self._metrics.ended(self._host, complete=self.complete)

    def _keep(self) -> None:
        if self._metrics:
            self._metrics.so_far(self._host, self._so_far)


@contextmanager
def kept_metrics(request: Request, ready: Prepared, shown: Listener, out: Console) -> Iterator[Heard]:
    """Keep metrics while a run goes on, where somebody asked for them; in the end they say how it ended."""
    file: Path | None = request.option("metrics")
    metrics = MetricsFile(file, out) if file else None
    heard = Heard(shown, Progress(ready.plan, ready.directory.records()), metrics)
    try:
        yield heard
    finally:
        heard.close()
