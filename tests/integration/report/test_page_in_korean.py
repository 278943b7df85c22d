"""The page in Korean as a person sees it: its letters drawn, all of it within a desk's window and a phone's."""

import json
import re

import pytest

from bench.analysis.compare import compare_arms
from bench.model.language import speaking
from bench.report.page import build_page
from bench.report.page.assets import assets
from bench.results.read import ladder_of
from tests.builders import compared_run
from tests.examples import one_of
from tests.integration.report.test_page_in_a_browser import a_run, keep

WIDTHS = [1440, 390]
DRAWN = """(() => {
    const canvas = document.createElement('canvas'), pen = canvas.getContext('2d', { willReadFrequently: true });
    const drawn = letter => {
        pen.clearRect(0, 0, 300, 150);
        pen.font = '40px ' + getComputedStyle(document.body).fontFamily;
        pen.fillText(letter, 20, 80);
        return [...pen.getImageData(0, 0, 300, 150).data].join();
    };
    return new Set(['가', '힣', '병', '\\u0378'].map(drawn)).size;
})()"""
"""How many of three letters, and one that no font has, look like none of the others."""
TEXTS = "document.querySelector('.top').innerText"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    run = a_run(rows_per_s=130_800.0, settled_rows_per_s=127_000.0)
    path = tmp_path_factory.mktemp("korean") / "page.html"
    with speaking("ko"):
        path.write_text(build_page([run], [ladder_of(run)], assets(), "0.1.0"))
    return path


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    run = compared_run({"stock": [100.0, 103, 98, 101, 99, 102], "fast": [112.0, 115, 110, 113, 111, 114]})
    path = tmp_path_factory.mktemp("korean") / "comparison.html"
    with speaking("ko"):
        report = compare_arms([run], lambda _cell, _blocks: None)
        path.write_text(build_page([run], [ladder_of(run)], assets(), "0.1.0", [report]))
    return path


@pytest.mark.parametrize("width", WIDTHS)
def test_korean_letters_are_drawn_and_nothing_runs_off_sideways(browser, page, width):
    browser.show(page, width=width, unfolded=False)
    keep(browser, f"korean-{width}-top")
    assert browser.run("document.documentElement.lang") == "ko"
    assert browser.run(DRAWN) == 4, "install a Korean font: fonts-nanum"
    browser.show(page, width=width)
    keep(browser, f"korean-{width}")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert [each.message for each in browser.complaints()] == []


def test_the_top_says_it_in_korean_but_for_names(browser, page):
    browser.show(page, width=1440, unfolded=False)
    text = browser.run(TEXTS)
    assert len(re.findall("[가-힣]", text)) > 150
    assert not re.findall(r"\b(kept|stopped|trust|rows a|by|processors|suspected|next|measure|best)\b", text)


def inside(part, name):
    """Yield what has this name anywhere in a specification."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == name:
                yield value
            yield from inside(value, name)
    elif isinstance(part, list):
        for each in part:
            yield from inside(each, name)


def test_what_is_shown_where_the_mouse_is_is_korean_but_for_units(page):
    [specifications] = re.findall(r'(?s)id="specifications">(.*?)</script>', page.read_text())
    titles = {each["title"] for tip in inside(json.loads(specifications), "tooltip") for each in tip}
    assert {title for title in titles if not re.search("[가-힣]", title)} == {"ms", "rows/s"}


@pytest.mark.parametrize(("chart", "field"), [("cores", "who"), ("time", "part"), ("course", "state")])
def test_each_value_of_a_chart_has_its_colour_in_korean_too(page, chart, field):
    text = page.read_text()
    [specifications] = re.findall(r'(?s)id="specifications">(.*?)</script>', text)
    coloured = {str(value) for domain in inside(json.loads(specifications)[chart], "domain") for value in domain}
    drawn = re.findall(rf'(?s)data-chart="{chart}".*?<script type="application/json">(.*?)</script>', text)
    values = {row[field] for rows in drawn for row in json.loads(rows)}
    assert values
    assert values <= coloured
    assert any(re.search("[가-힣]", value) for value in values)


@pytest.mark.parametrize("width", one_of(390, 1440))
def test_a_comparison_says_who_is_faster_in_korean(browser, comparison, width):
    browser.show(comparison, width=width)
    keep(browser, f"korean-comparison-{width}")
    assert browser.run("document.querySelector('.best.answer').innerText").startswith("fast: 여기서 stock보다 ")
    assert "빠름" in browser.run("document.querySelector('.comparison table').innerText")
    assert browser.run("document.documentElement.scrollWidth") <= width
