"""Files of a run as a bad disk, a cut transfer or an editor leaves them: a sentence that names the file, code 2."""

import copy
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cli.main import main
from bench.report.page.assets import Assets, assets
from bench.store.run_directory import RunDirectory
from tests.builders import again, compared_run, written

FILES = ("plan.json", "host.json", "trials.jsonl", "samples/1.jsonl", "SHA256SUMS")
NOT_OURS = {
    "no UTF-8": b'{"schema":"\xff\xfe\xc3("}\n',
    "a byte that begins no character in a name": b'{"\xf7":1}\n',
    "deep": b'{"schema":' + b"[" * 100_000 + b"\n",
    "deep from the start": b"[" * 100_000 + b"\n",
    "a version of many digits": b'{"schema":"pgladder/trial/' + b"1" * 5000 + b'"}\n',
    "no number": b'{"schema":NaN}\n',
    "a number beyond all": b'{"schema":1e999}\n',
    "nothing but zeros": b"\0" * 512 + b"\n",
    "a link to nowhere in JSON": b'{"schema":"\\ud800"}\n',
}
VALUES = [
    10**400, -(10**400), 2**64, 10**18, 1e308, -1e308, -1, 0, None, True, "", "\ud800", "\x00\n\x1b[31m", "x" * 5000,
    "2026-02-31T10:00:00+00:00", [], {}, [[[[]]]],
]  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Two runs of a box, and one that tells its noise."""
    home = tmp_path_factory.mktemp("good")
    run = compared_run({"a": [100.0, 101, 102, 103], "b": [110.0, 111, 112, 113]})
    for name in ("run", "other"):
        written(home / name / "bench-1", run)
    written(home / "noise" / "bench-1", again(compared_run({"a": [100.0, 101, 102], "b": [101.0, 100, 102]})))
    return home


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("bench.report.page.assets.assets", lambda: Assets("/* vega */", {}))


def reading(run, good):
    """The commands that read a run."""
    yield "ladder", run
    yield "report", run, "--out", run.parent / "page.html"
    yield "compare", run
    yield "compare", good / "other" / "bench-1", run
    yield "noise", run
    yield "run", "--plan", run / "plan.json", "--data-dir", "/proc/nowhere", "--out", run.parent / "new"


def code(*arguments):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, arguments)))
    return end.value.code


def damaged(good, place, name, content, *, sealed=True):
    """A copy of a run of which one file is another, sealed again as somebody might do who wants it believed."""
    run = place / "bench-1"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(good / "run" / "bench-1", run)
    (run / name).write_bytes(content)
    if sealed and name != "SHA256SUMS":
        RunDirectory(run).finish()
    return run


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_file_that_is_none_of_ours_is_refused_in_a_sentence_that_names_it(good, tmp_path, capsys, name, kind):
    run = damaged(good, tmp_path / "copy", name, NOT_OURS[kind])
    asked = ["report", run, "--out", tmp_path / "page.html"]
    assert code(*asked) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert str(run / name) in told.err


def places(thing, path=()):
    """Where in JSON there is something to be changed."""
    yield path
    if isinstance(thing, dict | list):
        for key in thing if isinstance(thing, dict) else range(len(thing)):
            yield from places(thing[key], (*path, key))


def changed(thing, path, value):
    if not path:
        return value
    at = thing
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = copy.deepcopy(value)
    return thing


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_value_that_no_run_can_have_is_no_traceback(good, tmp_path, capsys, data):
    name = data.draw(st.sampled_from(FILES[:-1]), "file")
    lines = (good / "run" / "bench-1" / name).read_bytes().splitlines()
    thing = json.loads(lines[0])
    path = data.draw(st.sampled_from(list(places(thing))), "place")
    lines[0] = json.dumps(changed(thing, path, data.draw(st.sampled_from(VALUES), "value"))).encode()
    run = damaged(good, tmp_path / "copy", name, b"\n".join(lines) + b"\n")
    for arguments in reading(run, good):
        ended = code(*arguments)
        told = capsys.readouterr().err
        assert ended in {0, 1, 2}
        assert ended != 2 or told.count("\n") == 1


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_bytes_that_were_changed_are_no_traceback(good, tmp_path, capsys, data):
    name = data.draw(st.sampled_from(FILES), "file")
    content = bytearray((good / "run" / "bench-1" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4), "bytes")):
        content[data.draw(st.integers(0, len(content) - 1), "at")] = data.draw(st.integers(0, 255), "byte")
    run = damaged(good, tmp_path / "copy", name, bytes(content), sealed=data.draw(st.booleans(), "sealed"))
    for arguments in reading(run, good):
        assert code(*arguments) in {0, 1, 2}
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", NOT_OURS)
def test_noise_that_cannot_be_read_is_told_and_set_aside(good, tmp_path, capsys, kind):
    shutil.copytree(good / "noise" / "bench-1", tmp_path / "results" / "run" / "bench-1")
    kept = tmp_path / "results" / "noise" / "bench-1.json"
    kept.parent.mkdir()
    kept.write_bytes(NOT_OURS[kind])
    assert code("compare", tmp_path / "results" / "run" / "bench-1") in {0, 1}
    assert "is not shown" in " ".join(capsys.readouterr().out.split())
    assert code("noise", tmp_path / "results" / "run" / "bench-1") in {0, 1}
    assert kept.with_name("bench-1.json.unreadable").read_bytes() == NOT_OURS[kind]


@pytest.mark.parametrize("text", [b"", b"\xff", b"three", b"1e9", b"9" * 5000, b"\0\0"])
def test_a_turn_that_is_no_number_is_named(good, tmp_path, text):
    run = damaged(good, tmp_path / "copy", "turn", text, sealed=False)
    with pytest.raises(ValueError, match="turn is damaged: it holds no number of a block"):
        RunDirectory(run).gate()


@pytest.mark.parametrize("kind", NOT_OURS)
def test_what_charts_are_made_of_is_made_again_where_what_was_kept_is_damaged(tmp_path, monkeypatch, kind):
    made = Assets("/* vega */", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("bench.report.page.assets._make", lambda: made)
    assert assets() == made
    [kept] = (tmp_path / "pgladder").iterdir()
    kept.write_bytes(NOT_OURS[kind])
    assert assets() == made
