"""pgladder compare, compare-hosts, noise and reproduce over pulled files: what they print, refuse, and end with."""

import json
import re
import shlex
import socket
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bench.analysis.comparison import ComparisonReport
from bench.analysis.noise import BoxNoise
from bench.cli.main import main
from bench.engines.postgresql.render import as_variant
from bench.model.codec import from_json, to_json
from bench.model.plan import UntilDecided
from bench.probes.facts import host_facts
from bench.questions.compare import compared
from bench.questions.noise import keep_noise
from bench.results.read import reproduced_plan
from bench.targets.watched import _noise
from tests.builders import a_host, a_record, again, changed, compared_run, pulled, rated, void, written

QUIET = [100.0, 103, 98, 101, 99, 102]
TWICE = [2 * rate for rate in QUIET[::-1]]
LATER = "20261123T101500-ab12"


@pytest.fixture(autouse=True)
def _an_empty_directory(tmp_path, monkeypatch):
    """Nothing here may get as far as making a server."""

    def made(*_arguments, **_more):
        raise AssertionError("a server was made")

    monkeypatch.setattr("bench.engines.postgresql.engine.PrivateServer", made)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def pgladder(capsys):
    """Run the command; give its exit code and what it printed."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return run


@pytest.fixture
def refused(pgladder):
    """Run the command; it must be refused in one sentence, with every file left as it was."""

    def refuse(*arguments):
        before = contents(Path())
        code, out, err = pgladder(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert contents(Path()) == before
        return err

    return refuse


def contents(directory):
    return {path: path.is_file() and path.read_bytes() for path in directory.rglob("*")}


def two_arms(**changes):
    return compared_run({"stock": QUIET, "fast": TWICE}, **changes)


def later(run, **changes):
    plan = replace(run.plan, run=LATER, **changes)
    return replace(run, plan=plan, records=[replace(each, run=LATER) for each in run.records])


def on(host, run, **facts):
    return replace(run, host=replace(a_host(**facts), host=host))


# --- compare DIR -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["results/one/bench-1", "results/one", "results"])
def test_the_arms_of_a_run_are_compared_wherever_it_is_named(pgladder, asked):
    written(Path("results/one/bench-1"), two_arms())
    code, out, err = pgladder("compare", asked)
    assert (code, err) == (0, "")
    assert "2.000 1.930–2.072" in out
    assert max(map(len, out.splitlines())) <= 100


def test_programs_get_the_published_format(pgladder):
    written(Path("one/bench-1"), two_arms())
    code, out, _ = pgladder("compare", "one", "--json", "--margin", "0.05")
    report = from_json(out, ComparisonReport, "stdout")
    assert (code, report.margin, report.cells[0].pairs[0].verdict) == (0, 0.05, "faster")


def test_several_runs_of_a_box_count_as_one(pgladder):
    run = two_arms()
    written(Path("results/one/bench-1"), run)
    written(Path("results/two/bench-1"), later(run))
    _, out, _ = pgladder("compare", "results", "--json")
    assert from_json(out, ComparisonReport, "stdout").cells[0].pairs[0].settled.blocks == 12


def test_of_runs_of_one_box_the_page_has_the_forest_and_each_under_its_own_name(pgladder):
    written(Path("results/one/bench-1"), two_arms())
    written(Path("results/two/bench-1"), later(two_arms()))
    page = Path("results/one-and-two.html")
    code, out, err = pgladder("compare", "results/one", "results/two", "--page", page)
    assert (code, err) == (0, "")
    assert out.endswith(f"Page: {page}\n")
    html = page.read_text()
    assert "These runs&#39; blocks were not interleaved" in html
    assert 'data-chart="forest"' in html
    assert f'data-column="{LATER}"' in html
    assert pgladder("compare", "results/one", "results/two")[0] == 0  # the page is no file of either run


def test_the_page_of_one_run_is_its_report(refused):
    written(Path("results/one/bench-1"), two_arms())
    assert "The page of one run has its comparison: pgladder report results/one." in refused(
        "compare", "results/one", "--page", "x.html"
    )


def test_each_host_of_a_run_has_a_comparison_of_its_own(pgladder):
    for host in ("bench-1", "bench-2"):
        written(Path("one") / host, on(host, two_arms()))
    _, out, _ = pgladder("compare", "one", "--json")
    assert [report["hosts"] for report in msgspec.json.decode(out)] == [["bench-1"], ["bench-2"]]
    assert "Host bench-2:" in pgladder("compare", "one")[1]


@pytest.mark.parametrize("reason", ["client-error", "refused"])
def test_a_void_trial_or_a_refused_arm_is_told_and_gives_exit_code_1(pgladder, reason):
    run = two_arms()
    records = [*run.records[:-1], replace(run.records[-1], **void(reason, "refused: no room"))]
    written(Path("one/bench-1"), replace(run, records=records))
    code, out, _ = pgladder("compare", "one")
    assert code == 1
    assert re.search(r"^fast .* 1 void$", out, re.MULTILINE)
    assert re.search(r"^fast .* void", pgladder("compare", "one", "--detail")[1], re.MULTILINE)


def test_a_run_that_was_cut_is_compared_as_far_as_it_came_and_gives_exit_code_1(pgladder):
    run = two_arms()
    written(Path("one/bench-1"), replace(run, records=run.records[:8]))
    code, out, _ = pgladder("compare", "one")
    assert code == 1
    assert "This run is not complete: 8 of its 12 trials are here." in out


def test_a_changed_record_is_refused_by_its_file(refused):
    path = written(Path("one/bench-1"), two_arms())
    journal = path / "trials.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"rows_per_s":100.0', b'"rows_per_s":900.0'))
    assert "trials.jsonl is not the file SHA256SUMS lists" in refused("compare", "one")


def test_a_record_of_a_newer_schema_is_refused_by_file_and_version(refused):
    path = written(Path("one/bench-1"), two_arms())
    (path / "SHA256SUMS").unlink()
    plan = path / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b"pgladder/plan/2", b"pgladder/plan/3"))
    assert "plan.json has schema pgladder/plan/3, newer than this pgladder reads" in refused("compare", "one")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["compare", "nowhere"], "nowhere holds no run"),
        (["compare", "alone"], "nothing to compare in it; compare it with another run: pgladder compare A B."),
        (["compare", "alone", "alone"], "is there twice"),
        (["compare", "alone", "unlogged"], "can't be compared: layout plain is only in"),
        (["compare", "alone", "hosts"], "hosts holds 2 hosts' runs; name one"),
        (["compare", "alone", "--margin", "2"], "not a share below 1"),
        (["compare"], "the following arguments are required: DIR"),
        (["compare", "alone", "two", "--across", "layout"], "--across layout compares the trials of one run: name one"),
        (["compare", "alone", "two", "--baseline", "fast"], "--baseline names a candidate of one run"),
        (["compare", "alone", "--across", "run"], "alone holds one run: a comparison of runs takes two or more"),
        (["compare-hosts", "alone"], "holds one host's run: a comparison of hosts takes two or more"),
        (["compare-hosts", "unequal"], "bench-1 and bench-2 can't be compared: layout plain is only in bench-1;"),
        (["noise", "one"], "does not set one variant against itself"),
        (["noise", "hosts"], "hosts holds 2 hosts' runs"),
        (["reproduce", "hosts"], "hosts holds 2 hosts' runs"),
        (["reproduce", "nowhere"], "nowhere holds no run"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(refused, arguments, sentence):
    alone = compared_run({"stock": QUIET})
    written(Path("alone/bench-1"), alone)
    written(Path("one/bench-1"), later(two_arms()))
    for host in ("bench-1", "bench-2"):
        written(Path("hosts") / host, on(host, two_arms()))
    written(Path("unequal/bench-1"), on("bench-1", alone))
    trials = tuple(replace(trial, layout="unlogged") for trial in alone.plan.trials)
    records = [changed(record, layout="unlogged", durability="not crash-safe") for record in alone.records]
    unlogged = replace(alone, plan=replace(alone.plan, trials=trials), records=records)
    written(Path("unequal/bench-2"), on("bench-2", unlogged))
    written(Path("unlogged/bench-1"), later(unlogged))
    assert sentence in refused(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--until-decided"], "--until-decided needs --max-blocks"),
        (["run", "--until-decided", "--max-blocks", "9", "--blocks", "3"], "and no --blocks"),
        (["run", "--max-blocks", "9"], "--max-blocks goes with --until-decided"),
        (["run", "--margin", "0.1"], "--margin goes with --until-decided"),
        (["run", "--until-decided", "--max-blocks", "9"], "takes two variants or more"),
        (
            ["run", "--variants", "stock async-commit", "--until-decided", "--max-blocks", "2"],
            "takes 3 to 200 blocks at most, not 2",
        ),
        (["run", "--resume", "x", "--until-decided"], "leave out --until-decided"),
        (["noise", "--variants", "stock async-commit"], "Noise is measured with one variant, not with 2"),
        (["noise", "--until-decided", "--max-blocks", "9"], "unrecognized arguments: --until-decided"),
        (["compare"], "the following arguments are required: DIR, or what is to be measured here"),
        (["compare", "--blocks", "3"], "A comparison takes two or more variants"),
        (
            ["compare", "--layouts", "plain no-index", "--page", "x.html"],
            "--page is of runs that are there already",
        ),
        (["compare", "--layouts", "plain no-index", "--across", "host"], "--across host compares whole runs"),
        (["noise", "--resume", "x", "--blocks", "9"], "leave out --blocks"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(refused, arguments, sentence):
    assert sentence in refused(*arguments)


# --- what follows, and what would tell more --------------------------------------------------------------------------

SCATTERED = {"stock": [100.0, 120, 90, 110, 95, 105], "async-commit": [110.0, 95, 105, 90, 120, 100]}


def test_the_answer_is_the_last_that_is_said(pgladder):
    written(Path("one/bench-1"), two_arms())
    out = pgladder("compare", "one")[1]
    assert re.fullmatch(
        r"fast is \d+(\.\d)?–\d+(\.\d)? times as fast as stock here\.|fast is \d+–\d+ % faster than stock here\.",
        out.splitlines()[-1],
    )
    _, json_out, _ = pgladder("compare", "one", "--json")
    assert from_json(json_out, ComparisonReport, "stdout").sentence == out.splitlines()[-1]


def test_what_only_a_statistician_wants_is_said_when_asked_for(pgladder):
    written(Path("one/bench-1"), compared_run(SCATTERED))
    plain, detail = (" ".join(pgladder("compare", "one", *words)[1].split()) for words in ((), ("--detail",)))
    for words in ("p adj.", "min. effect", "rank", "differs in effect"):
        assert words in detail
        assert words not in plain.replace("ranks, p-values", "")


def offered(out):
    """The last line, a command."""
    assert re.search(r"^A new run of \d+ blocks, about .*, would tell about ±\d+ %:$", out, re.MULTILINE)
    return shlex.split(out.splitlines()[-1])


def test_on_this_machine_the_command_that_tells_more_is_pgladders(pgladder):
    host = socket.gethostname()
    written(Path("results/one") / host, on(host, compared_run(SCATTERED)))
    out = pgladder("compare", "results/one", "--across", "variant")[1]
    command = offered(out)
    assert command[:3] == ["pgladder", "compare", "--blocks"]
    assert command[4:9] == ["--phases", "2-C", "--variants", "stock", "async-commit"]
    assert command[-2:] == ["--across", "variant"]
    assert int(command[command.index("--blocks") + 1]) >= 6


def test_of_a_box_in_the_inventory_it_is_makes(pgladder):
    written(Path("results/one/n100-a"), on("n100-a", compared_run(SCATTERED)))
    command = offered(pgladder("compare", "results/one")[1])
    assert command[:3] == ["make", "compare", "LIMIT=n100-a"]
    assert "VARIANTS=stock async-commit" in command
    made = dict(word.split("=") for word in command[2:])
    assert made["PHASES"] == "2-C"
    assert int(made["BLOCKS"]) >= 6


@pytest.mark.parametrize(
    "run",
    [
        on("192.168.1.50", compared_run(SCATTERED)),
        on("db.example", compared_run(SCATTERED), pgladder={"version": "0.1.0", "limits": ["no restart"]}),
        on(socket.gethostname(), compared_run({"stock": SCATTERED["stock"], "mine": SCATTERED["async-commit"]})),
    ],
    ids=["a box by its address", "an external server", "a variant of one's own"],
)
def test_where_only_the_user_can_word_it_the_option_is_named(pgladder, run):
    written(Path("one/box"), run)
    last = " ".join(pgladder("compare", "one")[1].split())
    assert re.search(r"A new run of \d+ blocks, about .*, would tell about ±\d+ %: ask for --blocks \d+\.$", last)


# --- compare A B, compare-hosts --------------------------------------------------------------------------------------


def test_two_runs_are_compared_with_the_caveat(pgladder):
    written(Path("a/bench-1"), two_arms())
    written(Path("b/bench-1"), later(two_arms()))
    code, out, _ = pgladder("compare", "a", "b")
    assert code == 0
    assert out.startswith("Note: These runs' blocks were not interleaved")


def laid_out(host="bench-1"):
    """A run of two layouts on two phases, three blocks: the plain table takes twice the time."""
    records = []
    for block in (1, 2, 3):
        for phase, layout in product(("2-C", "2-D"), ("unlogged", "plain")):
            rate = (1000.0 + block) * (2 if layout == "unlogged" else 1)
            grade = "not crash-safe" if layout == "unlogged" else "durable"
            changes = rated(rate) | {"block": block, "layout": layout, "durability": grade}
            records.append(a_record(len(records) + 1, phase, **changes))
    return replace(pulled(*records), host=replace(a_host(), host=host))


def test_what_alone_varies_beside_the_phases_is_compared_without_a_word(pgladder):
    written(Path("one/bench-1"), laid_out())
    code, out, _ = pgladder("compare", "one", "--detail")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert next(line[:3] for line in lines if line[:1] == ["layout"]) == ["layout", "rows/s", "sustained"]
    assert next(line[3] for line in lines if line[:1] == ["unlogged"] and line[-1] == "faster") == "2.000"
    guarantees = "plain durable; unlogged not crash-safe"
    assert f"These candidates do not have the same durability guarantee: {guarantees}." in " ".join(out.split())


def test_a_run_is_compared_across_another_of_its_factors_with_a_named_baseline(pgladder):
    written(Path("one/bench-1"), laid_out())
    _, out, _ = pgladder("compare", "one", "--across", "phase", "--baseline", "2-D", "--json")
    report = json.loads(out)
    assert report["across"] == "phase"
    assert [(cell["layout"], [pair["candidate"] for pair in cell["pairs"]]) for cell in report["cells"]] == [
        ("plain", ["2-C"]),
        ("unlogged", ["2-C"]),
    ]


def test_the_page_of_a_run_of_layouts_has_their_comparison(pgladder):
    written(Path("one/bench-1"), laid_out())
    code, _, _ = pgladder("report", "one")
    page = Path("one/report.html").read_text()
    assert code == 0
    assert "unlogged" in page
    assert "2.000" in page


def test_the_hosts_below_a_directory_are_compared_across_them(pgladder):
    for host in ("bench-1", "bench-2"):
        written(Path("both") / host, laid_out(host))
    _, one, _ = pgladder("compare", "both", "--across", "host", "--json")
    _, other, _ = pgladder("compare-hosts", "both", "--json")
    assert json.loads(one) == json.loads(other)
    assert json.loads(one)["across"] == "host"


def test_hosts_are_compared_with_what_could_explain_a_difference(pgladder):
    written(Path("one/bench-1"), on("bench-1", two_arms()))
    written(Path("one/bench-2"), on("bench-2", two_arms(), cpu={"model": "Ryzen", "logical_cpus": 4}))
    code, out, _ = pgladder("compare-hosts", "one")
    assert code == 0
    assert "cpu.model" in out
    assert "Ryzen" in out


def test_boxes_of_one_hostname_are_told_apart_by_their_names_in_the_inventory(pgladder):
    run = two_arms()
    for name in ("desk", "shelf"):
        written(Path(run.plan.run) / name, on("debian", run))
    code, out, _ = pgladder("compare-hosts", run.plan.run)
    assert code == 0
    assert "desk" in out
    assert "shelf" in out
    assert "debian" not in out
    reports = compared(Path(run.plan.run))
    assert [report.hosts for report in reports] == [("desk",), ("shelf",)]


def test_a_run_that_lies_elsewhere_is_its_hostnames():
    written(Path("brought"), on("debian", two_arms()))
    [report] = compared(Path("brought"))
    assert report.hosts == ("debian",)


# --- noise -----------------------------------------------------------------------------------------------------------


def test_a_pulled_a_a_run_becomes_the_boxs_noise_which_its_comparisons_then_print(pgladder):
    noisy = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
    written(Path("results/noise-run/bench-1"), later(noisy))
    written(Path("results/one/bench-1"), two_arms())
    assert "not measured here" in pgladder("compare", "results/one")[1]
    code, out, _ = pgladder("noise", "results/noise-run")
    assert code == 0
    assert "a margin of 2.0 % takes" in " ".join(out.split())
    assert Path("results/noise/bench-1.json").is_file()
    assert "Noise floor of this box (A/A of 6 blocks" in pgladder("compare", "results/one", "--detail")[1]


def test_runs_and_hosts_set_beside_each_other_print_the_noise_of_their_boxes_on_the_page_too(pgladder):
    noisy = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
    written(Path("results/noise-run/bench-1"), noisy)
    pgladder("noise", "results/noise-run")
    written(Path("results/a/bench-1"), two_arms())
    written(Path("results/b/bench-1"), later(two_arms()))
    assert "Noise floor of this box (A/A of 6 blocks" in pgladder("compare", "results/a", "results/b", "--detail")[1]
    written(Path("results/a/bench-2"), on("bench-2", two_arms()))
    out = " ".join(pgladder("compare-hosts", "results/a", "--detail")[1].split())
    assert "Noise floor of bench-1 (A/A of 6 blocks" in out
    assert "Where a cell shows no noise of a box, it is not measured" in out
    pgladder("report", "results/a")
    assert "Noise floor of bench-1 (A/A of 6 blocks" in Path("results/a/report.html").read_text()


def test_of_runs_too_the_noise_of_a_box_that_changed_since_is_not_printed(pgladder):
    written(Path("results/noise-run/bench-1"), again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]})))
    pgladder("noise", "results/noise-run")
    written(Path("results/a/bench-1"), two_arms())
    written(Path("results/b/bench-1"), on("bench-1", later(two_arms()), memory={"ram_bytes": 8 << 30}))
    out = " ".join(pgladder("compare", "results/a", "results/b", "--detail")[1].split())
    assert f"Note: {LATER}: The noise of this box was measured" in out
    assert out.count("Noise floor of") == out.count(f"Noise floor of {two_arms().plan.run} (A/A") > 0


def test_boxes_of_one_hostname_have_each_their_own_noise(pgladder):
    noisy = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
    run = later(on("debian", noisy))
    written(Path("results") / LATER / "desk", run)
    pgladder("noise", f"results/{LATER}/desk")
    assert [path.name for path in Path("results/noise").iterdir()] == ["desk.json"]
    one = on("debian", two_arms())
    for name in ("desk", "shelf"):
        written(Path("results") / one.plan.run / name, one)
    desk, shelf = (pgladder("compare", f"results/{one.plan.run}/{name}", "--detail")[1] for name in ("desk", "shelf"))
    assert "Noise floor of this box" in desk
    assert "not measured here" in shelf


def test_noise_of_a_box_that_changed_since_is_not_printed(pgladder):
    noisy = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
    written(Path("results/noise-run/bench-1"), noisy)
    pgladder("noise", "results/noise-run")
    written(Path("results/one/bench-1"), on("bench-1", two_arms(), memory={"ram_bytes": 8 << 30}))
    out = " ".join(pgladder("compare", "results/one")[1].split())
    assert "not measured here" in out
    said = f"another since (memory.ram_bytes: {16 << 30} → {8 << 30}): measure it again (make noise)"
    assert said in out


def test_before_a_run_too_the_noise_of_a_box_that_changed_since_is_not_believed():
    written(Path("results/noise-run/bench-1"), run := a_a())
    keep_noise(Path("results/noise-run/bench-1"))
    kept = Path("results/noise") / f"{socket.gethostname()}.json"
    Path("results/noise/bench-1.json").rename(kept)
    ready = SimpleNamespace(plan=run.plan, directory=SimpleNamespace(path=Path("results/new/here")))
    known, notes = _noise(ready, SimpleNamespace(data_directory=lambda: Path("not/there/yet")))
    assert known is None
    assert "it is another since (cpu." in notes[0]
    noise = from_json(kept.read_bytes(), BoxNoise, "noise")
    facts = noise.host.facts | host_facts(Path())
    kept.write_bytes(to_json(replace(noise, host=replace(noise.host, facts=facts))))
    assert _noise(ready, SimpleNamespace(data_directory=lambda: Path("not/there/yet")))[1] == []


def test_a_false_alarm_gives_exit_code_1(pgladder):
    alarming = again(compared_run({"stock": QUIET, "stock-again": TWICE}))
    written(Path("results/noise-run/bench-1"), alarming)
    code, out, _ = pgladder("noise", "results/noise-run")
    assert code == 1
    assert "faster: a false alarm" in out


def a_a(**changes):
    return later(again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}, **changes)))


def test_a_floor_from_half_of_the_blocks_says_so_and_gives_exit_code_1(pgladder):
    voids = later(again(compared_run({"stock": [*QUIET[:3], None, None, None], "stock-again": QUIET[::-1]})))
    written(Path("results/noise-run/bench-1"), voids)
    code, out, _ = pgladder("noise", "results/noise-run")
    assert code == 1
    assert "the floor rests on 3 of 6 blocks" in " ".join(out.split())


def test_a_noise_run_without_checksums_says_so_and_gives_exit_code_1(pgladder):
    (written(Path("results/noise-run/bench-1"), a_a()) / "SHA256SUMS").unlink()
    code, out, err = pgladder("noise", "results/noise-run", "--json")
    assert code == 1
    assert "no checksums" in err
    assert from_json(out, BoxNoise, "stdout").floors


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b'{"schema":"pgladder/noise/2"}'])
def test_noise_that_cannot_be_read_is_told_and_stops_no_comparison(pgladder, broken):
    written(Path("results/one/bench-1"), two_arms())
    kept = Path("results/noise/bench-1.json")
    kept.parent.mkdir()
    kept.write_bytes(broken)
    code, out, err = pgladder("compare", "results/one")
    assert (code, err) == (0, "")
    assert "bench-1.json" in "".join(out.split())
    assert "the noise of this box is not shown" in " ".join(out.split())
    assert pgladder("report", "results/one")[0] == 0
    written(Path("results/noise-run/bench-1"), a_a())
    code, out, _ = pgladder("noise", "results/noise-run")
    assert code == 0
    assert "is bench-1.json.unreadable now" in " ".join(out.split())
    assert kept.with_name("bench-1.json.unreadable").read_bytes() == broken
    assert "Noise floor of this box" in pgladder("compare", "results/one", "--detail")[1]


def test_noise_that_was_edited_into_nonsense_is_not_believed(pgladder):
    written(Path("results/noise-run/bench-1"), a_a())
    pgladder("noise", "results/noise-run")
    kept = Path("results/noise/bench-1.json")
    kept.write_text(kept.read_text().replace('"spread":', '"spread":-'))
    written(Path("results/one/bench-1"), two_arms())
    assert "not shown" in " ".join(pgladder("compare", "results/one")[1].split())


@pytest.mark.parametrize("name", ["../../../../evil", "/evil", ".."])
def test_a_host_whose_name_would_lead_out_of_results_is_refused(refused, pgladder, name):
    written(Path("deep/a/b/c/run"), on(name, a_a()))
    assert "can't have a file of that name" in refused("noise", "deep/a/b/c/run")
    written(Path("one/run"), on(name, two_arms()))
    assert pgladder("compare", "one")[0] == 0


def test_noise_of_a_run_that_lies_elsewhere_is_kept_beside_it(pgladder):
    written(Path("mine"), a_a())
    assert "Kept: " in pgladder("noise", "mine")[1]
    assert Path("noise/bench-1.json").is_file()
    written(Path("other"), two_arms())
    assert "Noise floor of this box (A/A of 6 blocks of stock" in pgladder("compare", "other", "--detail")[1]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--blocks", "50"], "--blocks"),
        (["--variants", "nosuch"], "--variants"),
        (["--preload-rows", "0"], "--preload-rows"),
        (["--postgres", "17"], "--postgres"),
        (["--versions", "15", "17"], "--versions"),
        (["--seed", "1"], "--seed"),
    ],
)
def test_words_that_say_how_to_measure_mean_nothing_to_a_run_that_was_pulled(refused, words, named):
    written(Path("results/noise-run/bench-1"), a_a())
    assert f"leave out {named}" in refused("noise", "results/noise-run", *words)


def test_a_run_without_checksums_gives_exit_code_1_as_it_does_for_the_ladder(pgladder):
    (written(Path("one/bench-1"), two_arms()) / "SHA256SUMS").unlink()
    (written(Path("two/bench-1"), later(two_arms())) / "SHA256SUMS").unlink()
    assert pgladder("ladder", "one")[0] == 1
    assert pgladder("compare", "one")[0] == 1
    assert pgladder("compare", "one", "two")[0] == 1


def test_records_that_contradict_their_plan_are_refused(refused):
    run = two_arms()
    records = [replace(each, seconds=20) if each.trial.variant == "fast" else each for each in run.records]
    written(Path("one/bench-1"), replace(run, records=records))
    assert "its seconds is 20" in refused("compare", "one")
    assert "its seconds is 20" in refused("ladder", "one")


# --- reproduce -------------------------------------------------------------------------------------------------------


def test_the_plan_again_is_the_same_but_for_its_name():
    run = two_arms()
    written(Path("one/bench-1"), run)
    plan = reproduced_plan(Path("one"), LATER, "now")
    assert plan == replace(run.plan, run=LATER, created="now")


def test_a_run_of_one_block_is_refused_before_anything_is_measured_as_nothing_could_be_shown(refused):
    written(Path("one/bench-1"), compared_run({"stock": [100.0], "fast": [200.0]}))
    assert "has one block: it has no spread" in refused("reproduce", "one")


def test_of_a_run_that_was_decided_what_was_run_is_run_again():
    run = two_arms()
    plan = replace(run.plan, until_decided=UntilDecided(margin=0.02, alpha=0.05))
    written(Path("one/bench-1"), replace(run, plan=plan, records=run.records[:8]))
    again_ = reproduced_plan(Path("one"), LATER, "now")
    assert again_.until_decided is None
    assert {trial.block for trial in again_.trials} < {trial.block for trial in plan.trials}


def test_control_characters_that_an_error_quotes_do_not_reach_the_terminal(pgladder):
    written(Path("one"), two_arms())
    written(Path("other"), on("bench-2", later(two_arms()), postgresql={"version": "PostgreSQL \x1b[2J9.1"}))
    code, _, err = pgladder("compare", "one", "other")
    assert (code, "\x1b" in err) == (2, False)
    assert "PostgreSQL 15 and [2J9" in err


def test_a_parameter_of_a_foreign_plan_that_is_not_known_stops_no_comparison(pgladder):
    run = two_arms()
    mine = as_variant("fast", "future_knob = 3\n")
    records = [
        replace(each, variant_sha256=mine.sha256) if each.trial.variant == "fast" else each for each in run.records
    ]
    run = replace(run, plan=replace(run.plan, variants=(run.plan.variants[0], mine)), records=records)
    written(Path("one"), run)
    written(Path("other"), later(run))
    code, out, err = pgladder("compare", "one", "--detail")
    assert (code, err) == (0, "")
    assert "differs in effect: future_knob – → 3." in " ".join(out.split())
    code, _, err = pgladder("compare", "one", "other")
    assert (code, err) == (0, "")


def test_two_hosts_of_one_run_are_told_apart_in_what_could_explain_a_difference(pgladder):
    run = two_arms()
    for host, ram in (("h1", 16), ("h2", 32)):
        written(Path(run.plan.run) / host, on(host, run, memory={"ram_bytes": ram << 30}))
    out = pgladder("compare", f"{run.plan.run}/h1", f"{run.plan.run}/h2")[1]
    heading = next(line for line in out.splitlines() if line.startswith("fact"))
    assert heading.split()[2::2] == ["h1", "h2"]


def test_a_directory_where_the_noise_should_be_is_set_aside(pgladder):
    written(Path("results/noise-run/bench-1"), a_a())
    kept = Path("results/noise/bench-1.json")
    kept.mkdir(parents=True)
    assert pgladder("noise", "results/noise-run")[0] == 0
    assert kept.is_file()
    assert kept.with_name("bench-1.json.unreadable").is_dir()
