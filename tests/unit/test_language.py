"""People are answered in their language: the one that is named, else their environment's, else English."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.analysis.ladder_answer import answer_of
from bench.box.state import RunState
from bench.cli.main import main
from bench.engines.postgresql.parameters import Difference
from bench.model.errors import UsageError
from bench.model.language import LOCALE, Given, later, speak, speaking, spoken, tr, tr_many
from bench.questions import questions
from bench.remote.complaints import meaning
from bench.remote.hosts import Host
from bench.report.ladder_answer import show_answers
from bench.report.terminal import show_ladders
from bench.report.variants import show_differences
from bench.results.read import ladder_of, only_run, read
from bench.targets import boxes as verbs
from bench.workload.phase import ladder
from tests.builders import a_record, climbed
from tests.kept import KEPT
from tests.unit.targets.test_box_plans import BOX

HANGUL = re.compile("[가-힣]")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch):
    for name in (*LOCALE, "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    yield
    speak("en")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ko_KR.EUC-KR"}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:ko"}, "ko"),
        ({"LANGUAGE": "ko"}, "ko"),
        ({"LC_ALL": "C", "LANGUAGE": "ko"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LANG": "../ko"}, "en"),
    ],
)
def test_it_is_the_environments_as_gnu_programs_read_it(monkeypatch, environment, language):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    speak()
    assert spoken() == language


def test_a_language_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="Unknown language 'xx'; there are: en, ko"):
        speak("xx")


def test_values_are_put_in_by_name_and_a_number_chooses_its_sentence():
    message = later("{rate} reads/s")
    assert (tr(message, rate="1,234"), tr("{}"), tr("")) == ("1,234 reads/s", "{}", "")
    reader = (
        "{phase} beside {count} reader ({reads}): {found}.",
        "{phase} beside {count:,} readers ({reads}): {found}.",
    )
    values = {"phase": "2", "reads": "point", "found": "x"}
    assert tr_many(*reader, 1, **values) == "2 beside 1 reader (point): x."
    assert tr_many(*reader, 2000, **values) == "2 beside 2,000 readers (point): x."
    with speaking("ko"):
        assert tr_many(*reader, 2000, **values) == "2, 함께 읽는 세션 2,000개(point): x."
        assert tr("what no catalogue has, {value}", value=1) == "what no catalogue has, 1"
        assert tr("") == ""
    assert spoken() == "en"


def test_a_word_that_somebody_gave_is_looked_up_nowhere():
    with speaking("ko"):
        assert (tr("version"), tr(Given("version"))) == ("버전", "version")


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def phases(capsys):
    def ask(*words):
        with pytest.raises(SystemExit) as end:
            main(words)
        return end.value.code, *capsys.readouterr()

    return ask


@pytest.mark.parametrize(
    "words", [("--lang", "ko", "phases"), ("phases", "--lang=ko"), ("--lang=en", "phases", "--lang", "ko")]
)
def test_it_is_named_anywhere_in_a_command_the_last_counts(phases, words):
    code, out, _ = phases(*words)
    assert code == 0
    assert "executemany로 커밋마다 100행의 Batch INSERT" in " ".join(out.split())


def test_every_rung_is_told_in_korean_within_80_columns(phases):
    _, out, _ = phases("phases", "--lang", "ko")
    assert max(map(cell_len, out.splitlines())) <= 80
    assert all(re.search(rf"^{re.escape(name)} .*[가-힣]", out, re.MULTILINE) for name in ladder())


def test_what_is_for_programs_is_english(phases, monkeypatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    english = phases("phases", "--json", "--lang=en")[1]
    assert phases("phases", "--json")[1] == phases("phases", "--json", "--lang", "ko")[1] == english
    _, out, _ = phases("ladder", str(KEPT / "steps"), "--json")
    assert not HANGUL.search(json.dumps(json.loads(out), ensure_ascii=False))
    assert not HANGUL.search(phases("ladder", str(KEPT / "steps"), "--format", "csv")[1])


def test_a_name_that_is_none_and_one_that_is_missing_are_refused(phases):
    code, out, err = phases("--lang", "xx", "phases")
    assert (code, out) == (2, "")
    assert err == "pgladder: Unknown language 'xx'; there are: en, ko.\n"
    assert phases("phases", "--lang")[2] == "pgladder: --lang takes a language: --lang ko\n"


def test_who_is_answered_in_english_waits_for_no_catalogue():
    ask = "import builtins, sys; from bench.cli.main import main; opened = []\n"
    ask += "sys.addaudithook(lambda event, what: event == 'open' and opened.append(str(what[0])))\n"
    ask += "try: main(['phases'])\nfinally: print([path for path in opened if path.endswith('.mo')], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("words", [(), *([name] for name in questions()), ["run"], ["phases"], ["variants"]])
def test_help_is_korean_within_80_columns(phases, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = phases(*words, "--help", "--lang", "ko")
    assert code == 0
    assert max(map(cell_len, out.splitlines())) <= 80
    assert out.startswith("사용법: pgladder")
    explained = re.sub(r"(?s)^.*?\n\n", "", out)
    assert re.findall(r"(?<!\S)(?:the|of|and|is|are|that|with|to|for|its?|or)(?!\S)", explained) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["slo", "--p99", "x"], "인자 --p99: 50ms나 2s 같은 시간이 아님: 'x'"),
        (["ladder", "--jsn", "x"], "알 수 없는 인자: --jsn; 혹시 --json인가요?"),
        (["ladder"], "필요한 인자가 없습니다: DIR"),
        (["ladder", "nowhere"], "nowhere에는 실행이 없습니다."),
        (["explain", str(KEPT / "steps")], "에는 실험이 없습니다."),
        (["variants", "show", "stock", "--host", ""], "--host에는 장비의 이름이나 주소를 적어야 합니다."),
        (["variants", "show", "stock", "--hardware", "ram_mb=1"], "hardware: cores, disk, disk_gb이(가) 없습니다."),
    ],
)
def test_a_refusal_is_in_the_language_of_who_is_refused(phases, words, said):
    code, out, err = phases(*words, "--lang", "ko")
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize("words", [(), ("show", "big-wal"), ("diff", "stock", "no-fsync")])
def test_variants_are_told_in_korean_and_to_programs_in_english(phases, words):
    box = ("--hardware", "ram_mb=16384,cores=4,disk=nvme,disk_gb=500") if words else ()
    code, out, _ = phases("variants", *words, *box, "--lang", "ko")
    assert code == 0
    assert HANGUL.search(out.splitlines()[0])
    assert not HANGUL.search(phases("variants", *words, *box, "--json", "--lang", "ko")[1])
    if not words:
        assert all(HANGUL.search(line) for line in out.splitlines())
        assert max(map(cell_len, out.splitlines())) <= 80


def test_a_variant_of_a_users_keeps_its_name_among_translated_heads():
    out = Console(file=StringIO(), width=80, color_system=None)
    with speaking("ko"):
        show_differences(out, "stock", "version", "n100", [Difference("jit", "on", "off")])
    assert out.file.getvalue().splitlines()[1].split() == ["매개변수", "stock", "version"]


# --- boxes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Host key verification failed.", "호스트 키를 확인하지 못함"),
        ("ssh: connect to host n100 port 22: Connection refused", "n100에 연결할 수 없음(그 포트의 연결을 거부함."),
        ("ssh: connect to host gate port 22: Connection timed out", "게이트웨이 gate에 연결할 수 없음(제시간에"),
        ("me@n100: Permission denied (publickey).", "n100의 sshd가 me을(를) 받아들이지 않음."),
        ("No ED25519 host key is known for gate and you have requested strict checking.", "make trust HOST=gate"),
    ],
)
def test_what_ssh_means_is_told_in_korean(words, said):
    with speaking("ko"):
        error = meaning(Host(name="n100", address="n100"), {"n100"}, words)
    assert str(error).startswith("n100: ")
    assert said in str(error)


def test_what_boxes_are_doing_is_told_in_korean_within_80_columns(monkeypatch):
    runs = [RunState(run="r1", recorded=3, planned=30, course="running")]
    monkeypatch.setattr(verbs, "look", lambda _: {"n100": replace(BOX, runs=runs), "n100-b": BOX})
    out = Console(file=StringIO(), width=80, color_system=None)
    with speaking("ko"):
        verbs.status(verbs.Boxes(out), {})
    head, running, idle = out.file.getvalue().splitlines()
    assert head.split() == ["장비", "pgladder", "남은", "공간", "실행", "시행"]
    assert running.rstrip().endswith("실행 중")
    assert idle.rstrip().endswith("실행 없음")


# --- a ladder in Korean ----------------------------------------------------------------------------------------------


def shown(detail=False):
    report = ladder_of(read(only_run(KEPT / "steps")))
    out = Console(file=StringIO(), width=80, color_system=None)
    show_ladders(out, report, detail=detail)
    show_answers(out, [report])
    return out.file.getvalue()


@pytest.mark.parametrize("detail", [False, True])
def test_a_kept_ladder_is_told_in_korean_with_the_same_numbers_within_80_columns(detail):
    english = shown(detail)
    with speaking("ko"):
        korean = shown(detail)
    assert len(HANGUL.findall(korean)) > 200
    assert max(map(cell_len, korean.splitlines())) <= 80
    assert sorted(NUMBER.findall(" ".join(korean.split()))) == sorted(NUMBER.findall(" ".join(english.split())))


def test_the_answer_has_no_english_but_names():
    risky = {"durability": "may lose last 600 ms"}
    fast = a_record(2, "2-G", rows_per_s=336_700.0, settled_rows_per_s=273_600.0, **risky)
    with speaking("ko"):
        answer = answer_of(climbed(a_record(1, "1", rows_per_s=69.1, settled_rows_per_s=68.9, **risky), fast))
    words = set(re.findall("[A-Za-z]{2,}", " ".join(answer.sentences)))
    assert words <= {"rows", "Connection", "COPY", "ms", "stock", "CPU", "WAL", "plain"}
