"""How many WAL files must lie ready when a trial starts, that no arm creates files on the way where another does not.

Creating a file costs writing it twice. An aged server has none to create: a checkpoint recycles what was written since
the one before (manual, 30.5). So each arm starts with as many as a trial can write, as far as its own
checkpoints leave them and the disk holds them. What was created all the same is in the record.
"""

FILE_BYTES = 16 << 20
"""wal_segment_size, initdb's default."""
KEEPING_WAL = ("max_wal_size", "min_wal_size", "wal_keep_size")
"""Up to the largest of these WAL stays, written or made ready (manual, 30.5); each counts in MB."""
FEWEST = 5
"""As many as min_wal_size keeps by default, 80 MB: no server has fewer for long."""
FIRST_GUESS_BYTES_PER_S = 64_000_000
"""Before a trial of the kind was seen: 2-H wrote 57 MB/s on a two-core virtual machine."""
RESERVE = 1.25
"""Of what the hungriest trial of the kind wrote so far."""
BETWEEN_CHECKPOINTS = 2
"""WAL brings on a checkpoint at max_wal_size over 1 + checkpoint_completion_target, which is up to 1 (src/backend/
access/transam/xlog.c, CalculateCheckpointSegments): more than that is never there to be recycled at once."""
DISK_SHARE = 4
"""At most this part of the free disk is filled."""


def files_wanted(span_s: float, used_bytes: int | None, max_wal_bytes: int, free_bytes: int | None) -> int:
    """Return how many files should lie ready.

    Args:
        span_s: warm-up and window.
        used_bytes: the most that a trial of the kind wrote, under any variant; None before the first.
        max_wal_bytes: the variant's max_wal_size.
        free_bytes: of the disk; None where that can't be seen.

    """
    need = span_s * FIRST_GUESS_BYTES_PER_S
    if used_bytes is not None:
        need = RESERVE * used_bytes
    # More than its own checkpoints recycle would be removed again before it is used.
    limits = [max_wal_bytes // BETWEEN_CHECKPOINTS]
    if free_bytes is not None:
        limits.append(free_bytes // DISK_SHARE)
    return max(FEWEST, int(min(need, *limits)) // FILE_BYTES)
