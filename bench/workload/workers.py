"""The workers of an open loop: each waits for what is due next, and commits it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sized
from time import monotonic_ns

from bench.workload.arrivals import Came, Coming
from bench.workload.timer import timer


class Workers:
    """Workers of one event loop; who has nothing to do is idle, and the one that waited longest is next."""

    def __init__(
        self, coming: Coming, closes_ns: int, errors: Sized, commit: Callable[[Came, int], Awaitable[None]]
    ) -> None:
        """Let them work on the running loop until the window closes, or there are errors.

        ``commit`` takes what came, and since when it is under way.
        """
        self._coming, self._closes_ns, self._errors, self._commit = coming, closes_ns, errors, commit
        self._idle: deque[asyncio.Future[None]] = deque()
        self._timer = timer(asyncio.get_running_loop(), self._wake)
        self._wakes_ns: int | None = None
        """When the timer will wake somebody; None: it is not set."""
        self._ended = False

    def running(self) -> bool:
        """Return whether another commit may start: by the clock that each reads before it begins one, not once more."""
        return not self._ended

    async def commit(self) -> None:
        """Wait until something is due, and commit it; return without where nothing more is begun."""
        was_free = False
        # One reading of the clock tells whether it is time to end, what is due, and when that begins: as in pgbench.
        while (now_ns := monotonic_ns()) < self._closes_ns and not self._errors:
            came = self._coming.take(now_ns, was_free=was_free)
            if came is not None:
                # The next one that is idle waits for what comes after it.
                self._set(now_ns)
                await self._commit(came, now_ns)
                if not self._errors:
                    return
                break
            await self._wait(now_ns)
            was_free = True
        self._ended = True
        self._wake_all()

    def close(self) -> None:
        """Leave the loop alone."""
        self._timer.close()

    async def _wait(self, now_ns: int) -> None:
        until = asyncio.get_running_loop().create_future()
        self._idle.append(until)
        self._set(now_ns)
        await until

    def _set(self, now_ns: int) -> None:
        """See that one who is idle is woken when the next is due: at once where it is, without the kernel's timer."""
        if not self._idle:
            return
        moment = min(self._coming.ready_ns, self._closes_ns)
        if moment <= now_ns:
            self._wake_one()
        # Setting it is a call into the kernel: mostly it is set for that already.
        elif moment != self._wakes_ns:
            self._timer.set(moment)
            self._wakes_ns = moment

    def _wake(self) -> None:
        self._wakes_ns = None
        self._wake_one()

    def _wake_one(self) -> None:
        while self._idle:
            until = self._idle.popleft()
            if not until.done():  # or it was cancelled
                until.set_result(None)
                return

    def _wake_all(self) -> None:
        while self._idle:
            self._wake_one()
