"""Three boxes, clients of the one's runs on the two others: through runs with and without, to put back again.

The server's box is ready by then, from ``test_1_standby``; of slow tests that one puts it back first.
They share this machine's processors, half of one each where they measure: it is seen that it works, not what it gives.
"""

import json
from contextlib import ExitStack
from typing import Any

import pytest

from tests.e2e.lab import Lab, changed, limited, sentence
from tests.e2e.labs import BOXES

SERVER, CLIENT, ANOTHER = BOXES
CLIENTS = CLIENT, ANOTHER
BOTH, ALL = f"{SERVER},{CLIENT}", ",".join(BOXES)
OF_SERVER = ("-e", f"client_of={SERVER}")
ETC = "/etc/postgresql/15/pgladder"
HOME = "/var/lib/pgladder"
SHORT = "--warm-up 0.5 --window 2 --blocks 1 --json"
RUN = f"sudo -u pgladder pgladder sweep --of client_boxes=0,1 --phases 2-D {SHORT}"
TWO_PROCESSES = "--processes 2 --pool-min 5 --pool-max 20"
"""A box of this size takes 300 connections."""
QUOTA_PERCENT = 50
"""Of a processor, for each box: one and a half in all."""
RULES = """
SELECT type, address, netmask, auth_method FROM pg_hba_file_rules WHERE address NOT IN ('127.0.0.1', '::1')
"""


@pytest.mark.slow
def test_a_servers_box_that_is_none_yet_or_that_nothing_reaches_is_named_before_anything_changes(
    lab: Lab, as_found: dict[str, set[str]]
) -> None:
    said = lab.play("provision", CLIENT, *OF_SERVER)
    assert f"its server's box, {SERVER}, has no cluster of pgladder's: make provision there" in sentence(said, CLIENT)
    said = lab.play("provision", CLIENT, "-e", "client_of=127.0.0.9")
    assert "its server's box, 127.0.0.9, can't be reached: " in sentence(said, CLIENT)
    said = lab.play("provision", BOTH, "--check", *OF_SERVER)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(CLIENT) == as_found[CLIENT]


def test_all_are_made_ready_at_once_and_the_key_never_leaves_the_servers_box(lab: Lab) -> None:
    said = lab.play("provision", ALL, *OF_SERVER)
    assert said.returncode == 0, said.stdout
    assert f"{SERVER}: ready to measure" in said.stdout
    there, rules = lab.address(SERVER), lab.sql(SERVER, RULES).splitlines()
    for client in CLIENTS:
        assert f"{client}: ready to measure, a client box of {SERVER}" in said.stdout
        assert f"hostssl|{lab.address(client)}|255.255.255.255|scram-sha-256" in rules
        line = lab.run(client, f"sudo cat {HOME}/.ssh/authorized_keys")
        assert line.startswith(f'restrict,from="{there}",command="/usr/local/bin/pgladder box client" ssh-ed25519 AAAA')
    assert len(rules) == len(CLIENTS)
    modes = f"sudo stat -c '%a %U' {HOME}/clients {HOME}/clients/id_ed25519"
    assert lab.run(SERVER, modes).splitlines() == ["700 pgladder", "600 pgladder"]
    assert lab.run(CLIENT, f"sudo grep -rl 'PRIVATE KEY' {HOME} || true") == ""


@pytest.mark.slow
def test_made_ready_again_nothing_changes(lab: Lab) -> None:
    said = lab.play("provision", ALL, *OF_SERVER)
    assert said.returncode == 0, said.stdout
    assert [changed(said, box) for box in BOXES] == [0, 0, 0], said.stdout


@pytest.mark.slow  # the words are those of unit/inventory/test_client
@pytest.mark.parametrize(
    ("given", "names"),
    [
        ((), f"it is a client box of {SERVER}: say so again by CLIENT_OF={SERVER}"),
        (("-e", "client_of=another"), f"is a client box of {SERVER}, not of another"),
    ],
)
def test_a_client_box_stays_whose_it_is(lab: Lab, given: tuple[str, ...], names: str) -> None:
    assert names in sentence(lab.play("provision", CLIENT, *given), CLIENT)


def test_one_plan_has_clients_here_and_on_one_and_two_others_and_every_row_is_verified(lab: Lab) -> None:
    asked = RUN.replace("client_boxes=0,1", "client_boxes=0,1,2")
    with ExitStack() as quotas:
        for box in BOXES:
            quotas.enter_context(limited(box, QUOTA_PERCENT))
        said = lab.host(SERVER).run(f"{asked} {TWO_PROCESSES} --transports tls --out {HOME}/runs/all")
    assert said.rc in {0, 1}, said.stderr
    found = records(lab, "all")
    assert set(found) == {0, 1, 2}
    for record in found.values():
        seen = record["verified"]
        assert record["validity"]["state"] != "void", record["validity"]
        assert seen["attempted"] == seen["acknowledged"] == seen["found"] > 0
    assert found[0]["cpu"]["elsewhere_cores"] is None
    for count in (1, 2):
        assert 0 < found[count]["cpu"]["elsewhere_cores"] <= found[count]["cpu"]["client_cores"]
    facts = json.loads(lab.run(SERVER, f"sudo cat {HOME}/runs/all/host.json"))["facts"]
    assert facts["pgladder"]["client_boxes"] == 2
    assert facts["cpu"]["quota_cores"] == QUOTA_PERCENT / 100
    shown = lab.host(SERVER).run(f"sudo -u pgladder pgladder ladder {HOME}/runs/all --json").stdout
    assert any(note.startswith("Under quota, functional: ") for note in json.loads(shown)["hosts"][0]["notes"])


