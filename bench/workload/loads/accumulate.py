"""Rows come one by one at a rate, and are collected into commits: of a batch that is full, or whose first row waited.

``--rate`` with ``--collect-ms`` asks for it. See ``open``.
"""

from bench.workload.loads.closed import Closed


class Accumulate(Closed):
    """So many workers as may be in flight; each begins its next commit when a batch is ready."""


LOAD = Accumulate()
