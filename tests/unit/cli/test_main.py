"""What is refused without a server: exit code 2, one sentence on standard error, nothing written."""

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bench.cli.main import main
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from bench.model.codec import to_json
from bench.model.errors import DataError, HostError, PgladderError, UsageError
from bench.probes.system_packages import how_to_install
from bench.questions import question
from bench.store.run_directory import RunDirectory
from tests.builders import a_host, a_plan, a_record, a_samples, a_trial, rated, samples_of, void


@pytest.fixture(autouse=True)
def _an_empty_directory(tmp_path, monkeypatch):
    """The working directory, where results would be written, and the home of a private server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """Nothing here may get as far as making one."""

    def made(*_arguments, **_more):
        raise AssertionError("a server was made")

    monkeypatch.setattr("bench.engines.postgresql.engine.PrivateServer", made)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def contents(directory):
    return {path: path.is_file() and path.read_bytes() for path in directory.rglob("*")}


@pytest.fixture
def refused(capsys, tmp_path):
    """Run the command; it must be refused in one sentence, with nothing written."""

    def refuse(*arguments):
        before = contents(tmp_path)
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("pgladder: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert contents(tmp_path) == before
        return err

    return refuse


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (DataError, 2), (HostError, 2), (PgladderError, 1)])
def test_whatever_the_cause_nothing_done_is_exit_code_2_and_only_that(capsys, monkeypatch, kind, code):
    def found(_):
        raise kind("plan.json is damaged.")

    monkeypatch.setattr(question, "find_runs", found)
    assert run(capsys, "ladder", "results") == (code, "", "pgladder: plan.json is damaged.\n")


# --- what to measure -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--phases", "2C"], "Unknown phase '2C'; did you mean 2-C"),
        (["--phases", "1,2,9"], "Unknown phase '9'; there are: 1, 1-B, 2,"),
        (["--phases", "1 2-Z"], "Unknown phase '2-Z'; did you mean 2"),
        (["--variants", "asinc-commit"], "Unknown variant 'asinc-commit'; did you mean async-commit"),
        (["--layouts", "unloged"], "Unknown layout 'unloged'; did you mean unlogged"),
        (["--transports", "sockets"], "Unknown transport 'sockets'; did you mean socket"),
        (["--phases", "1", "--batch", "5"], "--batch means nothing to the phases asked for: 1."),
        (["--phases", "2-E", "--batch", "16384"], "ask for --batch 16383 or less"),
        (["--phases", "2-G", "--batch", "1000000000"], "takes about 600.05 GB of memory for the clients"),
        (["--data-dir", "/proc/x"], "/proc/x can't hold a server: /proc keeps no files; choose another"),
        (["--pool-max", "60000"], "may open 240,008 connections, and a private server takes 10,000 at most"),
        (["--phases", "2-C", "--processes", "300", "--pool-max", "50"], "may open 15,008 connections, and a private"),
        (["--phases", "2-C", "--pool-min", "9000", "--pool-max", "9000"], "9,00"),
        (["--processes", "200000", "--phases", "1"], "200,000"),
        (["--payload-bytes", "2000000000"], "ask for --payload-bytes 1000000000 or less"),
        (["--phases", "2", "--pool-max", "5"], "can't hold at least 10 and at most 5"),
        (["--blocks", "1000000"], "ask for fewer --blocks"),
        (["--preload-rows", "999999999999"], "make room"),
        (["--event-loop", "trio"], "argument --event-loop: 'trio' is none of asyncio, uvloop"),
        (["--profile", "slow"], "argument --profile: 'slow' is none of quick, standard, thorough"),
        (["--phasen", "1"], "unrecognized arguments: --phasen 1; did you mean --phases? (see pgladder --help)"),
        (["--phase", "1"], "unrecognized arguments: --phase 1; did you mean --phases?"),
        (["--variant", "stock"], "unrecognized arguments: --variant stock; did you mean --variants?"),
        (["--xyzzy", "stock"], "unrecognized arguments: --xyzzy stock (see"),
        (["--dsn", "postgresql://nowhere.invalid/x", "--variants", "stock"], "is measured as it is"),
        (["--batch"], "argument --batch: expected one argument"),
        (["--plan", "a", "--resume", "b"], "not allowed with argument"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_what_would_do(refused, arguments, sentence):
    assert sentence in refused("run", *arguments)


WHOLE = ["blocks", "processes", "in-flight", "pool-min", "pool-max", "batch", "payload-bytes"]


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "inf", "-inf", "", "many", "1e3", "9" * 5000, 10**13])
@pytest.mark.parametrize("option", WHOLE)
def test_a_number_that_is_no_whole_number_above_0_is_refused(refused, option, value):
    assert f"argument --{option}: " in refused("run", f"--{option}={value}")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "1e999", "", "long", "1e300"])
@pytest.mark.parametrize("option", ["window", "warm-up"])
def test_seconds_that_are_none_are_refused(refused, option, value):
    assert f"argument --{option}: " in refused("run", f"--{option}={value}")


@pytest.mark.parametrize("value", ["-1", "0.5", "nan", "", "x", "9" * 5000, 10**12])
@pytest.mark.parametrize("option", ["preload-rows", "seed"])
def test_a_count_that_is_none_is_refused(refused, option, value):
    assert f"argument --{option}: " in refused("run", f"--{option}={value}")


@pytest.mark.parametrize("arguments", [[], ["climb"], ["ladder"], ["run", "now"], ["--phases", "1"]])
def test_without_a_command_or_with_another_one_help_is_pointed_at(refused, arguments):
    assert "--help)" in refused(*arguments)


# --- plans -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "plan.json is not a valid pgladder/plan/2"),
        (b"{", "plan.json is not a valid pgladder/plan/2"),
        (b"[1]", "plan.json is not a valid pgladder/plan/2"),
        (to_json(a_plan()).replace(b"plan/2", b"plan/3"), "newer than this pgladder reads"),
        (to_json(a_plan()).replace(b"plan/2", b"plan/10"), "newer than this pgladder reads"),
        (to_json(a_record()), "has schema 'pgladder/trial/2' where pgladder/plan/2 belongs"),
        (to_json(a_plan()).replace(b'"window_s":2', b'"window_s":0'), "`$.window_s`"),
        (to_json(a_plan()).replace(b'"layout":"plain"', b'"layout":"round"'), "Unknown layout 'round'"),
        (to_json(a_plan()).replace(b'"phase":"2-C"', b'"phase":"2-X"'), f"Plan {a_plan().run}: Unknown phase '2-X'"),
        (to_json(a_plan()).replace(b"as it comes", b"as I like it"), "text of stock is not the one"),
        (to_json(a_plan(a_trial(3), a_trial(3))), "two trials of one number"),
        (to_json(a_plan(trials=())), "has no trials"),
        (to_json(a_plan()).replace(b'"pool_min":', b'"pool_mim":'), "do not have: $.trials[0].parameters.pool_mim"),
    ],
)
def test_a_plan_that_is_malformed_newer_or_impossible_is_refused(refused, tmp_path, text, sentence):
    (tmp_path / "plan.json").write_bytes(text)
    assert sentence in refused("run", "--plan", "plan.json")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"variants": (as_variant("stock", "archive_command = 'id'\n"),)},
            "not made here and sets archive_command",
        ),
        ({"harness": as_variant("harness", "listen_addresses = '*'\n")}, "listen_addresses is * there, 127.0.0.1 here"),
    ],
)
@pytest.mark.parametrize("given", ["--plan", "--resume", "reproduce"])
def test_a_plan_is_carried_out_as_far_as_it_reaches_no_further_than_its_server(
    refused, tmp_path, changed, sentence, given
):
    plan = replace(planned_here(), **changed)
    directory = RunDirectory(tmp_path / "run")
    directory.begin(plan)
    command = {
        "--plan": ["run", "--plan", directory.path / "plan.json"],
        "--resume": ["run", "--resume", directory.path],
        "reproduce": ["reproduce", directory.path],
    }
    assert sentence in refused(*command[given], "--data-dir", tmp_path)


def planned_here():
    trials = [a_trial(number, block=number) for number in (1, 2, 3)]
    return replace(a_plan(*trials), harness=harness_for(200, tls=False))


def test_a_plan_that_is_not_there_is_refused(refused, tmp_path):
    assert "There is no plan nowhere.json." in refused("run", "--plan", "nowhere.json")
    assert f"There is no plan {tmp_path}." in refused("run", "--plan", tmp_path)


@pytest.mark.parametrize(
    "option", ["phases", "variants", "layouts", "transports", "seed", "window", "batch", "profile"]
)
def test_what_a_plan_decides_cannot_be_asked_for_beside_it(refused, tmp_path, option):
    (tmp_path / "plan.json").write_bytes(to_json(a_plan()))
    value = {"profile": "quick", "phases": "1", "variants": "stock", "layouts": "plain", "transports": "tcp"}.get(
        option, 5
    )
    assert f"leave out --{option}" in refused("run", "--plan", "plan.json", f"--{option}", value)


# --- places ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def programs(monkeypatch):
    """PostgreSQL's programs seem to be there; the server they would make is never started."""
    monkeypatch.setattr("bench.engines.postgresql.engine.find_several", lambda *_: {"15": Path("bin")})
    monkeypatch.setattr("bench.engines.postgresql.engine.check_one_builder", lambda _: None)
    monkeypatch.setattr(
        "bench.engines.postgresql.engine.PrivateServer", lambda *_: SimpleNamespace(exclusive=True, close=lambda: None)
    )