def test_at_a_rate_both_client_boxes_offer_their_part(lab: Lab) -> None:
    rate = f"sudo -u pgladder pgladder run --phases 1-B --rate 100 --client-boxes 2 --processes 2 {SHORT}"
    said = lab.host(SERVER).run(f"{rate} --transports tls --out {HOME}/runs/rate")
    assert said.rc in {0, 1}, said.stderr
    record = records(lab, "rate")[2]
    assert record["validity"]["state"] != "void", record["validity"]
    # What comes independently is now more, now fewer.
    assert 120 < record["open_loop"]["due"] < 280
    assert record["verified"]["acknowledged"] == record["verified"]["found"] > 0


def records(lab: Lab, run: str) -> dict[int, dict[str, Any]]:
    """Return the records of a run by the number of their client boxes."""
    lines = lab.run(SERVER, f"sudo cat {HOME}/runs/{run}/trials.jsonl").splitlines()
    return {record["trial"]["parameters"]["client_boxes"]: record for record in map(json.loads, lines)}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "by TLS alone, and not by tcp: ask for --transports tls"),
        ("--transports tls --readers 2", "Readers and retention work on the server's own box"),
        ("--transports tls --drivers pgbench --phases 1-B", "pgbench is not started on client boxes"),
    ],
)
def test_what_is_not_carried_out_there_is_refused(lab: Lab, words: str, names: str) -> None:
    said = lab.host(SERVER).run(f"{RUN} {words}")
    assert said.rc == 2
    assert names in said.stderr


def test_more_client_boxes_than_there_are_are_refused_with_the_command(lab: Lab) -> None:
    more = RUN.replace("client_boxes=0,1", "client_boxes=0,3")
    said = lab.host(SERVER).run(f"{more} --processes 3 --transports tls")
    assert said.rc == 2
    there = ", ".join(CLIENTS)
    assert f"--client-boxes 3 is asked for, and this server has 2 ({there}): make provision" in said.stderr
    said = lab.host(CLIENT).run(f"{RUN} --transports tls")
    assert said.rc == 2
    assert "--client-boxes 1 is asked for, and this server has none: make provision HOST=… CLIENT_OF=" in said.stderr


def test_a_client_box_on_which_no_client_starts_is_named_before_a_run_begins(lab: Lab) -> None:
    lab.run(CLIENT, f"sudo mv {HOME}/.ssh/authorized_keys {HOME}/.ssh/away")
    said = lab.host(SERVER).run(f"{RUN} --transports tls")
    lab.run(CLIENT, f"sudo mv {HOME}/.ssh/away {HOME}/.ssh/authorized_keys")
    assert said.rc == 2
    assert f"no client starts on {CLIENT} (pgladder@{lab.address(CLIENT)}, port 22): " in said.stderr
    assert "Permission denied" in said.stderr


def test_torn_down_they_leave_nothing_on_any(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("teardown", ",".join(CLIENTS))
    assert said.returncode == 0, said.stdout
    for client in CLIENTS:
        assert lab.snapshot(client) ^ as_found[client] == set()
    assert lab.sql(SERVER, RULES) == ""
    assert lab.sql(SERVER, "SHOW listen_addresses") == "localhost"
    assert lab.run(SERVER, f"sudo ls -A {HOME} | grep clients || true") == ""
    assert changed(lab.play("provision", SERVER), SERVER) == 0


@pytest.mark.slow
def test_torn_down_the_servers_box_takes_its_key_from_the_client_box_which_stays_a_box(
    lab: Lab, as_found: dict[str, set[str]]
) -> None:
    said = lab.play("provision", CLIENT, *OF_SERVER)
    assert said.returncode == 0, said.stdout
    said = lab.play("teardown", SERVER)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(SERVER) ^ as_found[SERVER] == set()
    assert lab.run(CLIENT, f"sudo find {HOME}/.ssh {HOME}/server.crt 2>/dev/null || true") == ""
    assert changed(lab.play("provision", CLIENT), CLIENT) == 0
    said = lab.play("teardown", CLIENT)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(CLIENT) ^ as_found[CLIENT] == set()


def test_torn_down_the_servers_box_is_as_it_was_found(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("teardown", SERVER)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(SERVER) ^ as_found[SERVER] == set()
