"""Orders to a box: one at a time, and whatever its answer is there is a sentence for it."""

import io
from collections.abc import Iterable

import pytest
from rich.console import Console

from bench.model.errors import DataError
from bench.power.cut import Made
from bench.remote.errors import RemoteError, UnreachableError
from bench.remote.hosts import Host
from bench.targets.box_power import BoxPower, ServerOnBox, servers_on
from bench.targets.switch import Switch
from tests.cuts import plan

BOX = Host(name="n1", address="192.0.2.1")
DONE = b"{}"


class Spoken:
    """The other end of a conversation, and the way to it: what it says is given; an error is raised."""

    host = BOX

    def __init__(self, lines: Iterable[bytes | BaseException], end: RemoteError | None = None) -> None:
        self.lines, self.said, self.how_it_ends = list(lines), [], end

    def say(self, line: bytes) -> None:
        self.said.append(line)

    def next(self, seconds: float) -> bytes:  # noqa: ARG002
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        return line

    def end(self) -> None:
        self.said.append(b"")

    def last_words(self, seconds: float) -> None:  # noqa: ARG002
        if self.how_it_ends:
            raise self.how_it_ends

    def close(self) -> None:
        pass


def talking(spoken: Spoken) -> tuple[BoxPower, io.StringIO]:
    out = Console(file=io.StringIO(), width=200)
    box = BoxPower(spoken, plan(machine=1), Switch(BOX, "true", out), out)
    box._talk = spoken
    box.begin = lambda: None
    return box, out.file


def test_no_order_follows_one_that_was_not_answered():
    spoken = Spoken([KeyboardInterrupt()])
    box, _ = talking(spoken)
    server = ServerOnBox(box, 0)
    with pytest.raises(KeyboardInterrupt):
        server.damage()
    server.remade()
    box.close()
    assert spoken.said[1:] == [b""]


def test_an_answer_of_another_form_is_named():
    box, _ = talking(Spoken([b'{"value": 3}']))
    with pytest.raises(DataError, match="n1: what its pgladder answers can't be read"):
        box.do("make", 0, Made)


def test_a_box_that_does_not_tidy_up_is_no_success():
    box, _ = talking(Spoken([DONE], RemoteError("n1", "it can't be removed")))
    with pytest.raises(RemoteError, match="it can't be removed"), servers_on(box, plan(machine=1)):
        pass


def test_what_went_wrong_first_counts_and_what_is_left_is_told():
    box, out = talking(Spoken([DONE], UnreachableError("n1", "it can't be removed")))
    with pytest.raises(ZeroDivisionError), servers_on(box, plan(machine=1)):
        raise ZeroDivisionError
    assert "n1: it can't be removed" in out.getvalue()
