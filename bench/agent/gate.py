"""A run that is interleaved with other boxes' waits at its gate before each block.

``targets.coordinate`` opens the gates, and chooses the order; here a run waits. A run without a gate's file beside it
takes none.
"""

from collections.abc import Callable
from time import sleep

from bench.model.language import tr
from bench.store.run_directory import RunDirectory

POLL_S = 0.2


def wait_at_gate(
    directory: RunDirectory, block: int, report: Callable[[str], None], rest: Callable[[], None] = lambda: None
) -> bool:
    """Return True once a block may begin, False where the wait was interrupted; ``rest`` comes before a wait."""
    try:
        if waits(directory, block):
            rest()
            report(tr("waiting at its gate before block {block}", block=block))
        while waits(directory, block):
            sleep(POLL_S)
    except KeyboardInterrupt:
        return False
    return True


def waits(directory: RunDirectory, block: int) -> bool:
    """Return whether the gate is still shut for a block."""
    gate = directory.gate()
    return gate is not None and block > gate