@pytest.mark.usefixtures("programs")
def test_a_directory_for_results_with_something_in_it_is_refused(refused, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert "full is not empty; choose another --out" in refused(
        "run", "--data-dir", tmp_path, "--bin-dir", "bin", "--out", "full"
    )


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_file_where_results_should_be_is_refused(refused, tmp_path, out):
    (tmp_path / "file").write_text("mine")
    assert "choose another --out" in refused("run", "--data-dir", tmp_path, "--bin-dir", "bin", "--out", out)


def test_a_file_where_the_private_server_should_be_is_refused(refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "choose another --data-dir" in refused("run", "--data-dir", "file")


def test_a_machine_without_linux_measures_boxes_alone(refused, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    why = refused("run", "--dsn", "host=db.example")
    assert "pgladder measures on Linux, and this is Darwin: from here measure a box (make ladder HOST=address)" in why


def test_programs_that_are_not_there_are_refused_with_how_to_install_them(refused):
    assert how_to_install("server") in refused("run", "--data-dir", ".", "--bin-dir", "nowhere")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_complete_run_that_is_to_be_resumed_says_so_and_shows_what_it_has(tmp_path, capsys, sealed):
    directory = RunDirectory(tmp_path / "run")
    directory.begin(a_plan(a_trial(1), a_trial(2)))
    directory.write_host(a_host())
    for number in (1, 2):
        directory.append(a_record(number), a_samples(number))
    if sealed:
        directory.finish()
    code, out, err = run(capsys, "run", "--resume", directory.path)
    assert (code, err) == (0, "")
    assert f"Run {a_plan().run} is complete: nothing is left to be run." in " ".join(out.split())
    assert "17,500" in out
    assert directory.check_sums()


@pytest.mark.parametrize("command", [["run", "--resume"], ["ladder"]])
@pytest.mark.parametrize("where", ["nowhere", "home", "file"])
def test_a_directory_without_a_run_is_refused(refused, tmp_path, command, where):
    (tmp_path / "home").mkdir()
    (tmp_path / "file").write_text("mine")
    assert f"{where} holds no run" in refused(*command, where)


# --- pgladder ladder -------------------------------------------------------------------------------------------------


@pytest.fixture
def pulled(tmp_path):
    """A finished run of two trials."""
    directory = RunDirectory(tmp_path / "results" / "run" / "bench-1")
    directory.begin(a_plan())
    directory.write_host(a_host())
    slow = a_record(1, "1", **rated(70))
    directory.append(slow, samples_of(slow))
    directory.append(a_record(2), a_samples(2))
    directory.finish()
    return directory


def test_a_pulled_run_is_printed_with_exit_code_0(capsys, pulled):
    code, out, err = run(capsys, "ladder", pulled.path)
    assert (code, err) == (0, "")
    assert re.search(r"^2-C +executemany +100 +17,500 .* 250×", out, re.MULTILINE)


def test_for_programs_it_is_json_of_the_published_schema(capsys, pulled):
    from jsonschema import Draft202012Validator

    from bench.analysis.ladder import Ladders
    from tests.published import published

    code, out, _ = run(capsys, "ladder", pulled.path.parent, "--json")
    shown = msgspec.json.decode(out)
    Draft202012Validator(published(Ladders)).validate(shown)
    [report] = shown["hosts"]
    assert shown.keys() == {"schema", "hosts"}
    assert (code, shown["schema"]) == (0, "pgladder/ladders/3")
    assert [rung["vs_phase_1"] for rung in report["ladders"][0]["rungs"]] == [1, 250]


def test_for_programs_many_hosts_have_the_shape_of_one(capsys, pulled):
    shutil.copytree(pulled.path, pulled.path.with_name("bench-2"))
    code, out, _ = run(capsys, "ladder", pulled.path.parent, "--json")
    shown = msgspec.json.decode(out)
    assert (code, shown["schema"], len(shown["hosts"])) == (0, "pgladder/ladders/3", 2)
    assert shown["hosts"][0]["ladders"] == shown["hosts"][1]["ladders"]


def test_a_void_trial_makes_it_exit_code_1(capsys, pulled):
    pulled.reopen()
    first, _ = (pulled.path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (pulled.path / "trials.jsonl").write_bytes(first)
    lost = a_record(2, **void())
    pulled.append(lost, samples_of(lost))
    code, out, _ = run(capsys, "ladder", pulled.path)
    assert code == 1
    assert out.index("1 of 2 trials void, trial 2: ") < out.index("phase")


def test_a_run_that_is_not_complete_makes_it_exit_code_1(capsys, pulled):
    lines = (pulled.path / "trials.jsonl").read_bytes().splitlines(keepends=True)
    pulled.reopen()
    (pulled.path / "trials.jsonl").write_bytes(lines[0] + lines[1][:100])
    code, out, _ = run(capsys, "ladder", pulled.path)
    assert code == 1
    assert out.startswith("Note: This run is not complete: 1 of its 2 trials are here.")


@pytest.mark.parametrize("name", ["plan.json", "host.json", "trials.jsonl", "samples/1.jsonl"])
def test_results_that_were_changed_after_the_run_are_refused_by_name(refused, pulled, name):
    path = pulled.path / name
    path.write_bytes(path.read_bytes().replace(b"1", b"9", 1))
    assert f"{path} is not the file SHA256SUMS lists" in refused("ladder", pulled.path)


@pytest.mark.parametrize("name", ["plan.json", "host.json", "trials.jsonl", "samples/1.jsonl"])
def test_results_of_a_newer_schema_are_refused_by_name(refused, pulled, name):
    path = pulled.path / name
    path.write_bytes(re.sub(rb'"schema":"(pgladder/\w+)/\d"', rb'"schema":"\1/10"', path.read_bytes()))
    pulled.finish()
    error = refused("ladder", pulled.path)
    assert str(path) in error
    assert "/10, newer than this pgladder reads" in error


def test_what_is_told_of_pulled_files_loads_no_driver_and_no_server():
    text = "import sys; from bench.cli.main import main\ntry: main(['compare', 'nowhere'])\nexcept SystemExit: pass\n"
    known = "{'asyncpg', 'psycopg2', 'psutil', 'bench.targets.here', 'bench.engines.postgresql.managed'}"
    said = subprocess.check_output(
        [sys.executable, "-c", f"{text}print(sorted({known} & set(sys.modules)))"], text=True
    )
    assert said.strip() == "[]"


def test_samples_whose_histogram_is_damaged_are_refused_by_name(refused, pulled):
    path = pulled.path / "samples" / "1.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"latency_hdr":"HIST', b'"latency_hdr":"HISS'))
    pulled.finish()
    assert str(path) in refused("ladder", pulled.path)


# --- the way out -----------------------------------------------------------------------------------------------------


def test_ctrl_c_is_said_in_one_word_with_exit_code_1(capsys, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(question, "find_runs", interrupted)
    assert run(capsys, "ladder", ".") == (1, "", "pgladder: Stopped.\n")


def test_help_and_version_are_no_mistake(capsys):
    for arguments in (["--help"], ["--version"], ["run", "--help"], ["ladder", "--help"]):
        code, out, err = run(capsys, *arguments)
        assert (code, err) == (0, "")
        assert "pgladder" in out


def test_noise_has_a_help_of_its_own(capsys):
    _, of_run, _ = run(capsys, "run", "--help")
    code, of_noise, _ = run(capsys, "noise", "--help")
    said = " ".join(of_noise.split())
    assert code == 0
    assert "Measure one variant against itself" in said
    assert "--json the answer for programs" in said
    assert (
        "2-F, 2-G, 2-H, 2-I, 3-C, 3-C2, 3-C3, 3-C4, 3-C5, 3-C6, 3-D, 3-D2, 3-D3, 3-T, 3-T2, 3-T3; default: 2-C" in said
    )
    assert "each in a random order; default: 12" in said
    assert "--until-decided" in of_run
    assert "--until-decided" not in of_noise
    assert "ladder" not in of_noise.replace("pgladder", "")


def test_directories_of_programs_add_up_and_any_other_option_given_again_replaces_the_first(refused, tmp_path):
    for major in ("16", "17"):
        (tmp_path / major).mkdir()
        for name in ("postgres", "initdb"):
            (tmp_path / major / name).write_text(
                f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.1 (Debian {major}.1)'\n"
            )
            (tmp_path / major / name).chmod(0o755)
    both = ["--bin-dir", tmp_path / "16", "--bin-dir", tmp_path / "17"]
    asked = ["--data-dir", ".", *both, "--versions", "16", "17", "--versions", "98"]
    assert "No PostgreSQL 98" in (said := refused("run", *asked))
    assert "16 and 17" in said
