"""The README, followed word for word: a box's address instead of the one it names, shorter windows, a lab's key."""

import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.e2e.lab import BIN, CHECKOUT, Lab
from tests.e2e.remote.control import wait_until
from tests.grades import promised_on
from tests.readme import readme

SHORT = ["BLOCKS=1", "WARM_UP=0.2", "WINDOW=2"]  # in less, a busy machine may not acknowledge one large commit
SILENCE_S = 120
LAB = Path("/var/lib/pgladder-lab")
ACTIVATED = {"VIRTUAL_ENV": sys.prefix, "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
"""What `. .venv/bin/activate` sets."""


def make(words: list[str], *more: str, code: int = 0, answer: bytes = b"", where: Path = CHECKOUT) -> str:
    """Give a command as somebody at a terminal does, the environment activated; return what it prints there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*words, *more], cwd=where, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no other thread here
        env={**os.environ, **ACTIVATED, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "xterm", "MAKEFLAGS": ""},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while chunk := _read(ours, process):
        said += chunk
        if answer and b"Type yes" in said:
            _listens(ours)
            os.write(ours, answer)
            answer = b""
    os.close(ours)
    text = said.decode(errors="replace")
    assert process.wait() == code, text
    return text


def _listens(terminal: int) -> None:
    """Wait until it is read key by key: Ansible throws away what was typed before, its question notwithstanding."""
    wait_until(lambda: not termios.tcgetattr(terminal)[3] & termios.ICANON, "somebody listens at the terminal")
    time.sleep(0.5)


def _read(ours: int, process: "subprocess.Popen[bytes]") -> bytes:
    if not select.select([ours], [], [], SILENCE_S)[0]:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"not a word within {SILENCE_S} s")
    try:
        return os.read(ours, 1 << 16)
    except OSError:  # the other side was closed
        return b""


@pytest.fixture(scope="module")
def meaning(lab: Lab):
    """What the README's address and user stand for here."""
    address = lab.address(lab.boxes[1])
    yield {"192.168.1.50": address, "USER_NAME=me": "USER_NAME=minipc"}
    subprocess.run(["ssh-keygen", "-R", address], capture_output=True, check=False)


@pytest.fixture
def key(lab: Lab) -> str:
    return f"KEY={lab.files / 'keys' / 'id_ed25519'}"


@pytest.fixture(autouse=True)
def results():
    """Leave no results of ours in the checkout."""
    folder = CHECKOUT / "results"
    before = set(folder.iterdir()) if folder.is_dir() else set()
    yield folder
    for run in (set(folder.iterdir()) if folder.is_dir() else set()) - before:
        shutil.rmtree(run)


def test_trust_asks_and_records_the_key(lab: Lab, meaning: dict[str, str], key: str) -> None:
    said = make(readme("make trust HOST=192.168.1.50 USER_NAME=me", meaning), key, answer=b"yes\n")
    shown = lab.run(lab.boxes[1], "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    assert shown in said.replace("\r\n", "")


def test_the_doctor_finds_a_box_that_is_ready(meaning: dict[str, str], key: str) -> None:
    assert "on both sides" in make(readme("make doctor HOST=192.168.1.50 USER_NAME=me", meaning), key)


def test_provisioning_again_changes_nothing(meaning: dict[str, str], key: str) -> None:
    assert "changed=0" in make(readme("make provision HOST=192.168.1.50 USER_NAME=me", meaning), key)


def test_the_ladder_is_climbed_and_shown(meaning: dict[str, str], key: str) -> None:
    said = make(readme("make ladder HOST=192.168.1.50 USER_NAME=me", meaning), key, *SHORT)
    for phase in ("1", "1-B", "2", "2-B", "2-C", "2-D", "2-E", "2-F", "2-G", "2-H"):
        assert f"\r\n{phase}" in said
    page = said.split("Page: ")[1].split()[0]
    assert (CHECKOUT / page).stat().st_size > 100_000


def test_two_variants_are_compared(meaning: dict[str, str], key: str) -> None:
    words = readme('make compare HOST=192.168.1.50 USER_NAME=me VARIANTS="stock async-commit" PHASES="1-B 2"', meaning)
    said = make(words, key, *SHORT)
    grade, _ = promised_on(LAB.parent)  # where the disks of every lab's boxes lie
    assert f"stock {grade}; async-commit may lose last" in " ".join(said.split())
    verdicts = [line.split() for line in said.splitlines() if line.startswith("async-commit")]
    assert sum("undecided" in row for row in verdicts) == 3  # one block decides nothing: two phases, and over both
    offered = next(line.split() for line in said.splitlines() if line.startswith("  make compare "))
    assert {key, *words[2:4], "BLOCKS=6", "WARM_UP=0.2", "WINDOW=2"} <= set(offered)
    assert "VARIANTS='stock async-commit'" in " ".join(offered)
    assert "--blocks=6" in make(["make", "--dry-run", *shlex.split(" ".join(offered))[1:]])


def test_what_stands_in_the_way_is_tried_by_taking_it_away(meaning: dict[str, str], key: str) -> None:
    words = readme("make explain HOST=192.168.1.50 USER_NAME=me PHASES=2-B", meaning)
    said = make(words, key, "CONSTRAINTS=reset-query", "BLOCKS=3", "WARM_UP=0.2", "WINDOW=2")
    taken_away = r"^the pool's reset query +\d+% .*\s+without the pool's reset query"
    assert re.search(taken_away, said, re.MULTILINE), said
    assert "Where the workers' time goes: " in said


@pytest.mark.slow  # of private servers integration/test_sweeping; by make on a box as a ladder
def test_from_where_on_more_connections_change_nothing_is_asked(meaning: dict[str, str], key: str) -> None:
    words = readme('make sweep HOST=192.168.1.50 USER_NAME=me OF="pool=2,4,8,16" PHASES=2-B', meaning)
    said = make(words, key, *SHORT)
    rows = re.findall(r"^ *(\d+) +[\d,–]+ ", said, re.MULTILINE)
    assert rows == ["2", "4", "8", "16"]
    assert "2-B is fastest at pool" in said


def test_how_long_rows_wait_at_a_rate_is_told(meaning: dict[str, str], key: str) -> None:
    words = readme(
        'make ladder HOST=192.168.1.50 USER_NAME=me RATE="2000 devices at 1 Hz" COLLECT_MS=20 PHASES=2-D', meaning
    )
    said = make(words, key, *SHORT)
    assert "2-D at 2,000 rows/s (poisson, collected up to 500 rows or 20 ms): " in " ".join(said.split())


@pytest.mark.slow
def test_the_highest_rate_that_keeps_a_promise_is_searched(meaning: dict[str, str], key: str) -> None:
    words = readme("make slo HOST=192.168.1.50 USER_NAME=me P99=50ms COLLECT_MS=20 PHASES=2-D", meaning)
    # What a search writes at most is reckoned for a fast box: it would be asked about.
    said = " ".join(make(words, key, "WARM_UP=0.2", "WINDOW=1", "YES=1").split())
    assert "2-D keeps 99 % of rows within 50 ms" in said or "2-D keeps no rate" in said


def test_a_run_launched_in_the_evening_answers_the_next_morning(
    meaning: dict[str, str], key: str, tmp_path: Path
) -> None:
    evening = readme("make launch HOST=192.168.1.50 USER_NAME=me PROFILE=standard", meaning)
    [run] = re.findall(r": run (\S+) started\.", make(evening, key, "PHASES=2-C", *SHORT))
    morning = readme("make ladder HOST=192.168.1.50 USER_NAME=me RUN=name", meaning | {"RUN=name": f"RUN={run}"})
    said = make(morning, key, f"NOTIFY=touch {tmp_path / 'told'}")
    assert "\r\n2-C " in said
    assert "rows/s kept up, checkpoint included" in said
    assert f"Page: results/{run}/report.html" in said
    assert (tmp_path / "told").exists()


@pytest.fixture
def shelf(lab: Lab, tmp_path: Path) -> Path:
    """Return this checkout as its user has it whose inventory lists the lab's boxes, with their price and watts."""
    checkout = tmp_path / "checkout"
    shutil.copytree(
        CHECKOUT / "inventory", checkout / "inventory", ignore=shutil.ignore_patterns("hosts.yml", "lab.yml")
    )
    shutil.copy(CHECKOUT / "ansible.cfg", checkout)  # whose inventory is the one that lies beside it
    for path in CHECKOUT.iterdir():
        if path.name not in {"inventory", "ansible.cfg", "results"}:
            (checkout / path.name).symlink_to(path)
    boxes = (lab.files / "lab.yml").read_text().replace("lab:", "minipcs:", 1)
    owned = "price: 149\n      currency: EUR\n      watts: 12\n      ansible_user:"
    (checkout / "inventory" / "hosts.yml").write_text(boxes.replace("ansible_user:", owned))
    return checkout


def test_the_boxes_of_a_shelf_are_compared_also_for_their_money(lab: Lab, shelf: Path) -> None:
    said = make(readme("make compare-hosts LIMIT=minipcs"), "PHASES=2-C", *SHORT, where=shelf)
    assert "they are interleaved, block by block" in said
    assert all(box in said for box in lab.boxes)
    of_money = said.split("For what it takes")[1]
    assert {"core", "watt", "EUR"} <= set(of_money.split())
    page = said.split("Page: ")[1].split()[0]
    assert (shelf / page).stat().st_size > 100_000


def test_teardown_puts_it_back(lab: Lab, meaning: dict[str, str], key: str) -> None:
    make(readme("make teardown HOST=192.168.1.50 USER_NAME=me", meaning), key)
    assert lab.run(lab.boxes[1], "ls -d /opt/pgladder /etc/pgladder.toml 2>/dev/null || echo gone").split() == ["gone"]


@pytest.mark.slow
@pytest.mark.skipif(LAB.exists(), reason="there is a lab of yours on this machine, which the demo would use")
def test_the_demo_does_it_all_on_a_virtual_mini_pc() -> None:
    try:
        said = make(readme("make demo"), *SHORT)
        assert said.count("Page: ") == 2
        assert "async-commit" in said.split("Page: ")[1]
    finally:
        make(["make", "lab-down"])
    assert not LAB.exists()
