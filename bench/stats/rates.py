"""The rates of a trial, from what was counted in its window: made by the recorder, made again by whoever checks it."""


def window_rates(
    rows: int, commits: int, seconds: float, checkpoint_s: float | None
) -> tuple[float | None, float | None, float | None]:
    """Give rows/s, settled rows/s and commits/s.

    Args:
        rows: acknowledged in the window.
        commits: likewise.
        seconds: length of the window; 0 where it was never completed, and there are no rates.
        checkpoint_s: what the closing CHECKPOINT took; without it there is no settled rate.

    """
    if not seconds:
        return None, None, None
    settled = None
    if checkpoint_s is not None:
        settled = rows / (seconds + checkpoint_s)
    return rows / seconds, settled, commits / seconds
