"""Following runs on several boxes: records parsed as they come, shown, connections taken up again by themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from bench.analysis.progress import Progress
from bench.model.box import Ending
from bench.model.codec import from_json
from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.plan import Plan
from bench.model.record import Record
from bench.remote.errors import TooMuchOutputError, UnreachableError
from bench.remote.fan_out import Outcomes, on_each, steadily
from bench.remote.link import Link
from bench.remote.steps import follow, last_words
from bench.report.following import NOT_FOLLOWED, Following

PATIENCE_S = 600
"""A box that reboots is back by then; one that is not is given up, its run goes on."""
POLL_S = 0.2
MOST_RECORD_BYTES = 1 << 20
MORE_RECORDS = 1000
"""Than two for each trial: one is run again after a power cut."""

News = Callable[[], None]


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended on a box; ``why`` says it where that is not the end of its plan."""

    how: Ending
    why: str = ""


def follow_all(links: Sequence[Link], run: str, plans: Mapping[str, Plan], view: Following) -> Outcomes[End]:
    """Follow a run on all boxes to its end; only this thread talks to the view."""
    news: SimpleQueue[News] = SimpleQueue()
    outcome: list[Outcomes[End]] = []
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(on_each(links, lambda link: _follow_one(link, run, plans[link.host.name], view, news)))
        except BaseException as error:  # noqa: BLE001 - raised again below
            trouble.append(error)

    worker = Thread(target=work, daemon=True)
    worker.start()
    try:
        while worker.is_alive() or not news.empty():
            while not news.empty():
                news.get()()
            view.tick()
            worker.join(POLL_S)
    except BaseException:
        for link in links:
            link.give_up()
        worker.join()
        raise
    if trouble:
        raise trouble[0]
    return outcome[0]


class _Reader:
    """Takes up records where the connection was lost."""

    def __init__(self, host: str, plan: Plan, view: Following, news: SimpleQueue[News]) -> None:
        self.offset = 0
        self._spoilt = -1
        """Where a line was none; read again, it must be one."""
        self._host, self._view, self._news = host, view, news
        self._so_far = Progress(plan)
        self._left = 2 * len(plan.trials) + MORE_RECORDS
        """How many lines may come yet."""
        self._rest = bytearray()

    def begins(self) -> None:
        """Begin, or begin again after the connection was lost: forget the half line that came last."""
        self._rest.clear()
        so_far = self._so_far
        self._news.put(lambda: self._view.begins(self._host, so_far))

    def take(self, chunk: bytes) -> None:
        """Take bytes of ``trials.jsonl``; a line without its end waits for the rest.

        Raises:
            TooMuchOutputError: a line, or all of them, are longer than those of this plan can be.

        """
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = bytes(self._rest + end)
            self._rest.clear()
            self._left -= 1
            self._check(len(line))
            record = self._record(line)
            self.offset += len(line) + 1
            self._so_far = so_far = self._so_far.with_record(record)
            self._news.put(lambda so_far=so_far, record=record: self._view.recorded(self._host, so_far, record))  # type: ignore[misc]

        self._rest += rest
        self._check(len(self._rest))

    def _check(self, length: int) -> None:
        if length > MOST_RECORD_BYTES:
            raise TooMuchOutputError(self._host, MOST_RECORD_BYTES)
        if self._left < 0:
            raise TooMuchOutputError(self._host)

    def _record(self, line: bytes) -> Record:
        """Parse a line. The agent takes back half a line that a full disk or a power cut left: then read it again."""
        try:
            return from_json(line, Record, f"{self._host}: trials.jsonl at byte {self.offset}")
        except DataError as error:
            if self._spoilt == self.offset:
                raise
            self._spoilt = self.offset
            raise UnreachableError(self._host, tr("a record that had been cut was written anew")) from error


def _follow_one(link: Link, run: str, plan: Plan, view: Following, news: SimpleQueue[News]) -> End:
    name = link.host.name
    reader = _Reader(name, plan, view, news)

    def report(sentence: str) -> None:
        news.put(lambda: view.report(sentence))

    def step(_: Link) -> Ending:
        reader.begins()
        return follow(link, run, reader.offset, reader.take)

    try:
        ending = steadily(link, step, report, PATIENCE_S)
        why = ""
        if ending == "cancelled":
            why = tr("run {run} was cancelled", run=run)
        elif ending == "failed":
            words = steadily(link, lambda _: last_words(link, run), report)
            why = tr("run {run} stopped before its end: {why}", run=run, why=words)
    except Exception:
        news.put(lambda: view.ended(name, NOT_FOLLOWED))
        raise
    news.put(lambda: view.ended(name, ending))
    report(f"{name}: {why or tr('run {run} finished', run=run)}.")
    return End(ending, why)
