"""What is kept in docs/findings: everything in it follows from its records, and ingest has only what was earned."""

import json
import re
from dataclasses import replace

import pytest

from bench import findings
from bench.analysis.compare import compare_arms
from bench.engines.postgresql.conf import read_conf
from bench.engines.postgresql.parameters import parameters
from bench.engines.postgresql.render import Box, render_variant, template_directory, texts
from bench.engines.postgresql.variants import hardware_of
from bench.findings import FINDINGS, QUESTIONS, README, earned, follows, ingest_text, keep, main, standing_of_ingest
from bench.model.codec import from_json
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint
from bench.questions.noise import keep_noise
from bench.store.run_directory import RunDirectory
from tests.builders import again, compared_run, doubtful, written

QUIET = [100.0, 103, 98, 101, 99, 102]
BETTER = [round(1.1 * rate) for rate in QUIET[::-1]]
BEST = [1.5 * rate for rate in QUIET[::-1]]
PHASES = ("2-D", "2-G")
KEPT = [name for name in QUESTIONS if (FINDINGS / name / "plan.json").is_file()]


def told(rates, **changed):
    """A comparison over two phases; ``changed`` by variant what its records have instead."""
    run = compared_run(rates, PHASES)
    records = [replace(each, **changed.get(each.variant.replace("-", "_"), {})) for each in run.records]
    return compare_arms([replace(run, records=records)], lambda _cell, _blocks: None)


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEPT)
def test_everything_in_a_finding_follows_from_its_records(name):
    stale = [path.name for path, text in follows(name).items() if path.read_text() != text]
    assert stale == [], "write them again: python -m bench.findings"


@pytest.mark.skipif("ingest" not in KEPT, reason="ingest is not measured yet")
def test_every_line_of_ingest_names_the_kept_comparison_that_says_it_is_faster_with_that_value():
    kept = json.loads((FINDINGS / "ingest" / "comparison.json").read_text())
    facts = from_json((FINDINGS / "ingest" / "host.json").read_bytes(), Fingerprint, "host.json").facts
    box = Box(hardware=hardware_of(facts["memory"], facts["cpu"], facts["disk"]))
    values = texts(render_variant("ingest", box))
    pairs = {pair["candidate"]: pair for pair in kept["overall"]["pairs"]}
    grades = {arm["name"]: arm["durability"] for cell in kept["cells"] for arm in cell["arms"]}
    lines = (template_directory() / "variants" / "ingest.conf.j2").read_text().splitlines()
    settings = [line for line in lines if line and not line.startswith("#")]
    assert len(settings) == len(values)
    for line, (name, value) in zip(settings, values.items(), strict=True):
        step = re.fullmatch(rf"{name} = .*  # (\S+) \S+ \(\S+\), docs/findings/ingest", line)
        assert step, line
        pair = pairs[step[1]]
        assert (kept["headline"], pair["verdict"], pair["settled"]["verdict"]) == ("settled", "faster", "faster")
        assert grades[step[1]] == grades["stock"]
        shown = {each["name"]: each["candidate"] for each in pair["differs"]}
        known = parameters()[name]
        assert shown[name] == known.shown(known.value(value))


@pytest.mark.skipif("formulas" not in KEPT, reason="the formulas are not measured yet")
def test_the_readme_says_what_the_kept_comparison_says_of_ingest():
    kept = json.loads((FINDINGS / "formulas" / "comparison.json").read_text())
    alike = {each["name"]: each["same_as"] for each in kept["alike"]}
    ranks = {rank["arm"]: rank for each in kept["overall"]["standings"] for rank in each["ranking"]}
    rank = ranks.get(alike.get("ingest", "ingest"))
    ahead = rank is not None and rank["worst"] == 1 and "ingest" not in alike
    said = " ".join(README.read_text().split())
    assert ("`ingest` is ahead of all other variants of the same durability" in said) == ahead
    assert ("is not ahead of all other variants of the same durability" in said) == (not ahead)
    assert standing_of_ingest_kept() in " ".join((FINDINGS / "formulas.md").read_text().split())


def standing_of_ingest_kept():
    [report] = findings.compared(FINDINGS / "formulas")
    return standing_of_ingest(report)


# --- what ingest takes -----------------------------------------------------------------------------------------------


