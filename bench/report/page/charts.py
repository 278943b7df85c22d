"""The page's charts, as Vega-Lite makes them from rows: drawn once for all runs, without a number in them.

Each is a specification whose data has the name ``rows``; the page gives it a run's rows, its theme the colours: those
of ``range.category`` in the order of a scale's domain, named in the page's own keys. Nothing of a run is ever
part of a specification.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from bench.analysis.utilisation import OUTSIDE, PARTS
from bench.report.page.figures import BETWEEN, WAITED

ROWS = alt.NamedData(name="rows")
RUNG = alt.Y("rung:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1))
RATE = "rows/s"
TENS = [10**power for power in range(9)]

# What is shown where the mouse is; the page translates each title.
OF_RUNG = alt.Tooltip("rung:N", title="rung")
OF_WHOM = alt.Tooltip("who:N", title="who")
OF_STATE = alt.Tooltip("state:N", title="state")
OF_SERIES = alt.Tooltip("series:N", title="series")
OF_KIND = alt.Tooltip("kind:N", title="kind")
CLIMB_TIP: list[Any] = [
    OF_RUNG,
    OF_WHOM,
    alt.Tooltip("rate:Q", title=RATE, format=",.4~r"),
    alt.Tooltip("low:Q", title="lowest trial", format=",.4~r"),
    alt.Tooltip("high:Q", title="highest trial", format=",.4~r"),
]
COMMITS_TIP: list[Any] = [
    OF_RUNG,
    alt.Tooltip("from:Q", title="from ms"),
    alt.Tooltip("to:Q", title="to ms"),
    alt.Tooltip("share:Q", title="of commits", format=".2%"),
]
RATIO_TIP: list[Any] = [
    OF_RUNG,
    alt.Tooltip("ratio:Q", title="ratio", format=".3f"),
    alt.Tooltip("low:Q", title="low", format=".3f"),
    alt.Tooltip("high:Q", title="high", format=".3f"),
]


def specifications() -> dict[str, dict[str, Any]]:
    """Return every chart by its name."""
    return {draw.__name__: draw() for draw in (climb, latency, cores, time, course, waits, forest, curve, delays)}


def _in_rows(chart: Any, step: int, **more: str) -> dict[str, Any]:
    """Return a chart as wide as its place, with so much height for each row."""
    return _bare(chart.properties(width="container", height={"step": step, **more}))


def _bare(chart: Any) -> dict[str, Any]:
    """Leave out what the page decides: the theme; and the address of the schema, as nothing is fetched."""
    specification: dict[str, Any] = chart.to_dict()
    return {name: value for name, value in specification.items() if name not in {"$schema", "config"}}


def _shown_where(condition: str) -> Any:
    """Return an opacity; a mark is at every row and seen at some: of no marks at all Vega warns."""
    return alt.condition(condition, alt.value(1), alt.value(0))


def _colors(field: str, values: Sequence[str]) -> alt.Color:
    """Return a colour of the theme for each value, in this order; the page has the key, and translates the values."""
    return alt.Color(field, legend=None, scale=alt.Scale(domain=values))


def climb() -> dict[str, Any]:
    """What each rung reached, on a log scale, beside what was published; a line from the lowest to the highest."""
    rate = alt.X(
        "rate:Q",
        title="rows/s, log scale",
        scale=alt.Scale(type="log", nice=False, padding=54),
        axis=alt.Axis(format="~s", values=TENS, labelOverlap="greedy"),
    )
    base = alt.Chart(ROWS).encode(
        y=RUNG.copy(),
        yOffset=alt.YOffset("who:N", sort=None),
        tooltip=CLIMB_TIP,
    )
    number: dict[str, Any] = {"align": "left", "dx": 9, "fontSize": 11}

    ours = base.transform_filter("!datum.published").encode(color=alt.Color("who:N", sort=None, title=None))
    spread = ours.mark_rule(strokeWidth=2, opacity=0.5).encode(x="low:Q", x2="high:Q")
    points = ours.mark_point(filled=True, shape="circle", size=75, opacity=1).encode(x=rate)
    texts = ours.mark_text(**number).encode(x="high:Q", text="label:N")

    theirs = base.encode(x="rate:Q", opacity=_shown_where("datum.published"))
    diamonds = theirs.mark_point(style="published", filled=True, shape="diamond", size=75)
    their_texts = theirs.mark_text(style="published", **number).encode(text="label:N")
    return _in_rows(spread + points + texts + diamonds + their_texts, 17, **{"for": "offset"})


def latency() -> dict[str, Any]:
    """How long commits took: a strip a rung, dark where most are; marks at the percentiles the samples allow."""
    base = alt.Chart(ROWS).encode(y=RUNG.copy())
    where = alt.X(
        "from:Q",
        title="latency of a commit in ms, log scale",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(
            format="~r",
            values=[factor * ten for ten in TENS for factor in (0.001, 0.003)],
            labelOverlap="greedy",
        ),
    )
    commits = base.transform_filter("datum.kind == 'commits'")
    strips = commits.mark_rect(style="strip").encode(
        x=where,
        x2="to:Q",
        opacity=alt.Opacity("density:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.08, 1])),
        tooltip=COMMITS_TIP,
    )
    percentiles = base.transform_filter("datum.kind != 'commits'")
    marks = percentiles.mark_tick(thickness=3, bandSize=22).encode(
        x="from:Q",
        color=_colors("kind:N", ["p50", "p99", "max"]),
        tooltip=[OF_RUNG, OF_KIND, alt.Tooltip("from:Q", title="ms", format=".3~r")],
    )
    return _in_rows(strips + marks, 27)


def cores() -> dict[str, Any]:
    """What kept the box busy, in cores; the line is all it has."""
    bars = (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            y=RUNG.copy(),
            x=alt.X("cores:Q", title="cores busy", stack="zero"),
            color=_colors("who:N", ["client", "server", "everything else"]),
            order="order:Q",
            tooltip=[OF_RUNG, OF_WHOM, alt.Tooltip("cores:Q", title="cores", format=".2f")],
        )
    )
    cpus = alt.Chart(ROWS).transform_calculate(limit="datum.cpus || 0")
    limit = cpus.mark_rule(strokeDash=[4, 3], style="limit").encode(
        x="max(limit):Q",
        opacity=_shown_where("datum.max_limit > 0"),
    )
    return _in_rows(bars + limit, 23)


def time() -> dict[str, Any]:
    """Where the clients' workers spent their time."""
    share = alt.X(
        "share:Q",
        title="share of the workers' time",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    bars = (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            y=RUNG.copy(),
            x=share,
            color=_colors("part:N", [*PARTS.values(), OUTSIDE]),
            order="order:Q",
            tooltip=[
                OF_RUNG,
                alt.Tooltip("part:N", title="part"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
            ],
        )
    )
    return _in_rows(bars, 23)


def course() -> dict[str, Any]:
    """Each trial of a rung from second to second, all on one scale; a triangle where a checkpoint was seen to begin."""
    steps = alt.Chart().mark_point(shape="triangle-down", filled=True, size=70, opacity=1, style="checkpoint")
    placed = steps.transform_calculate(at="isValid(datum.seen) ? datum.seen : datum.from")
    triangles = placed.encode(
        x="at:Q",
        y=alt.value(3),
        opacity=_shown_where("isValid(datum.seen)"),
    )
    trial = alt.Facet("trial:O", title=None, header=alt.Header(labelPadding=3))
    strips = alt.layer(_seconds(), triangles, data=ROWS).properties(height=64).facet(trial, columns=1, spacing=12)
    return _bare(strips.transform_flatten(["from", "to", "rate", "seen"]))


def _seconds() -> alt.Chart:
    """Return a bar for each second of a trial."""
    bars: alt.Chart = (
        alt.Chart()
        .mark_rect(opacity=0.75)
        .encode(
            x=alt.X("from:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format=".4~r", tickCount=3)),
            x2="to:Q",
            y=alt.Y("rate:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format="~s", tickCount=3)),
            color=_colors("state:N", ["valid", "suspect", "void"]),
            tooltip=[
                alt.Tooltip("trial:O", title="trial"),
                OF_STATE,
                alt.Tooltip("from:Q", title="from second", format="~r"),
                alt.Tooltip("rate:Q", title=RATE, format=",.4~r"),
            ],
        )
    )
    return bars


def waits() -> dict[str, Any]:
    """What the server's sessions of a trial were in from second to second, stacked; those that idle are left out."""
    bars = (
        alt.Chart(ROWS)
        .mark_rect()
        .encode(
            x=alt.X("from:Q", title="second of the window", scale=alt.Scale(zero=True)),
            x2="to:Q",
            y=alt.Y("low:Q", title="sessions", scale=alt.Scale(zero=True)),
            y2="high:Q",
            color=_colors("state:N", list(WAITED.values())),
            tooltip=[
                OF_STATE,
                alt.Tooltip("sessions:Q", title="sessions", format=".2f"),
                alt.Tooltip("from:Q", title="from second", format=".1f"),
            ],
        )
    )
    return _bare(bars.properties(width="container", height=150))


def forest() -> dict[str, Any]:
    """Ratios with their intervals on a log scale; the margin shaded, and between thin lines what the noise hides."""
    base = alt.Chart(ROWS).encode(y=RUNG.axis(labelExpr=f"split(datum.label, '{BETWEEN}')", labelLineHeight=13))
    margin = base.mark_rect(style="margin").encode(x="min(margin_low):Q", x2="max(margin_high):Q")

    placed = base.transform_calculate(
        floor_from="isValid(datum.floor_low) ? datum.floor_low : datum.ratio",
        floor_to="isValid(datum.floor_high) ? datum.floor_high : datum.ratio",
    )
    floor = placed.mark_tick(thickness=2, style="floor").encode(opacity=_shown_where("isValid(datum.floor_low)"))
    floors = floor.encode(x="floor_from:Q") + floor.encode(x="floor_to:Q")

    judged = base.encode(
        color=_colors("verdict:N", ["faster", "slower", "equivalent", "undecided"]),
        tooltip=RATIO_TIP,
    )
    intervals = judged.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    ratio = alt.X(
        "ratio:Q",
        title="ratio to the first, log scale",
        scale=alt.Scale(type="log", nice=False, padding=8),
        axis=alt.Axis(format=".4~r"),
    )
    points = judged.mark_point(filled=True, shape="circle", size=75, opacity=1).encode(x=ratio)
    # Below its interval, at the edge: beside it, a phone has no room for words, and a scale no padding for them.
    texts = judged.mark_text(align="right", dy=13, fontSize=11).encode(x=alt.value("width"), text="label:N")
    return _in_rows(margin + floors + intervals + points + texts, 34)


def _along() -> Any:
    """Return the axis of what is swept: nearly logarithmic, and has a place for 0; the page names its values."""
    return alt.X(
        "at:Q",
        title=None,
        scale=alt.Scale(type="symlog", zero=False, nice=False, padding=16),
        axis=alt.Axis(format=",~r", labelOverlap="greedy", grid=False),
    )


def curve() -> dict[str, Any]:
    """The rate by what is swept, with intervals; the knee marked; dashed what it is held against."""
    base = alt.Chart(ROWS).encode(x=_along(), color=alt.Color("series:N", sort=None, legend=None))
    rate = alt.Y("rate:Q", title=RATE, scale=alt.Scale(zero=True), axis=alt.Axis(format="~s"))
    tip = [
        alt.Tooltip("at:Q", title="at", format=",~r"),
        OF_SERIES,
        alt.Tooltip("rate:Q", title=RATE, format=",.4~r"),
        alt.Tooltip("low:Q", title="low", format=",.4~r"),
        alt.Tooltip("high:Q", title="high", format=",.4~r"),
    ]
    against = alt.Chart(ROWS).transform_calculate(against="isValid(datum.guide) ? datum.guide : datum.rate")
    guide = against.mark_line(strokeDash=[4, 3], strokeWidth=1.5, style="limit").encode(
        x=_along(), y="against:Q", detail="series:N", opacity=_shown_where("isValid(datum.guide)")
    )
    knee = base.mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(opacity=_shown_where("datum.knee"))
    lines = base.mark_line(strokeWidth=1.5, opacity=0.6).encode(y=rate)
    spread = base.mark_rule(strokeWidth=2, opacity=0.5).encode(y="low:Q", y2="high:Q")
    points = base.mark_point(filled=True, shape="circle", size=65, opacity=1).encode(y=rate, tooltip=tip)
    texts = base.mark_text(align="center", dy=-12, fontSize=11).encode(y="high:Q", text="mark:N")
    return _bare((lines + guide + knee + spread + points + texts).properties(width="container", height=260))


def delays() -> dict[str, Any]:
    """The latency by what is swept: the median dashed, the 99th percentile whole."""
    base = alt.Chart(ROWS).encode(x=_along(), color=alt.Color("series:N", sort=None, legend=None))
    took = alt.Y(
        "ms:Q",
        title="ms, log scale",
        scale=alt.Scale(type="log", nice=False, padding=10),
        axis=alt.Axis(format=",~r", labelOverlap="greedy", tickCount=5),
    )
    tip = [
        alt.Tooltip("at:Q", title="at", format=",~r"),
        OF_SERIES,
        OF_KIND,
        alt.Tooltip("ms:Q", title="ms", format=",.3~r"),
    ]
    dash = alt.StrokeDash("kind:N", legend=None, scale=alt.Scale(domain=["p99", "p50"], range=[[1, 0], [4, 3]]))
    lines = base.mark_line(strokeWidth=1.5).encode(y=took, strokeDash=dash)
    points = base.mark_point(filled=True, shape="circle", size=45, opacity=1).encode(y=took, tooltip=tip)
    return _bare((lines + points).properties(width="container", height=260))
