"""The page's charts, as Vega-Lite makes them from rows: drawn once for all runs, without a number in them.

Each is a specification whose data has the name ``rows``; the page gives it a run's rows, its theme the colours: those
of ``range.category`` in the order of a scale's domain, named in the page's own keys. Nothing of a run is ever
part of a specification.
"""

from typing import Any

import altair as alt

from bench.analysis.utilisation import OUTSIDE, PARTS
from bench.report.page.figures import BETWEEN

ROWS = alt.NamedData(name="rows")
RUNG = alt.Y("rung:N", sort=None, title=None, scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1))
RATE = "rows/s"
TENS = [10**power for power in range(9)]
CLIMB_TIP = [
    alt.Tooltip("rung:N"),
    alt.Tooltip("who:N"),
    alt.Tooltip("rate:Q", title=RATE, format=",.4~r"),
    alt.Tooltip("low:Q", title="lowest trial", format=",.4~r"),
    alt.Tooltip("high:Q", title="highest trial", format=",.4~r"),
]


def specifications() -> dict[str, dict[str, Any]]:
    """Return every chart by its name."""
    return {
        "climb": climb(),
        "latency": latency(),
        "cores": cores(),
        "time": time(),
        "course": course(),
        "forest": forest(),
    }


def _bare(chart: Any) -> dict[str, Any]:
    """Leave out what the page decides: the theme; and the address of the schema, as nothing is fetched."""
    specification: dict[str, Any] = chart.to_dict()
    return {name: value for name, value in specification.items() if name not in {"$schema", "config"}}


def climb() -> dict[str, Any]:
    """What each rung reached, on a log scale, beside what was published; a line from the lowest to the highest."""
    rate = alt.X(
        "rate:Q",
        title="rows/s, log scale",
        scale=alt.Scale(type="log", nice=False, padding=54),
        axis=alt.Axis(format="~s", values=TENS, labelOverlap="greedy"),
    )
    base = alt.Chart(ROWS).encode(y=RUNG.copy(), yOffset=alt.YOffset("who:N", sort=None), tooltip=CLIMB_TIP)
    numbers: dict[str, Any] = {"align": "left", "dx": 9, "fontSize": 11}
    who = alt.Color("who:N", sort=None, title=None)
    ours = base.transform_filter("!datum.published").encode(color=who)
    spread = ours.mark_rule(strokeWidth=2, opacity=0.5).encode(x="low:Q", x2="high:Q")
    points = ours.mark_point(filled=True, shape="circle", size=75, opacity=1).encode(x=rate)
    texts = ours.mark_text(**numbers).encode(x="high:Q", text="label:N")
    # A mark is at every row and shown where there is something to show: of no marks at all Vega warns.
    theirs = base.encode(x="rate:Q", opacity=alt.condition("datum.published", alt.value(1), alt.value(0)))
    diamonds = theirs.mark_point(style="published", filled=True, shape="diamond", size=75)
    their_texts = theirs.mark_text(style="published", **numbers).encode(text="label:N")
    return _bare(
        (spread + points + texts + diamonds + their_texts).properties(
            width="container", height={"step": 17, "for": "offset"}
        )
    )


def latency() -> dict[str, Any]:
    """How long commits took: a strip a rung, dark where most are; marks at the percentiles the samples allow."""
    base = alt.Chart(ROWS).encode(y=RUNG.copy())
    where = alt.X(
        "from:Q",
        title="latency of a commit in ms, log scale",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(
            format="~r", values=[factor * ten for ten in TENS for factor in (0.001, 0.003)], labelOverlap="greedy"
        ),
    )
    share = alt.Opacity("density:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.08, 1]))
    strips = (
        base.transform_filter("datum.kind == 'commits'")
        .mark_rect(style="strip")
        .encode(
            x=where,
            x2="to:Q",
            opacity=share,
            tooltip=[
                alt.Tooltip("rung:N"),
                alt.Tooltip("from:Q", title="from ms"),
                alt.Tooltip("to:Q", title="to ms"),
                alt.Tooltip("share:Q", title="of commits", format=".2%"),
            ],
        )
    )
    kinds = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=["p50", "p99", "max"]))
    marks = (
        base.transform_filter("datum.kind != 'commits'")
        .mark_tick(thickness=3, bandSize=22)
        .encode(x="from:Q", color=kinds, tooltip=["rung:N", "kind:N", alt.Tooltip("from:Q", title="ms", format=".3~r")])
    )
    return _bare((strips + marks).properties(width="container", height={"step": 27}))


