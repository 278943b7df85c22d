"""The kernel's settings read, set and proved, written down and put back: what a virtual box can't show."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.inventory.modules import run

MODULE = "pgladder_kernel_settings"
GOVERNOR = "cpufreq/scaling_governor"


class Box:
    """A folder with three cores and a few settings; of the second core nothing can be read.

    A folder answers EISDIR, a core that is off EBUSY.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.journal, self.report = root, root / "journal", root / "report"
        self.governors = [root / f"cpu{core}" / GOVERNOR for core in range(3)]
        for core, governor in enumerate(self.governors):
            governor.parent.mkdir(parents=True)
            governor.mkdir() if core == 1 else governor.write_text("powersave\n")
        self.swappiness = root / "swappiness"
        self.swappiness.write_text("60\n")
        (self.journal / "found").mkdir(parents=True)
        self.report.touch()

    def settings(self, governor: str = "powersave", swappiness: str = "60") -> list[dict[str, str]]:
        return [
            {"name": "CPU governor", "value": governor, "file": f"{self.root}/cpu[0-9]*/{GOVERNOR}"},
            {"name": "swappiness", "value": swappiness, "file": str(self.swappiness)},
        ]

    def run(self, state: str, settings: list[dict[str, str]], **more: Any) -> dict[str, Any]:
        where = {"container": "none", "journal": str(self.journal), "report": str(self.report)}
        return run(MODULE, state=state, settings=settings, **where | more)

    def set(self, *, check: bool = False, **wanted: str) -> dict[str, Any]:
        return self.run("present", self.settings(**wanted), check=check)

    def put_back(self, found: dict[Path, str]) -> dict[str, Any]:
        (self.journal / "found/knobs").write_text("".join(f"{file} {value}\n" for file, value in found.items()))
        return self.run("absent", [])

    def written_down(self) -> str:
        return (self.journal / "found/knobs").read_text()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def states(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["name"], row["state"]) for row in answer["settings"]]


def test_a_core_that_is_off_is_not_applicable_and_all_others_are_set(box: Box) -> None:
    (box.root / "cpu1/online").write_text("0\n")
    answer = box.set(governor="performance")
    assert "failed" not in answer
    assert states(answer) == [
        ("CPU governor", "set"),
        ("CPU governor of cpu1", "not applicable: cpu1 is switched off"),
        ("CPU governor", "set"),
        ("swappiness", "set"),
    ]
    assert [box.governors[core].read_text() for core in (0, 2)] == ["performance\n"] * 2


def test_a_setting_that_cannot_be_read_fails_by_its_name_once_all_others_are_set(box: Box) -> None:
    answer = box.set(swappiness="10")
    assert ("CPU governor", "unreadable: Is a directory") in states(answer)
    unread = f'CPU governor could not be proved: {box.governors[1]} was given "powersave" and can\'t be read'
    assert answer["failed"]
    assert answer["msg"].startswith(unread)
    assert box.swappiness.read_text() == "10\n"
    assert not box.report.exists()  # what it says is no longer so


def test_every_setting_that_did_not_take_is_named(box: Box) -> None:
    refused = {"name": "state", "value": "x", "file": "/proc/self/stat"}  # which nobody can write
    message = box.run("present", [*box.settings(), refused])["msg"]
    assert "CPU governor could not be proved: " in message
    assert '; state could not be set: /proc/self/stat was given "x" and reads "' in message


def test_a_check_writes_nothing_and_shows_what_would_change(box: Box) -> None:
    answer = box.set(check=True, swappiness="10")
    assert answer["changed"]
    assert answer["diff"]["after"] == f"{box.swappiness} 10\n"
    assert box.swappiness.read_text() == "60\n"
    assert not (box.journal / "found/knobs").exists()


def test_the_second_time_nothing_changes(box: Box) -> None:
    box.governors[1].rmdir()
    assert box.set(swappiness="10")["changed"]
    assert not box.set(swappiness="10")["changed"]


def test_in_a_container_each_is_listed_with_the_reason(box: Box) -> None:
    settings = [*box.settings(), {"name": "scheduler of {disk}", "value": "none", "file": "/sys/block/{disk}/x"}]
    answer = box.run("present", settings, container="lxc", disks=["sda"])
    shared = "not applicable: shared kernel (lxc)"
    assert states(answer) == [("CPU governor", shared), ("swappiness", shared), ("scheduler", shared)]
    assert not answer["changed"]
    assert not box.run("absent", settings, container="lxc")["changed"]


