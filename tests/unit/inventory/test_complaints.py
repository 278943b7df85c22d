"""What apt, ssh and modules say of a box, and what people are told to do about it."""

import re
import sys
from typing import Any

import pytest

from bench.model.plain import harmless
from tests.unit.inventory.modules import load

filters: dict[str, Any] = load("filter", "pgladder").FilterModule().filters()
means, ssh_means = filters["pgladder_means"], filters["pgladder_ssh_means"]
FETCHING = "E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'"


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            {"stdout": "Reading...\nE: Unable to locate package postgresql-17\n"},
            "its package sources lack postgresql-17: see that they name the system it runs",
        ),
        (
            {"stdout": "E: Package 'python3-pip-whl' has no installation candidate\n"},
            "its package sources lack python3-pip-whl: see that",
        ),
        ({"msg": "No package matching 'openssl' is available"}, "its package sources lack openssl: see that"),
        # A package that its sources lack is no trouble of the network; one that can't be fetched is.
        (
            {"stdout": f"{FETCHING}\nE: Unable to locate package postgresql-17\n"},
            "a package source could not be reached (http://deb.debian.org)",
        ),
        (
            {"msg": "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 41 (perl)"},
            "another program is installing packages (held by process 41 (perl)); run this again when it has finished",
        ),
        ({"stdout": "dpkg: error: cannot write: No space left on device"}, "its disk is full; free some space"),
        (
            {"msg": "not ours to change: libpq5 (from 0.1 to 15.2), x (removed)"},
            "installing its packages would change others that are there already: libpq5 (from 0.1 to 15.2), x",
        ),
        (
            {"msg": "userdel: user pgladder is currently used by process 812"},
            "userdel: user pgladder is currently used by process 812; end what that user does there, then run",
        ),
        (
            {"stderr": "Warning\nE: Sub-process /usr/bin/dpkg returned an error code (1)"},
            "its packages could not be changed: E: Sub-process /usr/bin/dpkg returned an error code (1)",
        ),
    ],
)
def test_what_debians_tools_say_is_told_with_the_way_out(result: dict[str, str], sentence: str) -> None:
    assert means(result).startswith(sentence)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ({"stdout": "pgladder: it is damaged: make provision.\r\n"}, "it is damaged: make provision"),
        ({"stderr": "it is damaged", "stdout": ""}, "it is damaged; see to that, then run this again"),
        ({"msg": "box0: set another port, then run this again."}, "set another port, then run this again"),
        ({"msg": "non-zero return code", "stderr": "first\nlast"}, "last; see to that, then run this again"),
        ({"msg": "non-zero return code"}, "non-zero return code; see to that, then run this again"),
        ({}, "it failed and gave no reason; see to that, then run this again"),
        (
            {"msg": "One or more items failed", "results": [{"msg": "fine"}, {"failed": True, "msg": "bad"}]},
            "bad; see to that, then run this again",
        ),
    ],
)
def test_what_is_said_on_one_line_is_told_as_it_is(result: dict[str, Any], sentence: str) -> None:
    assert means(result, "box0") == sentence


@pytest.mark.parametrize(
    ("name", "address", "port", "message", "told"),
    [
        ("n100-a", "192.0.2.1", 2222, "Host key verification failed.", "`make trust LIMIT=n100-a`"),
        ("192.0.2.2", "192.0.2.2", 22, "Host key verification failed.", "`make trust HOST=192.0.2.2`"),
        ("192.0.2.3", "192.0.2.3", "2222", "Host key verification failed.", "`make trust HOST=192.0.2.3 PORT=2222`"),
        ("n100-b", "x", 22, "REMOTE HOST IDENTIFICATION HAS CHANGED!", "`make trust LIMIT=n100-b`"),
        ("n100-b", "x", 22, "me@x: Permission denied (publickey).", "the user me may not log in with the key offered"),
        ("n100-b", "x", 22, "connect: Connection timed out", "nothing answers at x; is it on"),
        ("n100-b", "x", 22, "connect: No route to host", "nothing answers at x; is it on"),
        ("n100-b", "x", 2022, "connect: Connection refused", "no sshd listens at x port 2022"),
        ("n100-b", "x", 22, "first\npgladder: it sent too much", "it sent too much"),
        ("n100-b", "x", 22, "first\nsomething else", "ssh could not connect: something else"),
        ("n100-b", "x", 22, "", "ssh could not connect: "),
    ],
)
def test_what_ssh_says_is_told_by_the_inventorys_name_and_port(
    name: str, address: str, port: Any, message: str, told: str
) -> None:
    assert told in ssh_means(message, name=name, address=address, port=port, user="me")


EVIL = "\x1b[2Jgone\x9b\u202eback\u2066\x07"


def test_what_a_box_says_moves_no_terminal_and_turns_no_writing() -> None:
    row = {"name": "swappiness", "state": f"not applicable: shared kernel ({EVIL})"}
    told = [
        means({"stdout": f"changed\r\n{EVIL}\r\n"}),
        means({"msg": EVIL}),
        ssh_means(f"first\n{EVIL}", name="a", address="a", port=22, user="me"),
        *filters["pgladder_not_applicable"]([row]),
        filters["pgladder_facts"]([f"run={EVIL}"])["run"],
    ]
    for text in told:
        assert "[2Jgoneback" in text
        assert text == harmless(text).replace("\r", "")


def test_of_all_characters_those_are_left_out_that_are_left_out_of_files() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    told = means({"msg": f"a{everything}z".replace("\n", "").replace("\r", "").replace("E:", "")})
    kept = re.sub(r"[\n\r]", "", harmless(everything))
    are_same = told.startswith(f"a{kept}z")
    assert are_same  # a difference as text would hold what no terminal takes


def test_what_a_shell_greets_everybody_with_is_no_fact() -> None:
    said = ["Welcome to n100-a", "", "system=debian 12", "homes=a:/a b:/b=c", "PATH=/bin"]
    assert filters["pgladder_facts"](said) == {"system": "debian 12", "homes": "a:/a b:/b=c"}


def test_settings_are_reported_by_what_is_in_force_and_what_does_not_apply() -> None:
    rows = [
        {"name": "swappiness", "state": "differs"},  # of a check
        {"name": "dirty ratio", "state": "set"},
        {"name": "CPU governor", "state": "not applicable: shared kernel (lxc)"},
    ]
    assert filters["pgladder_not_applicable"](rows) == ["CPU governor: not applicable: shared kernel (lxc)"]
    assert filters["pgladder_states"](rows) == {
        "swappiness": "set",
        "dirty ratio": "set",
        "CPU governor": "not applicable: shared kernel (lxc)",
    }
