"""What docs/exporting.md shows works: its Python as it stands, its SQL as far as the fields that it names."""

import re
import shutil

from bench.model.plan import Trial
from bench.model.record import Latency, Record, Validity
from tests.kept import KEPT
from tests.readme import CHECKOUT

PAGE = (CHECKOUT / "docs" / "exporting.md").read_text()
[RECIPE] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[QUERY] = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PARTS = {"trial": Trial, "latency_ms": Latency, "validity": Validity}


def test_the_recipe_runs_as_it_stands(tmp_path, monkeypatch):
    place = tmp_path / "results" / "run" / "host"
    place.mkdir(parents=True)
    shutil.copy(KEPT / "versions" / "trials.jsonl", place)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(RECIPE, "docs/exporting.md", "exec"), names)
    trials, rate = names["table"]["2-G", "stock"]
    assert trials > 10
    assert 100_000 < rate < 1_500_000


def test_every_field_that_the_query_names_is_one_of_the_records():
    named = re.findall(r"\b(trial|latency_ms|validity)\.(\w+)", QUERY)
    assert len(named) >= 4
    assert [name for part, name in named if name not in PARTS[part].__dataclass_fields__] == []
    assert "settled_rows_per_s" in Record.__dataclass_fields__
