"""Closed loop: each worker starts its next commit when its last is acknowledged; they do not wait for each other."""

import asyncio

from bench.workload.load import Commit, Load, Running


class Closed(Load):
    """So many workers as may be in flight."""

    barrier = False

    async def drive(self, commit: Commit, running: Running, in_flight: int) -> None:
        """See ``Load.drive``."""

        # A task for each worker, not for each commit: making one takes longer than its clock readings.
        async def work() -> None:
            while running():
                await commit()

        await asyncio.gather(*(work() for _ in range(in_flight)))


LOAD = Closed()
