"""Asks the probes (``bench.probes.probe``) what they observe of a trial.

No probe of a user's ends a trial, hides that it failed, or holds the agent up for long: a reading is waited for
``PATIENCE_S``. One that fails or is late is not asked again in that trial, and the trial has none of its figures and a
slight doubt that says why. The CPU time that it takes counts among what other programs took
(``bench.validity.judge.check_others``). pgladder's own probes are called as they are; a test holds what they cost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import isfinite
from queue import Empty, SimpleQueue
from random import Random
from threading import Event, Thread
from time import monotonic, thread_time
from typing import Any, TypeVar

import msgspec

from bench.model.fingerprint import Unreadable, is_reason, known
from bench.model.record import Reason
from bench.model.values import MOST
from bench.probes.probe import (
    BEATS_PER_S,
    MOST_BEATING,
    OWN,
    SAMPLES_PER_S,
    Asked,
    Period,
    Probe,
    Scene,
    load_probe,
    probe_files,
)

PATIENCE_S = 0.1
"""For a reading, which the agent waits for between two others that are a second apart."""
OPENING_S = 5.0
"""For what a probe is asked while nothing is measured."""
LATE = 2
"""So many times its patience is late: on a busy host the agent itself may be woken later than the answer came."""
INSTANTS = Random()
"""When samples are taken; its own: several threads draw, and another's seed stays another's."""
MOST_BYTES = 1 << 16
"""Of one reading, as JSON."""
T = TypeVar("T")


class ProbeError(Exception):
    """A probe of a user's did not do what it was asked; the message gives the reason."""


