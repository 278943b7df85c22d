"""The ways to write a row, each in the sentence that its own file begins with."""

import json

import pytest

from bench.cli.main import main
from bench.workload.phase import ladder

OWN = '''"""Phase 9-X: rows by pigeon.

More of it.
"""
raise AssertionError("a list loads nothing")
'''


@pytest.fixture
def listed(capsys):
    def ask(*words):
        with pytest.raises(SystemExit) as end:
            main(["phases", *words])
        assert end.value.code == 0
        return capsys.readouterr().out

    return ask


def test_every_rung_has_its_one_sentence_within_80_columns(listed):
    out = listed()
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "2-C a hundred rows a commit by executemany: one flush and one round trip now serve a hundred rows." in words
    assert "INSERT INTO events (device_id, payload) VALUES ($1, $2)" in words


def test_for_programs_it_is_a_sentence_by_name(listed):
    found = json.loads(listed("--json"))
    assert list(found) == list(ladder())
    assert all(sentence.endswith(".") for sentence in found.values())
    assert not any(sentence.startswith(f"Phase {name}:") for name, sentence in found.items())


def test_a_rung_of_ones_own_is_listed_by_its_first_sentence_and_not_loaded(listed, tmp_path, monkeypatch):
    folder = tmp_path / "mine" / "phases"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "pigeon.py").write_text(OWN)
    monkeypatch.setenv("PGLADDER_PATH", str(folder.parent))
    ladder.cache_clear()
    try:
        assert json.loads(listed("--json"))["pigeon"] == "rows by pigeon."
    finally:
        ladder.cache_clear()