def test_a_setting_of_disks_is_that_of_each_and_of_none_where_the_disk_is_unknown(box: Box) -> None:
    for disk in ("sda", "sdb"):
        (box.root / disk).write_text("[none] mq-deadline\n")
    settings = [{"name": "scheduler of {disk} (x)", "value": "none", "file": f"{box.root}/{{disk}}"}]
    assert states(box.run("present", settings, disks=["sda", "sdb"])) == [
        ("scheduler of sda (x)", "set"),
        ("scheduler of sdb (x)", "set"),
    ]
    unknown = "not applicable: the disk of the data is unknown; name it by host_disks"
    assert states(box.run("present", settings)) == [("scheduler (x)", unknown)]


def test_a_file_that_this_machine_lacks_is_not_applicable_and_an_empty_value_asks_for_nothing(box: Box) -> None:
    settings = [{"name": name, "value": value, "file": "/nowhere"} for name, value in (("a", "1"), ("b", ""))]
    assert states(box.run("present", settings)) == [("a", "not applicable: this machine has no /nowhere")]


# --- written down, and put back ---------------------------------------------------------------------------------------


def test_of_a_setting_that_cannot_be_read_nothing_is_written_down(box: Box) -> None:
    box.set(governor="performance")
    first, _, third = box.governors
    assert box.written_down() == f"{first} powersave\n{third} powersave\n{box.swappiness} 60\n"


def test_a_setting_first_touched_by_a_later_run_is_written_down_too(box: Box) -> None:
    first, second, zeroed = (box.root / name for name in ("sda", "sdb", "dirty_bytes"))
    (box.journal / "found/knobs").write_text(f"{first} none\n")
    first.write_text("[mq-deadline] none\n")
    second.write_text("mq-deadline [bfq] none\n")
    zeroed.write_text("67108864\n")
    settings = [{"name": "scheduler", "value": "bfq", "file": str(file)} for file in (first, second)]
    box.run("present", settings, zeroed=[str(zeroed), "/nowhere"])
    assert box.written_down() == f"{first} none\n{second} bfq\n{zeroed} 67108864\n"
    box.run("present", settings, zeroed=[str(zeroed)])
    assert box.written_down() == f"{first} none\n{second} bfq\n{zeroed} 67108864\n"


def test_a_limit_of_dirty_memory_in_bytes_comes_back(box: Box) -> None:
    ratio, in_bytes, swappiness = (box.root / name for name in ("dirty_ratio", "dirty_bytes", "swappiness"))
    ratio.write_text("20\n")
    in_bytes.write_text("0\n")
    swappiness.write_text("10\n")
    assert box.put_back({ratio: "0", in_bytes: "67108864", swappiness: "0"})["changed"]
    # The kernel itself makes the ratio 0 when the bytes are written, and would make the bytes 0 the other way round.
    assert (ratio.read_text(), in_bytes.read_text(), swappiness.read_text()) == ("20\n", "67108864\n", "0\n")


def test_a_setting_that_the_kernel_refuses_is_named_and_the_others_come_back(box: Box) -> None:
    refused = Path("/proc/self/status")
    box.swappiness.write_text("10\n")
    assert box.put_back({refused: "0", box.swappiness: "60"})["refused"] == [f"{refused} (0)"]
    assert box.swappiness.read_text() == "60\n"


def test_a_core_that_is_off_now_is_named_and_one_that_was_off_then_is_passed_over(box: Box) -> None:
    off_now, off_then = box.governors[1], box.root / "cpu2/then"
    off_then.write_text("performance\n")
    answer = box.put_back({off_now: "powersave", off_then: ""})
    kept = f"kept, because it can't be read (is its core off?), until the next boot: {off_now}, which was powersave"
    assert (answer["kept"], answer["refused"]) == ([kept], [])
    assert off_then.read_text() == "performance\n"


def test_what_is_as_it_was_found_is_not_written_again(box: Box) -> None:
    assert not box.put_back({box.swappiness: "60"})["changed"]
