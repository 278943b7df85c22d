"""Kernel settings written down and put back: what a virtual box can't show, whose kernel is another's."""

import subprocess
from pathlib import Path

from tests.unit.inventory.shell import ROLES, function

TEARDOWN = ROLES / "host/files/teardown.sh"


def _restore(found: dict[Path, str], state: Path) -> str:
    (state / "found").mkdir()
    (state / "found/knobs").write_text("".join(f"{file} {value}\n" for file, value in found.items()))
    script = f"set -eu\n{function(TEARDOWN, 'restore_knobs')}\nrestore_knobs\necho refused:$refused"
    names = {"STATE": str(state), "CONTAINER": "none", "PATH": "/bin"}
    return subprocess.run(["sh", "-c", script], check=True, env=names, capture_output=True, text=True).stdout.strip()


def test_a_limit_of_dirty_memory_in_bytes_comes_back(tmp_path: Path) -> None:
    ratio, in_bytes, swappiness = (tmp_path / name for name in ("dirty_ratio", "dirty_bytes", "swappiness"))
    ratio.write_text("20\n")
    in_bytes.write_text("0\n")
    swappiness.write_text("10\n")
    _restore({ratio: "0", in_bytes: "67108864", swappiness: "0"}, tmp_path)
    # The kernel itself makes the ratio 0 when the bytes are written, and would make the bytes 0 the other way round.
    assert (ratio.read_text(), in_bytes.read_text(), swappiness.read_text()) == ("20\n", "67108864\n", "0\n")


def test_a_setting_that_the_kernel_refuses_is_named_and_the_others_come_back(tmp_path: Path) -> None:
    refused, swappiness = Path("/proc/self/status"), tmp_path / "swappiness"
    swappiness.write_text("10\n")
    assert _restore({refused: "0", swappiness: "60"}, tmp_path) == f"refused: {refused} (0)"
    assert swappiness.read_text() == "60\n"


def test_a_core_that_is_off_now_is_named_and_one_that_was_off_then_is_passed_over(tmp_path: Path) -> None:
    off_now, off_then = tmp_path / "cpu1", tmp_path / "cpu2"
    off_now.mkdir()  # it can't be read, as EBUSY of a core that is off
    off_then.write_text("performance\n")
    said = _restore({off_now: "powersave", off_then: ""}, tmp_path)
    kept = f"kept, because it can't be read (is its core off?), until the next boot: {off_now}, which was powersave"
    assert said.splitlines() == [kept, "refused:"]
    assert off_then.read_text() == "performance\n"


def _record(state: Path, *knobs: Path) -> str:
    names = {"STATE": str(state), "KNOBS": " ".join(map(str, knobs)), "PATH": "/bin"}
    said = subprocess.run(["sh", ROLES / "host/files/record.sh"], check=True, env=names, capture_output=True, text=True)
    return said.stdout.strip()


def test_a_knob_first_touched_by_a_later_run_is_written_down_too(tmp_path: Path) -> None:
    state, first, second = (tmp_path / name for name in ("state", "sda", "sdb"))
    (state / "found").mkdir(parents=True)
    (state / "found/knobs").write_text(f"{first} none\n")
    first.write_text("[mq-deadline] none\n")
    second.write_text("mq-deadline [bfq] none\n")
    assert _record(state, first, second, tmp_path / "gone") == "changed"
    assert (state / "found/knobs").read_text() == f"{first} none\n{second} bfq\n"
    assert _record(state, first, second) == ""