@dataclass(slots=True)
class Observed:
    """What the probes observed of a trial."""

    figures: dict[str, dict[str, float | None]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """By probe and figure (``host.frequency_mhz``), why it is null."""
    reasons: list[Reason] = field(default_factory=list)

    def add(self, name: str, figures: Mapping[str, float | Unreadable]) -> None:
        """Add the figures of a probe, or what the agent observed by itself."""
        self.figures[name] = {figure: known(value) for figure, value in figures.items()}
        for figure, value in figures.items():
            if isinstance(value, Unreadable):
                self.missing[f"{name}.{figure}"] = value.unreadable


class Observers:
    """All probes, opened for the trials of a run."""

    def __init__(self, scene: Scene) -> None:
        """Open them.

        Raises:
            DataError: a file of the user's is no probe.
            UsageError: one has a name that something else has.

        """
        self._all: dict[str, Observer] = {}
        for name, path in probe_files().items():
            call = call_directly if path.parent == OWN else CallWithin()
            self._all[name] = Observer(name, load_probe(path), scene, call)

    def opened(self, name: str) -> Any:
        """Return a probe itself."""
        return self._all[name].probe

    def begin(self) -> dict[str, Any]:
        """Begin a trial: read what is read every second once, so that who is late is late now and not in the window.

        Return these readings, by probe.
        """
        for each in self._all.values():
            each.begin()
        rehearsed = self.read("second", monotonic())
        for each in self._all.values():
            each.readings.clear()
        return rehearsed

    def read(self, period: Period, at_s: float) -> dict[str, Any]:
        """Read the probes of a period, and return what is kept of it, by probe."""
        return {name: each.read(at_s) for name, each in self._all.items() if each.kind.period == period}

    @contextmanager
    def sampling(self, server: Asked | Unreadable) -> Iterator[None]:
        """Let those that sample look at the server, and those that beat do so, each in a thread."""
        over = Event()
        for each in self._all.values():
            if each.samples:
                each.look(server, over)
            elif each.beats:
                each.beat(over)
        try:
            yield
        finally:
            over.set()
            for each in self._all.values():
                each.wait_until_over()

    def observed(self) -> Observed:
        """Return what the readings of the trial come to."""
        found = Observed()
        for each in self._all.values():
            each.add_to(found)
        return found


class Observer:
    """One probe and its readings of the trial under way."""

    def __init__(self, name: str, kind: type[Probe], scene: Scene, call: "Call") -> None:
        self.name, self.kind, self._call = name, kind, call
        self.readings: list[tuple[float, Any]] = []
        self.samples, self.beats = hasattr(kind, "sample"), hasattr(kind, "beat")
        self._failure: str | None = None
        self._blind: str | None = None
        self._beside: Thread | None = None
        """In which it looks at the server, or beats."""
        self.probe: Any = self._ask(lambda: kind(scene), OPENING_S)
        self._not_opened = self._failure

    def begin(self) -> None:
        """Forget the trial before."""
        self._failure, self._blind = self._not_opened, None

    def look(self, server: Asked | Unreadable, over: Event) -> None:
        """Begin to look at the server, until it is over."""
        if isinstance(server, Unreadable):
            self._blind = server.unreadable
            return
        self._work_beside(lambda: self._sample(server, over), "look at the server")

    def beat(self, over: Event) -> None:
        """Begin to beat, until it is over."""
        self._work_beside(lambda: self._beat(over), "beat")

    def _work_beside(self, work: Callable[[], None], what: str) -> None:
        """Have it done in a thread, unless the last one has not ended yet; ``what`` is done there, for people."""
        if self._failure is None and self._beside is not None and self._beside.is_alive():
            self._failure = f"it has not yet come back from its last {what}"
        if self._failure is None:
            # A daemon: a look that never ends does not keep the agent from ending.
            self._beside = Thread(target=work, daemon=True)
            self._beside.start()

    def _sample(self, server: Asked, over: Event) -> None:
        # At irregular moments: rounds of commits may last as long as a step.
        while not over.wait(INSTANTS.uniform(0.5, 1.5) / SAMPLES_PER_S):
            if not self._did(lambda: self.probe.sample(server)):
                return

    def _beat(self, over: Event) -> None:
        before_s, pause_s = thread_time(), 1 / BEATS_PER_S
        while not over.wait(INSTANTS.uniform(0.5, 1.5) * pause_s):
            if not self._did(self.probe.beat):
                return
            now_s = thread_time()
            # With what the waiting itself took: where others disturb, that is no longer little.
            pause_s = max(1 / BEATS_PER_S, (now_s - before_s) / MOST_BEATING)
            before_s = now_s

    def _did(self, call: Callable[[], object]) -> bool:
        """Return whether the probe did what it was called for; what went wrong is kept."""
        try:
            call()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a probe or a server may raise
            self._failure = f"{type(error).__name__}: {error}"
            return False
        return True

    def wait_until_over(self) -> None:
        """Wait for its last look or beat; who is late with a look has failed, a beat is not counted then."""
        if self._beside is not None:
            self._beside.join(PATIENCE_S)
            if self.samples and self._failure is None and self._beside.is_alive():
                self._failure = f"it did not look at the server within {PATIENCE_S:g} s"

    def read(self, at_s: float) -> Any:
        """Read once, and return what is kept of it."""
        reading = self._ask(lambda: as_kept(self.probe.read()), PATIENCE_S)
        if self._failure is not None:
            return {"unreadable": self._failure}
        self.readings.append((at_s, reading))
        return reading

    def add_to(self, found: Observed) -> None:
        """Sum up and judge the trial's readings."""
        found.add(self.name, self._figures())
        observed = found.figures[self.name]
        found.reasons += self._ask(lambda: self._judged(observed), OPENING_S) or ()
        if self._failure is not None:
            detail = f"the probe {self.name} failed: {self._failure}"
            found.reasons.append(Reason(code=f"probe-{self.name}-unknown", detail=detail))

    def _figures(self) -> dict[str, float | Unreadable]:
        if self._blind is not None:
            return dict.fromkeys(self.kind.figures, Unreadable(unreadable=self._blind))
        times_s: list[float] = []
        readings: list[Any] = []
        for at_s, reading in self.readings:
            # A user's probe may answer something else under that name: then it is a reading.
            if not (is_reason(reading) and isinstance(reading["unreadable"], str)):
                times_s.append(at_s)
                readings.append(reading)
        if readings:
            span_s = times_s[-1] - times_s[0]
            figures = self._ask(lambda: self._checked(self.probe.summary(readings, span_s)), OPENING_S)
            if figures is not None:
                return figures
        why = self._failure or "it was never read"
        if self._failure is None and self.readings:
            why = self.readings[0][1]["unreadable"]
        return dict.fromkeys(self.kind.figures, Unreadable(unreadable=why))

    def _checked(self, summary: Mapping[str, float | Unreadable]) -> dict[str, float | Unreadable]:
        if set(summary) != set(self.kind.figures):
            raise ProbeError(f"its summary has {', '.join(summary)} and not its figures")
        checked: dict[str, float | Unreadable] = {}
        for name in self.kind.figures:
            value = summary[name]
            if isinstance(value, Unreadable):
                checked[name] = value
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not isfinite(value) or abs(value) > MOST:
                raise ProbeError(f"its figure {name} is {value!r}")
            # JSON takes numbers of Python's own; those of libraries (numpy.float64) are derived from them.
            checked[name] = int(value) if isinstance(value, int) else float(value)
        return checked

    def _judged(self, observed: Mapping[str, float | None]) -> list[Reason]:
        """Return its doubts under codes of its own: none of them voids a trial, or passes for one of pgladder's."""
        reasons = msgspec.convert(msgspec.to_builtins(list(self.probe.judge(observed))), list[Reason])
        return [replace(reason, code=f"probe-{self.name}-{reason.code}") for reason in reasons]

    def _ask(self, call: Callable[[], T], seconds: float) -> T | None:
        """Return what the probe answers, None where it failed; who failed is not asked again."""
        if self._failure is None:
            try:
                answer: T = self._call(call, seconds)
                return answer
            except ProbeError as error:
                self._failure = str(error)
        return None


Call = Callable[[Callable[[], Any], float], Any]
"""How a probe is called, and for how long it is waited for."""


def call_directly(call: Callable[[], T], _seconds: float) -> T:
    """Call a probe of pgladder's own."""
    return call()


class CallWithin:
    """Calls a user's probe in a thread beside the agent's, one call at a time."""

    def __init__(self) -> None:
        self._late: Thread | None = None
        """In which it was asked last, and did not answer in time."""

    def __call__(self, call: Callable[[], T], seconds: float) -> T:
        """Return what it answers.

        Raises:
            ProbeError: it raised something, or did not answer in time.

        """
        if self._late is not None and self._late.is_alive():
            raise ProbeError("it has not yet answered what it was asked before")
        answers: SimpleQueue[T | ProbeError] = SimpleQueue()
        # A daemon: a probe that never answers does not keep the agent from ending.
        thread = Thread(target=lambda: answers.put(_answer(call)), daemon=True)
        began = monotonic()
        thread.start()
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            self._late = thread
            raise ProbeError(f"it did not answer within {seconds:g} s") from None
        # A call into C may have kept the interpreter to itself meanwhile: the answer is there, and late.
        if (took_s := monotonic() - began) > LATE * seconds:
            raise ProbeError(f"it answered after {took_s:.1f} s, and has {seconds:g} s")
        if isinstance(answer, ProbeError):
            raise answer
        return answer


def _answer(call: Callable[[], T]) -> T | ProbeError:
    try:
        return call()
    except ProbeError as error:
        return error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's probe may raise
        return ProbeError(f"{type(error).__name__}: {error}")


def as_kept(reading: object) -> Any:
    """Return a reading as the samples give it back.

    Raises:
        ProbeError: it is too long.
        TypeError: JSON can't hold it.

    """
    text = msgspec.json.encode(reading)
    if len(text) > MOST_BYTES:
        raise ProbeError(f"its reading has {len(text):,} bytes, more than {MOST_BYTES:,}")
    return msgspec.json.decode(text)
