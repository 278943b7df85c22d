"""Keeping a run as docs/results/README.md says: its four files are enough for every comparison of its variants."""

import json
import re
import shutil

import pytest

from bench.engines.postgresql.render import variant_names
from bench.store.run_directory import RunDirectory
from tests.builders import FROM_18_ON
from tests.grades import promised_on
from tests.integration.support import BRIEF, pgladder
from tests.kept import KEPT


def measured(place, *asked):
    out = place / "results" / "r" / "here"
    ended = pgladder("run", *asked, *BRIEF, "--data-dir", place / "data", "--out", out, cwd=place)
    return ended, out


def kept_as_written(out, kept):
    """Copy the files of a run that the README's command copies."""
    [names] = re.findall(r"^cp results/RUN/HOST/\{(.*)\} ", (KEPT / "README.md").read_text(), re.MULTILINE)
    kept.mkdir(parents=True)
    for name in names.split(","):
        shutil.copy(out / name, kept)


@pytest.mark.slow
def test_a_run_that_is_kept_without_its_samples_gives_the_same_comparison(place):
    ended, out = measured(place, "--variants", "stock wal-buffers", "--phases", "2-E 2-F", "--blocks", 2)
    assert ended.code == 0, ended.err
    kept = place / "docs" / "results" / "mine"
    kept_as_written(out, kept)
    before = pgladder("compare", out, "--json", cwd=place)
    after = pgladder("compare", kept, "--json", cwd=place)
    assert (after.out, after.code) == (before.out, before.code)
    shown = pgladder("compare", kept, "--detail", cwd=place)
    assert f"Over all 2 cells: {promised_on(place)[0]}" in shown.out
    assert "wal-buffers differs in effect: wal_buffers 4MB → 64MB." in shown.out
    assert pgladder("report", kept, cwd=place).code == 0
    assert (kept / "report.html").is_file()


@pytest.mark.slow
def test_all_variants_are_measured_refused_with_their_reason_or_told_to_be_another(place):
    ended, out = measured(place, "--variants", "all", "--phases", "2-E", "--blocks", 1)
    assert ended.code in (0, 1), ended.err
    [cell] = (report := json.loads(pgladder("compare", out, "--json", cwd=place).out))["cells"]
    arms = {arm["name"]: arm for arm in cell["arms"]}
    alike = {each["name"]: each["same_as"] for each in report["alike"]}
    planned = {each.name for each in RunDirectory(out).plan().variants}
    assert {*arms, *alike} == {*variant_names()} - FROM_18_ON == planned
    assert all(arm["rows_per_s"] or arm["refused"] for arm in arms.values())
    assert set(alike.values()) <= set(arms)
