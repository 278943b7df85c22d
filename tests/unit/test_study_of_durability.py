"""The page of cuts: of one run, or with that of unlogged tables beside it."""

from dataclasses import replace

import pytest

from bench.store.cut_directory import CutDirectory
from tests.cuts import UNSAFE, cut, plan
from tests.studies.durability import page_of, unlogged
from tests.studies.next_steps import _loss


@pytest.fixture
def run(tmp_path):
    made = CutDirectory(tmp_path / "cuts")
    made.begin(plan(power=1, torn=1))
    for how in ("power", "torn"):
        made.append(cut(how=how))
    return made.path


def test_a_run_alone_makes_the_page(run):
    page = page_of(run)
    assert "| `stock` | durable | power | 1 | 1,000 | 0 |" in page
    assert "| `stock` | 500 | 0 |" in page
    assert "records: [cuts](cuts); again" in page
    assert "unlogged" not in page


def test_unlogged_tables_have_rows_of_their_own(run):
    beside = CutDirectory(unlogged(run))
    beside.begin(replace(plan(power=1, torn=1), layouts=["unlogged"]))
    for how in ("power", "torn"):
        emptied = cut(promise=UNSAFE, lost=1000, ms=2000.0, how=how, unlogged=True, of_settings="durable")
        beside.append(replace(emptied, cut=replace(emptied.cut, layout="unlogged")))
    page = page_of(run)
    assert "- **stock on unlogged was emptied by 2 cuts, as an unlogged table is: 2,000 rows lost" in page
    assert "| `stock`, unlogged | not crash-safe | torn | 1 | 1,000 | 1,000 |" in page
    assert "| `stock` | 500 | 0 |\n| `stock`, unlogged | 500 | 1,000 |\n" in page
    assert "records: [cuts](cuts), [cuts-unlogged](cuts-unlogged); again" in page


def test_the_page_of_next_steps_quotes_what_is_said_of_logged_tables(tmp_path):
    page = tmp_path / "durability.md"
    kept = "- **stock lost 0 of 9 acknowledged rows in 1 cut.**"
    page.write_text(f"{kept}\n- **stock on unlogged was emptied by 1 cut.**\n")
    assert _loss(page) == kept
