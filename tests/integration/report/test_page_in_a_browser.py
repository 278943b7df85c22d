"""The page as a person sees it: every chart drawn, nothing fetched, readable on a phone, by day and by night."""

import os
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bench.analysis.compare import compare_arms
from bench.analysis.sides import compare_runs
from bench.analysis.sweep import sweep
from bench.model.record import Cpu, Samples
from bench.report.page import build_page
from bench.report.page.assets import assets
from bench.results.read import ladder_of
from bench.workload.phase import ladder
from tests.builders import a_histogram, a_host, a_record, a_samples, compared_run, doubtful, pulled, void
from tests.examples import one_of
from tests.experiments import a_run as a_run_with_experiments
from tests.experiments import explained, planned, waiting
from tests.sweeps import a_sweep, at_rates

A4 = 717, 1045
"""Pixels of CSS between the margins that Chromium leaves on a page."""
WIDTHS = {"desktop": 1280, "phone": 390}
LONG = "the hypervisor gave 7 % of the CPU time to others, and " + "averyveryverylongwordwithoutanyspace" * 4


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return written(tmp_path_factory.mktemp("page") / "one.html", a_run())


def written(path, *runs):
    """Write the page, with the real Vega."""
    path.write_text(build_page(runs, [ladder_of(run) for run in runs], assets(), "0.1.0"))
    return path