def test_a_step_earns_its_line_by_being_faster_over_all_cells_and_the_best_comes_first():
    report = told({"stock": QUIET, "big-wal": BETTER, "no-bgwriter": QUIET[::-1], "wal-buffers": BEST})
    assert [pair.candidate for pair in earned(report)] == ["wal-buffers", "big-wal"]
    assert ingest_text(report).splitlines()[0] == (
        "# Ours, for sustained ingest: each line was measured to be faster than stock."
    )
    assert ingest_text(report).splitlines()[3:] == [
        "",
        "wal_buffers = 64MB  # wal-buffers 1.500 (1.448–1.554), docs/findings/ingest",
        "max_wal_size = 16GB  # big-wal 1.100 (1.063–1.138), docs/findings/ingest",
    ]


def test_a_step_that_risks_more_earns_nothing():
    report = told({"stock": QUIET, "big-wal": BEST}, big_wal={"durability": "may lose last 600 ms"})
    assert earned(report) == []


def test_a_step_that_is_slower_in_one_cell_earns_nothing():
    report = told({"stock": QUIET, "big-wal": BEST})
    first, *rest = report.cells
    slower = replace(first, pairs=tuple(replace(pair, verdict="slower") for pair in first.pairs))
    assert earned(replace(report, cells=(slower, *rest))) == []


def test_burst_rates_earn_nothing():
    report = told({"stock": QUIET, "big-wal": BEST})
    with pytest.raises(UsageError, match="earned by settled rates"):
        earned(replace(report, headline="burst"))


def test_where_nothing_was_earned_ingest_is_stock_and_says_what_it_is():
    text = ingest_text(told({"stock": QUIET, "big-wal": QUIET[::-1]}))
    assert text.startswith("# Ours, for sustained ingest: no step has earned a line yet: the same as stock.\n")
    assert read_conf(text, "ingest") == {}


def test_the_value_of_a_line_is_the_steps_own_formula():
    text = ingest_text(told({"stock": QUIET, "shared-buffers-25": BEST}))
    assert "shared_buffers = {{ hardware.ram_mb // 4 }}MB  # shared-buffers-25 1.500" in text


# --- what is said of it ----------------------------------------------------------------------------------------------


def test_ingest_ahead_of_all_is_said():
    said = standing_of_ingest(told({"stock": QUIET, "ingest": BEST, "pgtune-oltp": BETTER}))
    assert said == (
        "On the box measured `ingest` is ahead of all other variants of the same durability: rank 1 of the 3 that are"
        " durable, 1.500 times stock (1.448–1.554)."
    )


def test_a_tie_is_not_ahead():
    said = standing_of_ingest(told({"stock": QUIET, "ingest": BEST, "pgtune-oltp": BEST[::-1]}))
    assert "`ingest` is not ahead of all other variants of the same durability: rank 1–2 of the 3" in said


def test_what_is_less_durable_is_not_raced_against():
    said = standing_of_ingest(
        told({"stock": QUIET, "ingest": BETTER, "no-fsync": BEST}, no_fsync={"durability": "not crash-safe"})
    )
    assert "is ahead of all other variants of the same durability: rank 1 of the 2 that are durable" in said


def test_ingest_that_comes_to_another_variant_is_not_ahead_of_it():
    run = compared_run({"stock": QUIET, "big-wal": BEST}, PHASES)
    same = replace(run.plan.variants[1], name="ingest")
    run = replace(run, plan=replace(run.plan, variants=(*run.plan.variants, same)))
    said = standing_of_ingest(compare_arms([run], lambda _cell, _blocks: None))
    assert "`ingest`, the same in effect there as `big-wal`, is not ahead of" in said


def test_ingest_that_never_ran_is_told_so():
    assert "it never ran there" in standing_of_ingest(told({"stock": QUIET, "big-wal": BEST}))


# --- keeping ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty place for findings, with a README and the templates of this checkout."""
    templates = tmp_path / "templates" / "variants"
    templates.mkdir(parents=True)
    for path in (template_directory() / "variants").iterdir():
        (templates / path.name).write_text(path.read_text())
    (tmp_path / "README.md").write_text("<!-- what formulas.md says of ingest -->\nnothing\n<!-- end -->\nmore\n")
    monkeypatch.setattr(findings, "CHECKOUT", tmp_path)
    monkeypatch.setattr(findings, "FINDINGS", tmp_path / "docs" / "findings")
    monkeypatch.setattr(findings, "README", tmp_path / "README.md")
    monkeypatch.setattr(findings, "template_directory", lambda: tmp_path / "templates")
    return tmp_path


