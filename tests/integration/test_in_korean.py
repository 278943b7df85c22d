"""Who is answered in Korean has the same files as anybody else: what is shown, and the page, are in their language."""

import re

import pytest

from tests.integration.support import climbing

HANGUL = re.compile("[가-힣]")
SHORT = ("--blocks", 1, "--warm-up", 0.2, "--window", 0.5, "--yes", "--lang", "ko")
ASKED = ("--phases", "1-B", "2", *SHORT)
REFUSED = "shared_preload_libraries = 'nowhere'\n"
"""No server starts with it: the trials under such a variant say why in their records."""


def test_a_run_shows_korean_and_keeps_english(new_place):
    with climbing(new_place(), *ASKED) as climb:
        ended = climb.end()
        assert ended.code == 0, ended
        shown = ended.out + ended.err
        assert "이 컴퓨터의 정보를 읽는 중" in shown
        assert "rows/s 지속, 체크포인트 포함" in " ".join(shown.split())
        files = [path for path in climb.directory.path.rglob("*") if path.suffix in {".json", ".jsonl"}]
        assert len(files) > 2
        assert [path.name for path in files if HANGUL.search(path.read_text())] == []
        assert HANGUL.search((climb.directory.path / "report.html").read_text())


@pytest.mark.slow
def test_what_goes_wrong_in_a_trial_is_recorded_in_english(new_place, tmp_path):
    template = tmp_path / "broken.conf.j2"
    template.write_text(REFUSED)
    with climbing(new_place(), "--phases", "1-B", "--variants", "stock", template, *SHORT) as climb:
        ended = climb.end()
        assert "거부됨: " in ended.out + ended.err
        [refused] = [record for record in climb.directory.records() if record.void]
        assert "nowhere" in refused.validity.why
        assert not HANGUL.search((climb.directory.path / "trials.jsonl").read_text())
