"""What a run makes of being told to stop: SIGTERM and SIGHUP are interruptions like Ctrl-C.

A service manager sends the one, a terminal that hangs up the other. SIGHUP that was ignored when we began (nohup) stays
so: whoever asked for that wants the run to go on.
"""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

STOPPING = (signal.SIGTERM, signal.SIGHUP)
"""Told to stop by these, beside SIGINT, which Python makes a ``KeyboardInterrupt`` by itself."""


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGHUP:
        # A shell and the kernel both report one hang-up.
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[None]:
    """Let what tells us to stop raise ``KeyboardInterrupt``, as SIGINT does."""
    before: dict[signal.Signals, Any] = {}
    for each in STOPPING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            before[each] = signal.signal(each, _interrupt)
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Tidy up to the end: whoever presses Ctrl-C again is not left with a server running."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, *STOPPING)}
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def held_back() -> Iterator[None]:
    """Let a short step end before it is interrupted: a process that has begun is known to who has to end it.

    ``subprocess.Popen`` waits until its program runs; interrupted there, it forgets a process that goes on.
    """
    if threading.current_thread() is not threading.main_thread():  # never interrupted
        yield
        return
    came: list[signal.Signals] = []
    before: dict[signal.Signals, Any] = {}
    for each in (signal.SIGINT, *STOPPING):
        if callable(signal.getsignal(each)):
            before[each] = signal.signal(each, lambda number, _frame: came.append(signal.Signals(number)))
    try:
        yield
    finally:
        _restore(before)
    if came:
        signal.raise_signal(came[0])


def _restore(before: Mapping[signal.Signals, Any]) -> None:
    for each, handler in before.items():
        signal.signal(each, handler)
