"""Cuts of a whole box and those of servers here are different runs: neither goes on as the other."""

import pytest
from rich.console import Console

from bench.box.power import BOOT
from bench.model.errors import HostError, UsageError
from bench.remote.hosts import Host
from bench.remote.link import Output
from bench.store.cut_directory import CutDirectory
from bench.targets.box_cuts import _check_other, _resumed
from bench.targets.cuts import measure
from tests.cuts import plan

here = pytest.mark.skipif(not BOOT.exists(), reason="a kernel that numbers its boots")


class Told:
    """A box that says which boot it runs."""

    host = Host(name="n1", address="192.0.2.1")

    def __init__(self, boot: str) -> None:
        self.boot = boot

    def run(self, script: str) -> Output:
        assert script == f"cat {BOOT}"
        return Output(0, f"{self.boot}\n".encode(), "")


@here
def test_a_run_of_a_box_does_not_go_on_here(tmp_path):
    CutDirectory(tmp_path / "r" / "box").begin(plan(machine=1))
    with pytest.raises(UsageError, match=r"r cuts the power of a box, box\. It goes on with: make durability HOST="):
        measure({"resume": tmp_path / "r" / "box", "data_dir": str(tmp_path)}, Console())


@pytest.mark.parametrize("how", ["power", "torn", "kill"])
def test_a_run_of_this_machine_does_not_go_on_on_a_box(tmp_path, how):
    directory = CutDirectory(tmp_path / "r" / "box")
    directory.begin(plan(**{how: 1}))
    with pytest.raises(UsageError, match=r"Go on with: .*durability --resume"):
        _resumed(directory)


@here
def test_the_machine_that_we_are_on_is_not_cut():
    with pytest.raises(HostError, match="n1 is the machine that pgladder was called on"):
        _check_other(Told(BOOT.read_text().strip()))
    _check_other(Told("another"))
