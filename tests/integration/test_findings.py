"""What docs/findings keeps, made of a real run: records, comparison and page that anybody can make again."""

import json

import pytest

from bench import findings
from bench.engines.postgresql.render import variant_names
from bench.store.run_directory import RunDirectory
from tests.grades import promised_on
from tests.integration.support import BRIEF, pgladder


def measured(place, *asked):
    out = place / "results" / "r" / "here"
    ended = pgladder("run", *asked, *BRIEF, "--data-dir", place / "data", "--out", out, cwd=place)
    return ended, out


def test_a_run_of_single_steps_is_kept_with_its_page_and_the_comparison_that_the_command_prints(place, monkeypatch):
    ended, out = measured(
        place, "--variants", "stock wal-buffers no-process-title", "--phases", "2-E 2-F", "--blocks", 2
    )
    assert ended.code == 0, ended.err
    (place / "docs").mkdir()
    (place / "variants").mkdir()
    for step in ("wal-buffers", "no-process-title"):
        text = (findings.template_directory() / "variants" / f"{step}.conf.j2").read_text()
        (place / "variants" / f"{step}.conf.j2").write_text(text)
    monkeypatch.setattr(findings, "CHECKOUT", place)
    monkeypatch.setattr(findings, "FINDINGS", place / "docs" / "findings")
    monkeypatch.setattr(findings, "template_directory", lambda: place)
    findings.main(["ingest", str(out)])
    kept = place / "docs" / "findings" / "ingest"
    printed = pgladder("compare", kept, "--json", cwd=place)
    assert (kept / "comparison.json").read_text() == printed.out
    page = (place / "docs" / "findings" / "ingest.md").read_text()
    assert f"## Over all 2 cells: {promised_on(place)[0]}" in page
    assert "- **wal-buffers**: `wal_buffers` 4MB → 64MB" in page
    earned = [pair["candidate"] for pair in json.loads(printed.out)["overall"]["pairs"] if pair["verdict"] == "faster"]
    ours = (place / "variants" / "ingest.conf.j2").read_text().splitlines()
    assert sum(not line.startswith("#") and bool(line) for line in ours) <= len(earned)


@pytest.mark.slow
def test_all_variants_are_measured_refused_with_their_reason_or_told_to_be_another(place):
    ended, out = measured(place, "--variants", "all", "--phases", "2-E", "--blocks", 1)
    assert ended.code in (0, 1), ended.err
    [cell] = (report := json.loads(pgladder("compare", out, "--json", cwd=place).out))["cells"]
    arms = {arm["name"]: arm for arm in cell["arms"]}
    alike = {each["name"]: each["same_as"] for each in report["alike"]}
    assert {*arms, *alike} == {*variant_names()} == {each.name for each in RunDirectory(out).plan().variants}
    assert all(arm["rows_per_s"] or arm["refused"] for arm in arms.values())
    assert set(alike.values()) <= set(arms)
