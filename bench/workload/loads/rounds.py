"""Rounds: so many commits start together, and the next round starts when the slowest of them is back."""

import asyncio

from bench.workload.load import Commit, Load, Running


class Rounds(Load):
    """Of what code does that gathers."""

    barrier = True

    async def drive(self, commit: Commit, running: Running, in_flight: int) -> None:
        """See ``Load.drive``."""
        while running():
            await asyncio.gather(*(commit() for _ in range(in_flight)))


LOAD = Rounds()
