"""Who is answered in Korean has the same files as anybody else: what is shown, and the page, are in their language."""

import re

from tests.integration.support import climbing

HANGUL = re.compile("[가-힣]")
ASKED = ("--phases", "1-B", "2", "--blocks", 1, "--warm-up", 0.2, "--window", 0.5, "--yes", "--lang", "ko")


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
