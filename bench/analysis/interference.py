"""What costs the writers how much, in words: readers, the rows kept, what commits wait for of a standby.

As in: 4 readers cost the writers 12 % [9, 15] of their rows/s here. Of two tables that keep as many rows, one by
dropping partitions: Dropping partitions costs the writers 5 % [3, 7] of their rows/s against deleting rows here.
"""

import math
from collections.abc import Mapping

from bench.model.language import later, tr
from bench.model.plan import NO_REPLICA
from bench.stats.compare import Verdict
from bench.stats.intervals import Interval

BESIDE: Mapping[str, tuple[str, str, str]] = {
    "readers": (later("{count} reader"), later("{count} readers"), "cost"),
    "retain": (later("keeping {count} row"), later("keeping {count} rows"), "costs"),
}
"""By parameter: one of it, several, and the verb of several."""
REPLICA = "replica"
WAITS: Mapping[str, str] = {
    NO_REPLICA: "",
    "async": later("a standby that no commit waits for (async)"),
    "local": later("a synchronous standby that no commit waits for (local)"),
    "remote_write": later("waiting until a standby has written (remote_write)"),
    "on": later("waiting until a standby has flushed (on)"),
    "remote_apply": later("waiting until a standby has replayed (remote_apply)"),
}
"""By level; none is not mentioned."""
TOLD = (*BESIDE, REPLICA)
"""Parameters whose cost to the writers is told."""


def value_of(of: str, text: str) -> int | str:
    """Return the value of one of these parameters from its text."""
    return text if of == REPLICA else int(text)


def cost(
    of: str,
    count: int | str,
    against: int | str,
    verdict: Verdict | None,
    ratio: float,
    interval: Interval,
    margin: float,
) -> str:
    """Return what so much beside the writers costs them, without a full stop.

    Args:
        of: the parameter, one of ``TOLD``.
        count: its value.
        against: the value that it is compared with; 0, and no standby, are not mentioned.
        verdict: of the comparison.
        ratio: of the writers' rates.
        interval: of the ratio.
        margin: a relative difference that does not matter.

    """
    who, verb = named(of, count)
    loses, gains = 1 - interval.low, interval.high - 1
    one = verb == "costs"
    match verdict:
        case "slower":
            lost = _figures(1 - ratio, 1 - interval.high, loses)
            text = tr("{who} cost the writers {figures} of their rows/s", who=who, figures=lost)
            if one:
                text = tr("{who} costs the writers {figures} of their rows/s", who=who, figures=lost)
        case "faster":
            gained = _figures(ratio - 1, interval.low - 1, gains)
            text = tr("with {who} the writers write {figures} more rows/s", who=who, figures=gained)
        case "equivalent":
            text = tr("{who} cost the writers nothing that matters, within ±{margin}", who=who, margin=_percent(margin))
            if one:
                nothing = later("{who} costs the writers nothing that matters, within ±{margin}")
                text = tr(nothing, who=who, margin=_percent(margin))
        case _:
            sentence = later("undecided: {who} cost the writers at most {loss} and gain them at most {gain}")
            if one:
                sentence = later("undecided: {who} costs the writers at most {loss} and gains them at most {gain}")
            text = tr(sentence, who=who, loss=_percent(loses), gain=_percent(gains))
    if against in (0, NO_REPLICA):
        return text
    return tr("{text} against {what}", text=text, what=named(of, against)[0])


def dropped(verdict: Verdict | None, ratio: float, interval: Interval, margin: float) -> str:
    """Return what dropping partitions costs the writers, or gains them, against deleting rows; without a full stop.

    Args:
        verdict: of the comparison.
        ratio: of the writers' rates, of those beside which partitions are dropped by the others'.
        interval: of the ratio.
        margin: a relative difference that does not matter.

    """
    loses, gains = 1 - interval.low, interval.high - 1
    match verdict:
        case "slower":
            return tr(
                "dropping partitions costs the writers {figures} of their rows/s against deleting rows",
                figures=_figures(1 - ratio, 1 - interval.high, loses),
            )
        case "faster":
            return tr(
                "with partitions dropped the writers write {figures} more rows/s than with rows deleted",
                figures=_figures(ratio - 1, interval.low - 1, gains),
            )
        case "equivalent":
            return tr(
                "dropping partitions costs the writers nothing that matters, within ±{margin}, against deleting rows",
                margin=_percent(margin),
            )
    return tr(
        "undecided: dropping partitions costs the writers at most {loss} and gains them at most {gain} against deleting"
        " rows",
        loss=_percent(loses),
        gain=_percent(gains),
    )


def named(of: str, count: int | str) -> tuple[str, str]:
    """Return so much beside the writers in words, and the verb that goes with it.

    >>> named("readers", 1), named("retain", 100000)
    (('1 reader', 'costs'), ('keeping 100,000 rows', 'costs'))

    """
    if isinstance(count, str):
        return tr(WAITS[count]), "costs"
    one, several, verb = BESIDE[of]
    return (tr(one, count=count), "costs") if count == 1 else (tr(several, count=f"{count:,}"), verb)


def _figures(value: float, low: float, high: float) -> str:
    """Return a share and its interval in percent, rounded outwards: 12 % [9, 15]."""
    scale = _scale(high)
    # A verdict that p-values bear in steps (Holm) may lie a little beyond what all intervals hold at once.
    least, most = math.floor(scale * 100 * max(low, 0)) / scale, math.ceil(scale * 100 * high) / scale
    return f"{round(scale * 100 * value) / scale:g} % [{least:g}, {most:g}]"


def _percent(share: float) -> str:
    """Return a bound in percent, never below what it is."""
    share = max(share, 0.0)
    return f"{math.ceil(round(_scale(share) * 100 * share, 6)) / _scale(share):g} %"


def _scale(share: float) -> int:
    return 1 if share >= 0.0995 else 10
