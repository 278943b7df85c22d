"""Foreign texts steer nothing, and no terminal is too poor for ours."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.model.codec import from_json, to_json
from bench.model.fingerprint import Unreadable
from bench.model.plain import HARMFUL, harmless, harmless_all, one_line, print_json
from bench.model.record import Reason
from bench.report.console import console
from bench.store.run_directory import RunDirectory
from tests.builders import a_host, a_plan, a_record, rated, samples_of, void

EVIL = "a\x1b[31mb\x00c\x9bd\x7fe\u202ef\u2066g\u200eh\u061ci\u2028j\udcffk\ufeffl\U000e0041m"
PLAIN = "a[31mbcdefghijklm"
PGLADDER = Path(sys.executable).with_name("pgladder")


def test_control_and_direction_characters_are_left_out_and_all_else_is_left():
    assert harmless(EVIL) == PLAIN
    kept = "tab\tand\nline, é, 한국어, עברית, العربية, 👩‍🔬, 1,0\xa0MB"
    assert harmless(kept) == kept


def test_what_is_put_into_a_line_stays_in_it():
    assert one_line(f"first\npgladder: done\r\n\t{EVIL}") == f"first pgladder: done {PLAIN}"


def test_json_is_made_harmless_names_and_values():
    assert harmless_all({EVIL: [EVIL, 1, None, {"x": EVIL}]}) == {PLAIN: [PLAIN, 1, None, {"x": PLAIN}]}


def test_reasons_are_one_harmless_line_made_or_read():
    assert Reason(code="x", detail=f"1\n2 {EVIL}").detail == f"1 2 {PLAIN}"
    assert Unreadable(unreadable=f"1\n2 {EVIL}").unreadable == f"1 2 {PLAIN}"
    written = to_json(a_record(**void())).replace(b'"detail":"', b'"detail":"\\u202e\\u001b\\n')
    read = from_json(written, type(a_record()), "x").validity.reasons
    assert all(not HARMFUL.search(each.detail) and "\n" not in each.detail for each in read)


def test_what_is_printed_for_programs_is_harmless_utf_8(capsysbinary):
    print_json({"host": EVIL, "name": "한"})
    assert json.loads(capsysbinary.readouterr().out) == {"host": PLAIN, "name": "한"}


@pytest.mark.parametrize("text", ["[/] [red]x[/red] :smile:", "results/[a]/b", "[bold"])
def test_brackets_and_colons_are_text(capsys, text):
    console().print(text)
    assert capsys.readouterr().out == f"{text}\n"


# --- terminals -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run with a void trial and an evil host name; and one to be compared with it."""
    place = tmp_path_factory.mktemp("results")
    for name in ("a", "b"):
        directory = RunDirectory(place / name)
        directory.begin(a_plan())
        directory.write_host(a_host(cpu={"model": "Größe\x1b[2J\u202e", "logical_cpus": 4}))
        for record in (a_record(1, "1", **rated(70)), a_record(2, **void())):
            directory.append(record, samples_of(record))
        directory.finish()
    return place


COMMANDS = [
    ["ladder", "a"],
    ["ladder", "a", "--json"],
    ["compare", "a", "b"],
    ["compare", "a", "b", "--json"],
    ["variants"],
    ["variants", "show", "pgtune-oltp", "--hardware", "ram_mb=16384,cores=4,disk=nvme,disk_gb=500"],
    ["variants", "show", "pgtune-oltp", "--text", "--hardware", "ram_mb=8,cores=4,disk=nvme,disk_gb=500"],
    ["run", "--help"],
    ["ladder", "a–b\u202e"],
    ["report", "a", "--out", "Größe.html"],
]


@pytest.mark.parametrize("encoding", ["euc-kr", "latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_terminal_is_too_poor_for_what_is_said(results, command, encoding):
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([PGLADDER, *command], cwd=results, env=environment, capture_output=True, check=False)
    told = done.stdout.decode("utf-8" if "--json" in command else encoding) + done.stderr.decode(encoding)
    assert "Traceback" not in told
    assert "Encode" not in told
    assert re.findall(HARMFUL, told) == []
    assert told


def test_what_a_terminal_lacks_is_written_in_its_characters(results):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [PGLADDER, "ladder", "a", "--detail"]
    done = subprocess.run(command, cwd=results, env=environment, capture_output=True, check=False)
    assert b"stock | plain | tcp | durable" in done.stdout
    assert b"Gr\\xf6\\xdfe" in done.stdout
    assert b"us a row" in done.stdout


def test_a_page_is_harmless_too(results):
    subprocess.run([PGLADDER, "report", "a", "--out", "page.html"], cwd=results, capture_output=True, check=False)
    page = (results / "page.html").read_text(encoding="utf-8")
    ours = page[: page.index("Vega")] if "Vega" in page else page
    assert "Größe[2J" in page
    assert re.findall(HARMFUL, ours) == []
    assert "\\u202e" not in page
    assert "\\u001b[2J" not in page