def a_run(place, rates):
    return written(place / "results" / "r" / "bench-1", compared_run(rates, PHASES))


def test_a_run_that_is_kept_can_be_compared_by_anybody_and_has_its_page(checkout, capsys):
    run = a_run(checkout, {"stock": QUIET, "big-wal": BEST})
    main(["ingest", str(run)])
    place = checkout / "docs" / "findings"
    assert {path.name for path in (place / "ingest").iterdir()} == {
        "plan.json", "host.json", "trials.jsonl", "SHA256SUMS", "comparison.json"
    }  # fmt: skip
    assert RunDirectory(place / "ingest").check_sums(samples=False)
    page = (place / "ingest.md").read_text()
    assert "a line in the variant `ingest` was earned by `big-wal`" in page
    assert "Intel(R) N100" in page
    assert '`make ingest PHASES="2-D 2-G" BLOCKS=6 WARM_UP=1 WINDOW=2`' in page
    assert "| big-wal | 1 | 1.500 | 1.448–1.554 | 1.500 | <.001 | faster |" in page
    assert "max_wal_size = 16GB" in (checkout / "templates" / "variants" / "ingest.conf.j2").read_text()
    assert "docs/findings/ingest.md" in capsys.readouterr().out


def test_what_is_known_of_the_boxs_noise_is_kept_too(checkout):
    twice = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}, PHASES))
    keep_noise(written(checkout / "results" / "noise-run" / "bench-1", twice))
    main(["ingest", str(a_run(checkout, {"stock": QUIET, "big-wal": BEST}))])
    assert (checkout / "docs" / "findings" / "noise" / "bench-1.json").is_file()
    assert "Noise floor of this box (A/A of 6 blocks" in (checkout / "docs" / "findings" / "ingest.md").read_text()


def test_the_formulas_change_what_the_readme_says_and_nothing_else_of_it(checkout):
    main(["formulas", str(a_run(checkout, {"stock": QUIET, "ingest": BEST, "big-wal": BETTER}))])
    readme = (checkout / "README.md").read_text()
    assert "`ingest` is ahead of all other" in " ".join(readme.split())
    assert readme.endswith("\n<!-- end -->\nmore\n")
    main([])
    assert (checkout / "README.md").read_text() == readme
    assert max(map(len, readme.splitlines())) <= 120


def test_durability_that_differs_is_the_pages_first_line(checkout):
    run = compared_run({"stock": QUIET, "ingest": BEST, "no-fsync": BEST}, PHASES)
    graded = [
        replace(each, durability="not crash-safe") if each.trial.variant == "no-fsync" else each for each in run.records
    ]
    main(["formulas", str(written(checkout / "results" / "r" / "bench-1", replace(run, records=graded)))])
    _, first, *rest = (checkout / "docs" / "findings" / "formulas.md").read_text().split("\n\n")
    assert first.startswith("> These arms do not promise the same:")
    assert not any(part.startswith(">") for part in rest)
    assert [part for part in rest if part.startswith("## Over all")] == [
        "## Over all 2 cells: durable", "## Over all 2 cells: not crash-safe"
    ]  # fmt: skip


def test_doubtful_trials_are_counted_above_the_answer_by_reason(checkout):
    run = compared_run({"stock": QUIET, "big-wal": BEST}, PHASES)
    records = [
        replace(each, validity=doubtful("suspect", "steal")) if each.trial.block == 1 else each for each in run.records
    ]
    main(["ingest", str(written(checkout / "results" / "r" / "bench-1", replace(run, records=records)))])
    _, first, *_ = (checkout / "docs" / "findings" / "ingest.md").read_text().split("\n\n")
    assert first.startswith("> 4 of 24 trials are suspect, steal: ")


def test_a_run_that_is_not_whole_is_not_kept(checkout):
    run = RunDirectory(a_run(checkout, {"stock": QUIET, "big-wal": BEST}))
    run.reopen()
    with pytest.raises(UsageError, match="only a whole run is kept"):
        keep("ingest", run)


def test_an_unknown_finding_names_those_there_are(checkout):
    with pytest.raises(UsageError, match="there are: ingest, formulas"):
        keep("else", RunDirectory(checkout))
