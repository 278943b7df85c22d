"""Whether a standby kept up with its server, from what was observed and recorded of a trial. Pure.

That it ended, was no longer connected, or lost its slot, is found out while it is waited for
(``bench.engines.postgresql.following``) and voids a trial: ``standby-gone``.
"""

from collections.abc import Collection, Iterable, Mapping

from bench.model.plan import Parameters
from bench.model.record import Reason

BEHIND_S = 0.5
"""Of what the server writes, that a standby may be behind at the end of a window."""


def check_replication(
    parameters: Parameters,
    observed: Mapping[str, Mapping[str, float | None]],
    counters: Mapping[str, float | None],
    seconds: float,
) -> Iterable[Reason]:
    """Yield what speaks against a trial with a standby: it fell behind, or that is not known.

    Args:
        parameters: of the trial.
        observed: by probe, its figures.
        counters: of the server, over the window.
        seconds: of the window.

    """
    if not parameters.replicated or not seconds:
        return
    behind, written = observed.get("replication", {}).get("lag_bytes_end"), counters.get("wal_position")
    if behind is None or not written:
        yield Reason(code="standby-lag-unknown", detail="not known whether the standby kept up")
        return
    behind_s = behind / (written / seconds)
    if behind_s > BEHIND_S:
        detail = (
            f"at the end of the window the standby was {behind / 1e6:,.1f} MB behind, which the server wrote in"
            f" {behind_s:.1f} s: it does not keep up"
        )
        yield Reason(code="standby-behind", detail=detail, share=behind_s / seconds)


def check_level(level: str | None, of_clients: Collection[str]) -> Iterable[Reason]:
    """Yield what speaks against a trial whose clients' sessions had these values of ``synchronous_commit``.

    ``level`` is what they were to set it to; None: nothing.
    """
    others = sorted(set(of_clients) - {level})
    if level is None or not others:
        return
    detail = f"clients' sessions had synchronous_commit = {' and '.join(others)}, where {level} was asked for"
    yield Reason(code="level-not-kept", detail=detail)