def cores() -> dict[str, Any]:
    """What kept the box busy, in cores; the line is all it has."""
    who = alt.Color("who:N", legend=None, scale=alt.Scale(domain=["client", "server", "everything else"]))
    bars = (
        alt.Chart(ROWS)
        .mark_bar()
        .encode(
            y=RUNG.copy(),
            x=alt.X("cores:Q", title="cores busy", stack="zero"),
            color=who,
            order="order:Q",
            tooltip=["rung:N", "who:N", alt.Tooltip("cores:Q", format=".2f")],
        )
    )
    known = alt.condition("datum.max_limit > 0", alt.value(1), alt.value(0))
    limit = alt.Chart(ROWS).transform_calculate(limit="datum.cpus || 0")
    has = limit.mark_rule(strokeDash=[4, 3], style="limit").encode(x="max(limit):Q", opacity=known)
    return _bare((bars + has).properties(width="container", height={"step": 23}))


def time() -> dict[str, Any]:
    """Where the clients' workers spent their time."""
    part = alt.Color("part:N", legend=None, scale=alt.Scale(domain=[*PARTS.values(), OUTSIDE]))
    share = alt.X(
        "share:Q", title="share of the workers' time", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")
    )
    tip = ["rung:N", "part:N", alt.Tooltip("share:Q", format=".1%")]
    bars = alt.Chart(ROWS).mark_bar().encode(y=RUNG.copy(), x=share, color=part, order="order:Q", tooltip=tip)
    return _bare(bars.properties(width="container", height={"step": 23}))


def course() -> dict[str, Any]:
    """Each trial of a rung from second to second, all on one scale; a triangle where a checkpoint was seen to begin."""
    axis = alt.Axis(format=".4~r", tickCount=3)
    second = alt.X("from:Q", title=None, scale=alt.Scale(zero=True), axis=axis)
    rate = alt.Y("rate:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(format="~s", tickCount=3))
    state = alt.Color("state:N", legend=None, scale=alt.Scale(domain=["valid", "suspect", "void"]))
    tip = [
        alt.Tooltip("trial:O"),
        alt.Tooltip("state:N"),
        alt.Tooltip("from:Q", title="from second", format="~r"),
        alt.Tooltip("rate:Q", title=RATE, format=",.4~r"),
    ]
    bars = alt.Chart().mark_rect(opacity=0.75).encode(x=second, x2="to:Q", y=rate, color=state, tooltip=tip)
    triangles = alt.Chart().mark_point(shape="triangle-down", filled=True, size=70, opacity=1, style="checkpoint")
    # A mark is at every step, as in the climb.
    shown = alt.condition("isValid(datum.seen)", alt.value(1), alt.value(0))
    marks = triangles.transform_calculate(at="isValid(datum.seen) ? datum.seen : datum.from").encode(
        x="at:Q", y=alt.value(3), opacity=shown
    )
    trial = alt.Facet("trial:O", title=None, header=alt.Header(labelPadding=3))
    strip = alt.layer(bars, marks, data=ROWS).properties(height=64).facet(trial, columns=1, spacing=12)
    return _bare(strip.transform_flatten(["from", "to", "rate", "seen"]))


def forest() -> dict[str, Any]:
    """Ratios with their intervals on a log scale; the margin shaded, and between thin lines what the noise hides."""
    scale = alt.Scale(type="log", nice=False, padding=8)
    lines = RUNG.axis(labelExpr=f"split(datum.label, '{BETWEEN}')", labelLineHeight=13)
    base = alt.Chart(ROWS).encode(y=lines)
    margin = base.mark_rect(style="margin").encode(x="min(margin_low):Q", x2="max(margin_high):Q")
    known = alt.condition("isValid(datum.floor_low)", alt.value(1), alt.value(0))
    noise = base.transform_calculate(
        floor_from="isValid(datum.floor_low) ? datum.floor_low : datum.ratio",
        floor_to="isValid(datum.floor_high) ? datum.floor_high : datum.ratio",
    ).mark_tick(thickness=2, style="floor")
    floors = [noise.encode(x=f"{end}:Q", opacity=known) for end in ("floor_from", "floor_to")]
    verdicts = alt.Scale(domain=["faster", "slower", "equivalent", "undecided"])
    tip = [alt.Tooltip("rung:N"), *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("ratio", "low", "high"))]
    told = base.encode(color=alt.Color("verdict:N", legend=None, scale=verdicts), tooltip=tip)
    intervals = told.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    ratio = alt.X("ratio:Q", title="ratio to the first, log scale", scale=scale, axis=alt.Axis(format=".4~r"))
    points = told.mark_point(filled=True, shape="circle", size=75, opacity=1).encode(x=ratio)
    # Below its interval, at the edge: beside it, a phone has no room for words, and a scale no padding for them.
    texts = told.mark_text(align="right", dy=13, fontSize=11).encode(x=alt.value("width"), text="label:N")
    return _bare(
        (margin + alt.layer(*floors) + intervals + points + texts).properties(width="container", height={"step": 34})
    )
