"""Whether there can be as many partitions as are asked for. Pure."""

from collections.abc import Sequence

from bench.engines.postgresql.layout import layout_files, table_layout
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import Trial

MOST_PARTITIONS = 100
"""A commit of many rows takes two locks of each; a server has room for 64 a session (max_locks_per_transaction)."""
MOST_SERVERS = 8
"""Each takes shared memory, and flushes of its own."""
LEAST_TO_DROP = 2
"""Partitions by time of a table whose oldest is dropped."""


def check_partitions(trials: Sequence[Trial]) -> None:
    """Refuse partitions that none of the layouts has, or that are too many, or too few to drop one.

    Layouts without partitions may be beside one that has some, to be compared with it.

    Raises:
        UsageError: says what can't be, and what would.

    """
    for trial in trials:
        _check_count(trial)
    if not any(trial.parameters.partitions for trial in trials):
        return
    if not any(table_layout(trial.layout).partitioned_by for trial in trials):
        have = ", ".join(name for name in layout_files() if table_layout(name).partitioned_by)
        named = ", ".join(dict.fromkeys(trial.layout for trial in trials))
        raise UsageError(
            tr(
                "--partitions is of layouts that have some ({have}), and {named} has none: name one of them.",
                have=have,
                named=named,
            )
        )


def _check_count(trial: Trial) -> None:
    asked, layout = trial.parameters.partitions, table_layout(trial.layout)
    if asked > MOST_PARTITIONS:
        raise UsageError(
            tr(
                "A table is tried with {most} partitions at most, not with {asked:,}.",
                most=MOST_PARTITIONS,
                asked=asked,
            )
        )
    if asked > MOST_SERVERS and layout.by_server:
        raise UsageError(
            tr(
                "In the layout {layout} each partition has a server of its own, {most} at most, not {asked}.",
                layout=trial.layout,
                most=MOST_SERVERS,
                asked=asked,
            )
        )
    if asked and asked < LEAST_TO_DROP and trial.parameters.retain and layout.by_time:
        raise UsageError(
            tr(
                "{layout} keeps rows by dropping its oldest partition: with --retain ask for --partitions {least} or"
                " more.",
                layout=trial.layout,
                least=LEAST_TO_DROP,
            )
        )
