"""What docs/exporting.md shows works as it stands: its Python, and its SQL in DuckDB."""

import re
import shutil

import duckdb
import pytest

from tests.kept import KEPT
from tests.readme import CHECKOUT

PAGE = (CHECKOUT / "docs" / "exporting.md").read_text()
[RECIPE] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[QUERY] = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Stand where a run was pulled to ``results``, and return the table that the Python makes of it."""
    place = tmp_path / "results" / "run" / "host"
    place.mkdir(parents=True)
    shutil.copy(KEPT / "versions" / "trials.jsonl", place)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(RECIPE, "docs/exporting.md", "exec"), names)
    return names["table"]


def test_the_recipe_runs_as_it_stands(recipe):
    trials, rate = recipe["2-G", "stock"]
    assert trials > 10
    assert 100_000 < rate < 1_500_000


def test_the_query_runs_as_it_stands_and_finds_the_same(recipe):
    found = {(phase, variant): (trials, rate) for phase, variant, trials, rate, _ in duckdb.sql(QUERY).fetchall()}
    assert {arm: (trials, round(rate)) for arm, (trials, rate) in recipe.items()} == found
