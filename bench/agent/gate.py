"""Boxes that share a machine take turns: a run that does so begins a block only when that is its turn.

Who gives turns, and in which order, is decided elsewhere; here they are waited for. A run without a turn beside it
takes none.
"""

from collections.abc import Callable
from time import sleep

from bench.store.run_directory import RunDirectory

POLL_S = 0.2


def wait_at_gate(
    directory: RunDirectory, block: int, says: Callable[[str], None], rest: Callable[[], None] = lambda: None
) -> bool:
    """Return True once a block may begin, False where the wait was interrupted; ``rest`` comes before a wait."""
    try:
        if waits(directory, block):
            rest()
            says(f"waiting at its gate before block {block}")
        while waits(directory, block):
            sleep(POLL_S)
    except KeyboardInterrupt:
        return False
    return True


def waits(directory: RunDirectory, block: int) -> bool:
    """Tell whether it is not yet the turn of a block."""
    turn = directory.turn()
    return turn is not None and block > turn
