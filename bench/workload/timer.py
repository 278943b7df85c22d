"""A timer of the kernel's on an event loop: asyncio rounds timers of its own up to a millisecond.

uvloop 0.23.0 rounds them to the nearest, so that they come early (findings/uvloop-sleeps-less.sh). The kernel's becomes
readable at a moment of the monotonic clock, as an answer of the server's does. Source: timerfd_create(2).
"""

import asyncio
import ctypes
import os
import time
from collections.abc import Callable

SECOND_NS = 1_000_000_000
TIMER_AT = 1
"""TFD_TIMER_ABSTIME: the moment is of the clock, and not from now."""
SLACK = 29
"""PR_SET_TIMERSLACK of prctl(2)."""


class Setting(ctypes.Structure):
    """``struct itimerspec``: interval (none: it is set anew each time) and moment, each as seconds and nanoseconds."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns")]


class Timer:
    """One timer on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        """Have ``ready`` called by the loop at each moment that is set.

        Raises:
            OSError: there is none in this system.

        """
        self._loop, self._ready = loop, ready
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "timerfd_create"):
            raise OSError("no timerfd in this system")
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        self._timer = _called(self._libc.timerfd_create(time.CLOCK_MONOTONIC, flags))
        self._setting = Setting()
        self._at = ctypes.byref(self._setting)
        loop.add_reader(self._timer, self._readable)

    def set(self, moment_ns: int) -> None:
        """Set its next moment, in ns of the monotonic clock; one that has passed is at once."""
        # A moment of 0 would unset it.
        self._setting.at_s, self._setting.at_ns = divmod(max(moment_ns, 1), SECOND_NS)
        _called(self._libc.timerfd_settime(self._timer, TIMER_AT, self._at, None))

    def close(self) -> None:
        """Leave the loop alone."""
        self._loop.remove_reader(self._timer)
        os.close(self._timer)

    def _readable(self) -> None:
        try:
            os.read(self._timer, 8)
        except BlockingIOError:  # it was set anew after it had become readable
            return
        self._ready()


class RoundingTimer:
    """The loop's own, where the system has none."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
        self._loop, self._ready = loop, ready
        self._next: asyncio.Handle | None = None

    def set(self, moment_ns: int) -> None:
        """See ``Timer.set``."""
        self.close()
        self._next = self._loop.call_later(max(moment_ns - time.monotonic_ns(), 0) / SECOND_NS, self._ready)

    def close(self) -> None:
        """See ``Timer.close``."""
        if self._next is not None:
            self._next.cancel()


def timer(loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> Timer | RoundingTimer:
    """Return the best timer there is."""
    try:
        return Timer(loop, ready)
    except OSError:
        return RoundingTimer(loop, ready)


def wake_at_once() -> None:
    """Have the kernel wake this thread when its sleep ends; by itself it takes up to 50 µs more, to save power."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(SLACK, ctypes.c_ulong(1))


def _called(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer
