"""A whole box loses its power under load: what is kept, lost and convicted, from this side of ssh; what is refused."""

import json
import shlex
import signal

import pytest

from bench.model.cuts import CutRecord
from bench.store.cut_directory import CutDirectory
from tests.e2e.lab import CHECKOUT, Lab
from tests.e2e.remote.control import Control
from tests.examples import slow

PRIVATE = "/var/lib/postgresql/15/pgladder-private"
SHORT = "--variants=stock no-fsync"


def cutting(lab: Lab, box: str) -> str:
    """Return the power command of a lab's box: it is off, then on again."""
    off = lab.command("lab-cut", *lab.variables, "-e", f"virtual_minipc_name={box}")
    return f"cd {shlex.quote(str(CHECKOUT))} && {shlex.join(off)} && {on(lab)}"


def shutting_down(lab: Lab, box: str) -> str:
    """Return a command that shuts it down in order, and then puts it on again."""
    off = f"{shlex.join(lab.ssh(box))} sudo systemctl poweroff"
    is_on = f"[ -e /sys/class/net/vb-{box} ]"
    return f"{off}; while {is_on}; do sleep 0.2; done; cd {shlex.quote(str(CHECKOUT))} && {on(lab)}"


def on(lab: Lab) -> str:
    return shlex.join(lab.command("lab-up", *lab.variables))


def records(control: Control, run: str, box: str) -> list[CutRecord]:
    return CutDirectory(control.results(run, box).path).records()


def nothing_is_left(lab: Lab, box: str) -> None:
    """See that the box is as before: nothing of private servers, and its own cluster runs."""
    lab.wait_until(box, f'sudo test -z "$(sudo ls -A {PRIVATE})"')
    assert lab.sql(box, "SELECT count(*) FROM pg_database WHERE datname = 'pgladder'").isdigit()
    assert lab.run(box, "pgrep -fc '[p]ostgres.*power' || true").strip() == "0"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--power-command=true",), "Name the one box whose power is to be cut"),
        (("--limit=BOX",), "Say how the power of BOX is cut and given back"),
        (("--limit=BOX", "--power-command=true", "--by-hand=1"), "Say how the power of BOX is cut and given back"),
        (("--limit=BOX", "--power-command=true"), "Nobody is there to agree that the power of BOX is cut."),
        (("--limit=BOX", "--power-command=true", "--cuts=0"), "There is nothing to cut"),
        (("--limit=BOX", "--power-command=true", "--torn=1"), "unknown option TORN"),
    ],
)
def test_a_box_is_named_and_its_switch_and_somebody_agrees_or_nothing_is_done(
    lab: Lab, control: Control, words: tuple[str, ...], why: str
) -> None:
    box = lab.boxes[0]
    said = control.fab("durability", *(word.replace("BOX", box) for word in words)).ends(2)
    assert why.replace("BOX", box) in said


def test_a_switch_that_fails_cuts_nothing_and_leaves_nothing(lab: Lab, control: Control) -> None:
    box = lab.boxes[0]
    broken = "--power-command=echo no such relay; exit 3"
    said = control.fab("durability", f"--limit={box}", "--yes=1", "--variants=stock", "--run=broken", broken).ends(1)
    assert "The power command ended with exit code 3: no such relay; 0 cuts are recorded." in said
    assert records(control, "broken", box) == []
    nothing_is_left(lab, box)


@pytest.mark.slow
def test_a_box_that_is_shut_down_in_order_was_not_cut(lab: Lab, control: Control) -> None:
    box = lab.boxes[0]
    order = f"--power-command={shutting_down(lab, box)}"
    said = control.fab("durability", f"--limit={box}", "--yes=1", "--variants=stock", "--run=order", order).ends(1)
    assert "it was shut down in order" in said
    assert records(control, "order", box) == []
    nothing_is_left(lab, box)


def test_a_run_goes_on_after_it_was_stopped_and_convicts_who_does_not_flush(lab: Lab, control: Control) -> None:
    box, run = lab.boxes[0], "power"
    words = ("durability", f"--limit={box}", "--yes=1", f"--run={run}", f"--power-command={cutting(lab, box)}")
    first = control.fab(*words, SHORT, "--cuts=1")
    first.says("rows acknowledged")
    first.kill(signal.SIGINT)
    assert first.process.returncode == 1, first.said
    assert f"--run={run}" in first.said.partition("Go on with: ")[2]
    [before] = records(control, run, box)
    nothing_is_left(lab, box)
    control.fab(*words).ends(0)
    assert len(records(control, run, box)) == 2
    assert records(control, run, box)[0] == before
    nothing_is_left(lab, box)
    check(records(control, run, box))


@pytest.mark.parametrize("cuts", [slow(5)])
def test_durable_keeps_all_asynchronous_loses_the_last_and_no_fsync_is_convicted(
    lab: Lab, control: Control, cuts: int
) -> None:
    box, run = lab.boxes[0], f"power-{cuts}"
    words = ("durability", f"--limit={box}", "--yes=1", f"--run={run}", f"--power-command={cutting(lab, box)}")
    said = control.fab(*words, f"--cuts={cuts}", "--json=1")
    assert said.process.wait() == 0, said.said
    report = json.loads(said.file.read_text()[said.file.read_text().index("{") :])
    found = {each["variant"]: each for each in report["variants"]}
    assert (found["stock"]["rows_lost"], found["stock"]["convicted"], found["stock"]["cuts"]) == (0, 0, cuts)
    assert found["async-commit"]["convicted"] == 0
    assert found["no-fsync"]["convicted"] == cuts
    check(records(control, run, box))
    nothing_is_left(lab, box)


def check(of_run: list[CutRecord]) -> None:
    """See what each cut shows, of whatever variant: that it was one, and of what."""
    for record in of_run:
        assert record.cut.how == "machine"
        assert record.acknowledged > 50
        assert record.unflushed is not None
        assert record.unflushed.left < record.unflushed.said
        if record.cut.variant == "stock":
            assert (record.rows_lost, record.corrupt, record.did_not_start) == (0, [], None)
        if record.cut.variant == "no-fsync":
            assert record.did_not_start or record.corrupt or record.rows_lost
