"""The page of a run: one HTML file that needs nothing else, for one host or several side by side.

Owns its template, style and script, and the texts in them; what the numbers say is ``analysis``' work, drawing is
Vega's (``charts`` says what, ``assets`` brings it). Importing this loads no chart library.
"""

import json
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from bench.analysis.beside import unlike
from bench.analysis.comparison import ComparisonReport
from bench.analysis.ladder import LadderReport
from bench.analysis.published import WHERE, WHO
from bench.analysis.pulled import PulledRun
from bench.analysis.utilisation import OUTSIDE, PARTS
from bench.model.plain import harmless, harmless_all
from bench.report.page import view
from bench.report.page.assets import Assets
from bench.report.page.comparing import comparison_view

KEYS = {
    "latency": [("ours", "commits"), ("ink", "p50"), ("pink", "p99"), ("slate", "slowest")],
    "cores": [("ours", "client"), ("green", "server"), ("rest", "everything else")],
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
) -> str:
    """Return the page's HTML; ``reports`` are of the same runs, in their order."""
    names = view.names_of(runs)
    return _template().render(
        version=version,
        hosts=[view.host_view(*each) for each in zip(names, runs, reports, strict=True)],
        names=names,
        server=view.server_of(runs),
        comparisons=[comparison_view(report) for report in comparisons],
        not_compared=not_compared,
        climb=view.climbers(names, reports),
        together=view.together(reports) if len(runs) > 1 else [],
        unlike=unlike([run.plan for run in runs]),
        facts=view.facts(runs),
        columns=view.COLUMNS,
        trial_columns=view.TRIAL_COLUMNS,
        published={"who": WHO, "where": WHERE},
        keys=KEYS,
        specifications=assets.specifications,
        vega=_script(assets.script),
    )


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("bench.report.page", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters["fact"] = view.fact_text
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.policies["json.dumps_function"] = lambda thing, **how: json.dumps(harmless_all(thing), **how)
    return environment.get_template("page.html.j2")


def _harmless(value: object) -> object:
    """Leave out of what was read what steers or turns a text; markup is our own."""
    return harmless(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _script(text: str) -> Markup:
    """Vega's own text: code, to be left as it is, that must not end the element it stands in."""
    return Markup(text.replace("</script", "<\\/script"))  # noqa: S704
