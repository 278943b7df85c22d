"""Open loop: what is due at a rate is begun by the worker that is free, whatever has become of what came before.

``--rate`` asks for it. When something is due, and who waits for it, is of ``bench.workload.arrivals`` and ``workers``.
"""

from bench.workload.loads.closed import Closed


class Open(Closed):
    """So many workers as may be in flight; each begins its next commit when one is due."""


LOAD = Open()