def a_run(speed=1.0, host="bench-1", blocks=3, seconds=20, **changes):
    """Every rung, some of it doubtful, a checkpoint in most windows; rates from 20 to 2 million rows/s."""
    records, samples, histograms = [], {}, {}
    for block in range(1, blocks + 1):
        for number, phase in enumerate(ladder(), 1):
            trial = (block - 1) * len(ladder()) + number
            rate = speed * 20 * 3.2**number * (1 + block / 50)
            more = {"rows_per_s": rate, "settled_rows_per_s": rate * 0.9, "block": block, "seconds": seconds} | changes
            if phase == "2-B" and block == 1:
                more |= {"validity": doubtful("suspect", "steal", LONG)}
            if phase == "2-F":
                more |= void()
            records.append(
                a_record(trial, phase, **more, cpu=Cpu(host_pct=80, steal_pct=0, client_cores=1, server_cores=2))
            )
            histograms[trial, 1] = a_histogram(*(int(300 * 1.4 ** (n % 23) * number) for n in range(400)))
            readings = [
                {"at_s": at, "server": {"checkpoints_timed": at // 8, "checkpoints_req": 0}}
                for at in range(seconds + 1)
            ]
            rows = [int(rate * (1 + at % 5 / 20)) for at in range(seconds)]
            samples[trial, 1] = Samples(trial=trial, attempt=1, rows_per_second=rows, readings=readings)
    facts = a_host(system={"hypervisor": True})
    run = pulled(*records, samples=samples, histograms=histograms, host=replace(facts, host=host), directory=host)
    return replace(run, plan=replace(run.plan, window_s=seconds))


def keep(browser, name):
    """Keep a picture for people to look at, where PGLADDER_SCREENSHOTS names a directory."""
    if directory := os.environ.get("PGLADDER_SCREENSHOTS"):
        browser.screenshot(Path(directory) / f"{name}.png")


@pytest.mark.parametrize(
    ("device", "theme"), [("desktop", "light"), *one_of(("phone", "dark"), ("desktop", "dark"), ("phone", "light"))]
)
def test_every_chart_is_drawn_without_a_complaint_and_nothing_is_fetched(browser, page, device, theme):
    browser.show(page, width=WIDTHS[device], theme=theme)
    keep(browser, f"{device}-{theme}")
    assert [each.message for each in browser.complaints()] == []
    assert browser.run("performance.getEntriesByType('resource').map(each => each.name)") == []
    charts = browser.run(
        "[...document.querySelectorAll('.chart')].map(chart => { const drawing = chart.querySelector('svg, canvas');"
        " const box = drawing?.getBoundingClientRect();"
        " return [chart.dataset.chart, chart.dataset.drawn, box?.width > 150 && box?.height > 60,"
        " chart.querySelectorAll('svg .mark-rect path, svg .mark-symbol path').length]; })"
    )
    assert [chart for chart in charts if chart[1:3] != ["yes", True]] == []
    assert {name: charts.count(name) for name, *_ in charts}.keys() == {"climb", "latency", "cores", "time", "course"}
    assert [name for name, _, _, marks in charts if name != "course" and marks < len(ladder()) - 1] == []


def test_a_course_is_not_an_empty_picture(browser, page):
    browser.show(page, width=1280)
    inked = browser.run(
        "[...document.querySelectorAll('[data-chart=course] canvas')].map(canvas => { const size = [0, 0, canvas.width,"
        " canvas.height]; return canvas.getContext('2d').getImageData(...size).data.filter(each => each).length; })"
    )
    assert len(inked) == len(ladder())
    assert min(inked) > 1000


def test_the_colours_follow_the_theme_while_the_page_is_open(browser, page):
    browser.show(page, width=1280, theme="light")
    ink = "getComputedStyle(document.body).color"
    label = "document.querySelector('[data-chart=latency] svg .role-axis-label text').getAttribute('fill')"
    light = browser.run(ink), browser.run(label)
    browser.show(page, width=1280, theme="dark")
    dark = browser.run(ink), browser.run(label)
    assert light[0] != dark[0]
    assert light[1] != dark[1]


@pytest.mark.parametrize("hosts", [1, 2])
def test_on_a_phone_every_table_is_readable_without_scrolling_sideways(browser, page, tmp_path, hosts):
    if hosts == 2:
        page = written(tmp_path / "two.html", a_run(), a_run(speed=1.7, host="a-second-box-with-a-rather-long-name"))
    browser.show(page, width=390)
    keep(browser, f"phone-{hosts}-hosts")
    assert browser.run("document.querySelectorAll('#fingerprint details[open]').length") == 0  # long, and comes last
    assert browser.run("document.getElementById('fingerprint').offsetHeight") < 844  # a phone's screen
    browser.run("document.querySelectorAll('#fingerprint details').forEach(group => { group.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    cells = "[...document.querySelectorAll('.cards th, .cards td')].filter(cell => cell.offsetParent)"
    assert browser.run(f"{cells}.length") > 100
    assert (
        browser.run(f"{cells}.filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent)")
        == []
    )
    assert browser.run(f"Math.min(...{cells}.map(cell => parseFloat(getComputedStyle(cell).fontSize)))") >= 14
    assert browser.run(f"{cells}.filter(cell => cell.getBoundingClientRect().right > 390).length") == 0


def test_on_a_desk_the_facts_that_matter_most_are_unfolded(browser, page):
    browser.show(page, width=1280)
    assert browser.run("document.querySelectorAll('#fingerprint details[open]').length") == 2


def test_hosts_side_by_side_are_drawn_in_colours_of_their_own(browser, tmp_path):
    browser.show(written(tmp_path / "two.html", a_run(), a_run(speed=1.7, host="bench-2")), width=1280)
    keep(browser, "desktop-2-hosts")
    assert [each.message for each in browser.complaints()] == []
    points = "[...document.querySelectorAll('[data-chart=climb] .mark-symbol path')]"
    assert (
        len(set(browser.run(f"{points}.map(point => point.getAttribute('fill'))"))) >= 3
    )  # two hosts, and what was published


def test_a_run_of_which_nothing_came_has_a_page_without_complaints(browser, tmp_path):
    nothing = {"samples": {(1, 1): Samples(trial=1, attempt=1)}, "histograms": {(1, 1): a_histogram()}, "host": None}
    browser.show(written(tmp_path / "none.html", pulled(a_record(1, **void()), **nothing)), width=1280)
    keep(browser, "nothing")
    assert [each.message for each in browser.complaints()] == []


def test_a_comparison_is_drawn_and_its_tables_are_readable_on_a_phone(browser, tmp_path):
    rates = {"stock": [100, 103, 98, 101], "async-commit": [205, 210, 190, 207], "big-wal": [99, 104, 97, None]}
    run = compared_run(rates, ("1-B", "2"))
    comparison = compare_arms([run], lambda *_: None)
    path = tmp_path / "compared.html"
    path.write_text(build_page([run], [ladder_of(run)], assets(), "0.1.0", [comparison], []))
    for device, width in {**WIDTHS, "wide": 1440}.items():
        browser.show(path, width=width)
        keep(browser, f"compared-{device}")
        assert_drawn(browser, width, ratios=6)
        edge = browser.run("document.querySelector('main').getBoundingClientRect().right")
        tables = "[...document.querySelectorAll('.comparison table.cards')].filter(table => table.offsetParent)"
        assert max(browser.run(f"{tables}.map(table => table.getBoundingClientRect().right)")) <= edge + 0.5
        assert browser.run("document.body.innerText").count("async-commit is 90–114 % faster") == 1
        assert "faster" in browser.run("document.body.textContent")
        assert "over all 2 cells" in browser.run("document.querySelector('[data-chart=forest] svg').textContent")
        texts = "[...document.querySelectorAll('[data-chart=forest] svg text')].map(text => text.textContent)"
        assert [text for text in browser.run(texts) if "…" in text] == []  # cut labels would all be alike
        scale = [float(text) for text in browser.run(texts) if re.fullmatch(r"[\d.e+-]+", text)]
        assert 0.9 < min(scale) < max(scale) < 2.5


@pytest.mark.parametrize(
    ("name", "run", "series"),
    one_of(
        (
            "grid",
            lambda: at_rates(
                lambda own: 150 * own.batch,
                (1_000, 5_000, 10_000),
                points=({"batch": 10}, {"batch": 30}, {"batch": 100}),
                p99=lambda own: own.batch * own.rate / 1000,
            ),
            3,
        ),
        ("pools", lambda: a_sweep((1000, 1900, 3400, 3600, 3550)), 1),
        ("rates", lambda: at_rates(lambda _: 31_000, (10_000, 20_000, 40_000)), 1),
    ),
)
def test_a_sweep_is_drawn_with_its_values_on_the_axis(browser, tmp_path, name, run, series):
    swept = run()
    found, path = sweep(swept), tmp_path / "swept.html"
    path.write_text(build_page([swept], [ladder_of(swept)], assets(), "0.1.0", sweeps=[(found, swept.box)]))
    for device, width in WIDTHS.items():
        browser.show(path, width=width)
        keep(browser, f"swept-{name}-{device}")
        assert [each.message for each in browser.complaints()] == []
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run("document.querySelectorAll('[data-chart=curve][data-drawn=yes]').length") == 1
        assert browser.run("document.querySelectorAll('[data-chart=delays][data-drawn=yes]').length") == 1
        [curve] = found.curves
        points = "document.querySelectorAll('[data-chart=curve] svg .mark-symbol path').length"
        assert browser.run(points) == len(curve.points)
        texts = browser.run("[...document.querySelectorAll('[data-chart=curve] svg text')].map(t => t.textContent)")
        along = max(found.of, key=lambda each: len({point.values[each] for point in curve.points}))
        largest = max(point.values[along] for point in curve.points)
        assert f"{largest:,.0f}" in texts
        assert browser.run("document.querySelectorAll('.sweep figure .key span').length") == (
            2 * series if series > 1 else 0
        )


def test_what_sessions_waited_for_is_drawn_in_the_colours_of_its_key(browser, tmp_path):
    plan = planned()
    records = a_run_with_experiments(plan, {"reset-query": 1.4}, observed=waiting(wal_flush=10.0))
    found = explained(plan, records)
    seen = ({"own running": 3, "own IO:WALSync": 1}, {"own running": 13, "own IO:WALSync": 31})
    waits = [{"instants": 10 * number, "seen": each} for number, each in enumerate(seen, 1)]
    readings = [{"at_s": at, "waits": each} for at, each in zip((0.0, 1.0), waits, strict=True)]
    of_rung = [record for record in records if not record.trial.experiment]
    samples = {}
    for record in of_rung:
        samples[record.key] = replace(a_samples(record.trial.number), readings=readings)
    run = replace(pulled(*of_rung), samples=samples, plan=plan.as_asked())
    path = tmp_path / "explained.html"
    path.write_text(build_page([run], [ladder_of(run)], assets(), "0.1.0", explanations=[(found, run)]))
    for width in WIDTHS.values():
        browser.show(path, width=width)
        assert [each.message for each in browser.complaints()] == []
        bars = "[...document.querySelectorAll('[data-chart=waits] svg .mark-rect path')]"
        fills = browser.run(f"{bars}.map(bar => getComputedStyle(bar).fill)")
        key = "[...document.querySelectorAll('.explained .key')].at(-1).querySelectorAll('i')"
        assert fills == browser.run(f"[...{key}].map(entry => getComputedStyle(entry).backgroundColor)")
        assert len(set(fills)) == 2
        assert browser.run("document.documentElement.scrollWidth") <= width


def test_what_the_rows_of_hosts_cost_is_readable_on_a_phone(browser, tmp_path):
    rates = {"stock": [100.0, 103, 98, 101]}
    one = compared_run(rates, ("1-B", "2"))
    host = replace(a_host(cpu={"logical_cpus": 2}), host="a-second-box-with-a-rather-long-name")
    dear = [replace(each, energy_j=each.rows * 4.0) for each in one.records]
    other = replace(compared_run(rates, ("1-B", "2")), host=host, records=dear)
    path, runs = tmp_path / "hosts.html", [one, other]
    comparison = compare_runs(runs, "host")
    path.write_text(build_page(runs, [ladder_of(run) for run in runs], assets(), "0.1.0", [comparison], []))
    for device, width in WIDTHS.items():
        browser.show(path, width=width)
        keep(browser, f"compared-hosts-{device}")
        assert_drawn(browser, width, ratios=2)
        costs = "[...document.querySelectorAll('.costs th, .costs td')].filter(cell => cell.offsetParent)"
        assert browser.run(f"{costs}.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length") == 0
        assert browser.run(f"{costs}.filter(cell => cell.textContent === '4e+03').length") == 2
    label = "getComputedStyle(document.querySelector('.costs td[data-column=\"J/1,000 rows\"]'), '::before').content"
    assert browser.run(label) == '"J/1,000 rows"'


def assert_drawn(browser, width, ratios):
    """The forest is there, with so many ratios, and nothing is wider than the window."""
    assert [each.message for each in browser.complaints()] == []
    forest = "document.querySelector('[data-chart=forest]')"
    assert browser.run(f"{forest}.dataset.drawn") == "yes"
    assert browser.run(f"{forest}.querySelectorAll('svg .mark-symbol path').length") == ratios
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_text_of_records_stays_text_in_charts_too(browser, tmp_path):
    hostile = "</script><img src=x onerror='document.body.dataset.taken=1'>"
    browser.show(written(tmp_path / "hostile.html", a_run(blocks=1, host=hostile, method=hostile)), width=1280)
    assert [each.message for each in browser.complaints()] == []
    assert browser.run("[document.querySelectorAll('img').length, document.body.dataset.taken ?? null]") == [0, None]
    assert hostile[:15] in browser.run("document.querySelector('[data-chart=cores] svg').textContent")


def test_a_page_of_200_long_trials_with_vega_is_below_a_megabyte(tmp_path):
    # Each rung is three times as fast as the one before: of so many the last would write more than 10^14 rows/s.
    run = a_run(speed=1e-6, blocks=200 // len(ladder()), seconds=120)
    assert written(tmp_path / "large.html", run).stat().st_size < 1_000_000


# --- the top ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "width", "theme"),
    [("wide", 1440, "light"), *one_of(("phone", 390, "dark"), ("wide", 1440, "dark"), ("phone", 390, "light"))],
)
def test_the_answer_is_on_the_first_screen_and_all_else_is_folded(browser, page, device, width, theme):
    browser.show(page, width=width, theme=theme, unfolded=False)
    keep(browser, f"top-{device}-{theme}")
    assert [each.message for each in browser.complaints()] == []
    assert browser.run("document.documentElement.scrollWidth") <= width
    of = "document.querySelector('{}').getBoundingClientRect()"
    assert browser.run(of.format(".big") + ".bottom") < 450
    assert browser.run(of.format(".card:last-child") + ".bottom") < (900 if width > 500 else 1400)
    assert browser.run("document.querySelectorAll('details.part[open]').length") == 0
    assert browser.run("document.querySelectorAll('.bar:not(.scale)').length") == len(ladder()) - 1  # one is void
    widths = browser.run("[...document.querySelectorAll('.bar-track i')].map(bar => bar.clientWidth)")
    assert widths == sorted(widths)
    assert min(widths) >= 3
    cells = "[...document.querySelectorAll('.bar > span, .card')]"
    assert browser.run(f"{cells}.filter(each => each.scrollWidth > each.clientWidth + 1).length") == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_the_bars_have_a_scale_of_tens_that_is_seen_without_reading_small_print(browser, page, width):
    browser.show(page, width=width, unfolded=False)
    labels = "[...document.querySelectorAll('.scale s')]"
    assert browser.run(f"{labels}.map(label => label.textContent)")[:3] == ["10", "1k", "100k"]
    boxes = browser.run(
        f"{labels}.map(label => {{ const box = label.getBoundingClientRect(); return [box.left, box.right]; }})"
    )
    assert all(right < left for (_, right), (left, _) in pairwise(boxes))
    assert boxes[-1][1] <= width
    said = "document.querySelector('.scale .bar-way')"
    assert "ten times" in browser.run(f"{said}.textContent")
    assert browser.run(f"parseFloat(getComputedStyle({said}).fontSize)") >= 16
    places = (
        "[...document.querySelectorAll('.bars .bar:nth-child(2) u')].map(line => line.getBoundingClientRect().left)"
    )
    steps = [more - less for less, more in pairwise(browser.run(places))]
    assert max(steps) - min(steps) < 1


def test_on_paper_every_way_is_on_the_first_page_and_no_card_is_cut(browser, tmp_path):
    climbed = ("1", "1-B", "2", "2-B", "2-C", "2-D", "2-E", "2-F", "2-G", "2-H")
    records = [a_record(number, phase, rows_per_s=50 * 3.0**number) for number, phase in enumerate(climbed, 1)]
    page = written(tmp_path / "paper.html", pulled(*records))
    width, height = A4
    browser.show(page, width=width, height=height, media="print", unfolded=False)
    keep(browser, "paper")
    bars = "[...document.querySelectorAll('.bar:not(.scale)')]"
    assert browser.run(f"{bars}.length") == len(climbed)
    assert browser.run(f"Math.max(...{bars}.map(bar => bar.getBoundingClientRect().bottom))") < height
    edges = "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().right)"
    assert max(browser.run(edges)) <= width - 1
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_what_is_folded_is_drawn_when_it_is_opened(browser, page):
    browser.show(page, width=1280, unfolded=False)
    assert browser.run("document.querySelectorAll('[data-drawn=yes]').length") == 0
    browser.run("document.querySelector('#climb').open = true")
    browser.wait("document.querySelector('#climb .chart').dataset.drawn === 'yes'")
    assert browser.run("document.querySelector('#climb svg').getBoundingClientRect().width") > 600


def test_without_scripts_it_says_so_and_shows_its_tables(browser, page):
    browser.show_without_scripts(page, width=1280)
    keep(browser, "without-scripts")
    shown = "document.querySelector('{}').offsetHeight"
    assert browser.run("document.querySelectorAll('details.part:not([open])').length") == 0
    assert browser.run(shown.format(".ladder-table")) > 200
    assert browser.run(shown.format(".bar-track i")) > 5
    assert "charts need JavaScript" in browser.run("document.querySelector('noscript').textContent")


def test_a_run_of_one_rung_that_was_never_published_and_no_fingerprint_has_no_complaints(browser, tmp_path):
    record = a_record(1, "1-B")
    samples = {(1, 1): Samples(trial=1, attempt=1, rows_per_second=[9, 9])}
    run = pulled(record, samples=samples, histograms={(1, 1): a_histogram(300, 400, 500)}, host=None)
    browser.show(written(tmp_path / "one.html", run), width=1280)
    keep(browser, "one-rung")
    assert [each.message for each in browser.complaints()] == []
    assert "another machine, a landmark only" not in browser.run("document.querySelector('#climb').textContent")


# --- the address -----------------------------------------------------------------------------------------------------


def opened(browser):
    """The parts that are open."""
    return browser.run("[...document.querySelectorAll('details.part[open]')].map(part => part.id)")


def click(browser, part):
    browser.run(f"document.querySelector('#{part} > summary').click()")


@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_link_to_a_part_opens_it_and_goes_there(browser, page, width):
    browser.show(page, width=width, height=400, unfolded=False, fragment="#climb")
    assert opened(browser) == ["climb"]
    assert browser.run("document.querySelector('#climb .chart').dataset.drawn") == "yes"
    assert abs(browser.run("document.querySelector('#climb').getBoundingClientRect().top")) < 5
    assert browser.run("location.hash") == "#climb"
    assert [each.message for each in browser.complaints()] == []


def test_the_address_keeps_what_is_opened_and_brings_it_back(browser, page):
    browser.show(page, width=1280, unfolded=False)
    for part in ("ladder-1-1", "climb"):
        click(browser, part)
    browser.wait("location.hash === '#climb.ladder-1-1'")
    browser.show(page, width=1280, unfolded=False, fragment="#climb.ladder-1-1")
    assert opened(browser) == ["climb", "ladder-1-1"]
    steps = browser.run("history.length")
    for part in ("climb", "ladder-1-1"):
        click(browser, part)
    browser.wait("location.hash === ''")
    assert "#" not in browser.run("location.href")
    assert browser.run("history.length") == steps
    assert [each.message for each in browser.complaints()] == []


def test_what_is_open_at_first_stays_closed_where_it_was_closed(browser, tmp_path):
    run = compared_run({"stock": [100, 103, 98, 101], "async-commit": [205, 210, 190, 207]})
    path = tmp_path / "compared.html"
    comparison = compare_arms([run], lambda *_: None)
    path.write_text(build_page([run], [ladder_of(run)], assets(), "0.1.0", [comparison], []))
    browser.show(path, width=1280, unfolded=False)
    assert opened(browser) == ["comparison-1"]
    click(browser, "comparison-1")
    browser.wait("location.hash === '#~comparison-1'")
    browser.show(path, width=1280, unfolded=False, fragment="#~comparison-1")
    assert opened(browser) == []


def test_an_address_that_is_changed_is_followed_into_what_is_folded(browser, page):
    browser.show(page, width=1280, unfolded=False, fragment="#climb")
    browser.run("location.hash = 'fingerprint-system'")
    browser.wait("document.querySelector('#fingerprint-system').open")
    assert opened(browser) == ["fingerprint"]
    browser.run("location.hash = 'no-such-part'")
    browser.wait("!document.querySelector('#fingerprint').open")
    assert opened(browser) == []
    assert [each.message for each in browser.complaints()] == []
