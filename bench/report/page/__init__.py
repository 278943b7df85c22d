"""The page of a run: one HTML file that needs nothing else, for one host or several side by side.

Owns its template, style and script, and the texts in them; what the numbers say is ``analysis``' work, drawing is
Vega's (``charts`` says what, ``assets`` brings it). Importing this loads no chart library.
"""

import json
from collections.abc import Sequence
from functools import cache
from itertools import starmap
from typing import Any

from jinja2 import Template

from bench.analysis.comparison import ComparisonReport
from bench.analysis.curves import Sweep
from bench.analysis.explanation import Explained
from bench.analysis.ladder import LadderReport
from bench.analysis.pooling import differing_plans
from bench.analysis.published import WHERE, WHO
from bench.analysis.pulled import PulledRun
from bench.analysis.slo import Slo
from bench.analysis.utilisation import OUTSIDE, PARTS
from bench.model.language import later, spoken, tr
from bench.model.plain import harmless_all
from bench.report.markup import environment
from bench.report.page import view
from bench.report.page.assets import Assets
from bench.report.page.comparing import ComparisonView
from bench.report.page.explaining import ExplainedView
from bench.report.page.header import header_of
from bench.report.page.sweeping import SweepView
from bench.report.published import beside_heading, rule

KEYS = {
    "latency": [("ours", later("commits")), ("ink", "p50"), ("pink", "p99"), ("slate", later("slowest"))],
    "cores": [("ours", later("client")), ("green", later("server")), ("rest", later("everything else"))],
    "time": list(zip(("red", "gold", "green", "violet", "ours", "rest"), [*PARTS.values(), OUTSIDE], strict=True)),
}
"""What the colours of a chart mean; the script gives them to the same names in the same order."""


def build_page(
    runs: Sequence[PulledRun],
    reports: Sequence[LadderReport],
    assets: Assets,
    version: str,
    comparisons: Sequence[ComparisonReport] = (),
    not_compared: Sequence[str] = (),
    explanations: Sequence[tuple[Explained, PulledRun]] = (),
    sweeps: Sequence[tuple[Sweep, str]] = (),
    searches: Sequence[tuple[Slo, str]] = (),
    noises: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the page's HTML.

    Args:
        runs: of one host or several.
        reports: of the same runs, in their order.
        assets: what draws the charts.
        version: of pgladder.
        comparisons: of the runs, or within them.
        not_compared: why some can't be compared.
        explanations: of those with experiments.
        sweeps: each with its host, as all that follow.
        searches: of the highest rate that keeps a promise.
        noises: what A/A runs tell of their boxes, in a sentence each.

    """
    names = view.names_of(runs)
    compared, explained = list(map(ComparisonView, comparisons)), list(starmap(ExplainedView, explanations))
    swept = list(starmap(SweepView, sweeps))
    hosts = list(map(view.HostView, names, runs, reports))
    return _template().render(
        language=spoken(),
        version=version,
        headed=any(host.top.number for host in hosts),
        header=header_of(names, reports, compared, swept, explained, searches, noises),
        against_itself=bool(noises),
        hosts=hosts,
        names=names,
        server=view.server_of(runs),
        comparisons=compared,
        not_compared=not_compared,
        explanations=explained,
        sweeps=swept,
        climb=view.climbers(names, reports),
        together=view.together(reports) if len(runs) > 1 else [],
        differing_plans=differing_plans([run.plan for run in runs]),
        facts=view.facts(runs),
        columns=view.COLUMNS,
        words=view.WORDS,
        trial_columns=view.TRIAL_COLUMNS,
        published={"who": WHO, "where": WHERE, "heading": beside_heading(), "rule": rule()},
        keys=_keys(),
        specifications=_translated(assets.specifications),
        vega=assets.script,
    )


def _keys() -> dict[str, list[tuple[str, str]]]:
    """Return what the colours of each chart mean, in words."""
    keys = {}
    for chart, entries in KEYS.items():
        keys[chart] = [(colour, tr(text)) for colour, text in entries]
    return keys


def _translated(part: Any, *, words: bool = False) -> Any:
    """Return the charts with their titles, and the values that colours stand for, translated; all else is data.

    ``figures`` translates these values in the rows.
    """
    if isinstance(part, dict):
        return {name: _translated(value, words=name in {"title", "domain"}) for name, value in part.items()}
    if isinstance(part, list):
        return [_translated(each, words=words) for each in part]
    return tr(part) if words and isinstance(part, str) else part


@cache
def _template() -> Template:
    page = environment("bench.report.page")
    page.filters["fact"] = view.fact_text
    # Text in a script is not rendered, so finalize never sees it.
    page.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    page.policies["json.dumps_function"] = lambda thing, **how: json.dumps(harmless_all(thing), **how)
    return page.get_template("page.html.j2")
