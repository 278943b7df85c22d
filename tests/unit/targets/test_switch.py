"""The switch of a box's power: a command that ends, fails or takes its time, and a hand."""

import io

import pytest
from rich.console import Console

from bench.remote.hosts import Host
from bench.targets.switch import PowerError, Switch

BOX = Host(name="n1", address="192.0.2.1")


def switch(command: str | None) -> tuple[Switch, io.StringIO]:
    out = io.StringIO()
    return Switch(BOX, command, Console(file=out, width=200)), out


def test_a_command_is_told_the_box_and_nothing_that_make_was_told(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "HOST=n1")
    on, _ = switch(f'echo "$PGLADDER_HOST $PGLADDER_ADDRESS ${{MAKEFLAGS:-}}" >{tmp_path}/said')
    on.throw()
    on.finish()
    on.let_go()
    assert (tmp_path / "said").read_text() == "n1 192.0.2.1 \n"


def test_a_make_below_is_not_given_what_ours_was(tmp_path, monkeypatch):
    monkeypatch.setenv("MAKEFLAGS", "s -- LIMIT=n1 POWER_COMMAND=make\\ lab-cut\\ HOST=n1 YES=1")
    for name in ("LIMIT", "POWER_COMMAND", "YES", "HOST"):
        monkeypatch.setenv(name, "given")
    on, _ = switch(f'echo "${{LIMIT:-}}${{POWER_COMMAND:-}}${{YES:-}} $HOST" >{tmp_path}/said')
    on.throw()
    on.finish()
    on.let_go()
    assert (tmp_path / "said").read_text() == " given\n"


def test_a_command_that_would_ask_at_the_terminal_fails():
    on, _ = switch("read -r answer </dev/tty")
    on.throw()
    with pytest.raises(PowerError, match="/dev/tty"):
        on.finish()
    on.let_go()


def test_a_command_that_fails_says_why_as_soon_as_it_has_ended():
    on, _ = switch("echo first; echo no such relay >&2; exit 7")
    on.throw()
    on._process.wait()
    with pytest.raises(PowerError, match="ended with exit code 7: no such relay"):
        on.ended()
    on.let_go()


def test_a_command_is_waited_for_and_never_ended_half_way(tmp_path):
    on, out = switch(f"sleep 0.5; touch {tmp_path}/on-again")
    on.throw()
    assert not on.ended()
    on.let_go()
    assert (tmp_path / "on-again").exists()
    assert "it may have to turn the power on again" in out.getvalue()


def test_a_hand_is_told_when_to_cut_and_when_to_give_it_back():
    by_hand, out = switch(None)
    by_hand.throw()
    assert (by_hand.by_hand, by_hand.ended()) == (True, False)
    by_hand.gone()
    by_hand.finish()
    by_hand.let_go()
    assert out.getvalue().splitlines() == [
        "n1: cut its power now (pull the plug).",
        "n1: its power is gone. Give it back.",
    ]
