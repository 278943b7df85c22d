"""Two boxes, clients of the one's runs on the other: through a run with and without, to put back again.

The server's box is ready by then, from ``test_1_standby``; of slow tests that one puts it back first.
Both share this machine's processors: what is seen here is that it works, not what it gives.
"""

import json

import pytest

from tests.e2e.lab import Lab, changed, sentence
from tests.e2e.labs import BOXES

SERVER, CLIENT = BOXES
BOTH = ",".join(BOXES)
OF_SERVER = ("-e", f"client_of={SERVER}")
ETC = "/etc/postgresql/15/pgladder"
HOME = "/var/lib/pgladder"
RUN = "sudo -u pgladder pgladder sweep --of client_boxes=0,1 --phases 2-D --warm-up 0.5 --window 2 --blocks 1 --json"
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


def test_both_are_made_ready_at_once_and_the_key_never_leaves_the_servers_box(lab: Lab) -> None:
    said = lab.play("provision", BOTH, *OF_SERVER)
    assert said.returncode == 0, said.stdout
    assert f"{SERVER}: ready to measure" in said.stdout
    assert f"{CLIENT}: ready to measure, a client box of {SERVER}" in said.stdout
    there, here = lab.address(SERVER), lab.address(CLIENT)
    assert lab.sql(SERVER, RULES) == f"hostssl|{here}|255.255.255.255|scram-sha-256"
    line = lab.run(CLIENT, f"sudo cat {HOME}/.ssh/authorized_keys")
    assert line.startswith(f'restrict,from="{there}",command="/usr/local/bin/pgladder box client" ssh-ed25519 AAAA')
    modes = f"sudo stat -c '%a %U' {HOME}/clients {HOME}/clients/id_ed25519"
    assert lab.run(SERVER, modes).splitlines() == ["700 pgladder", "600 pgladder"]
    assert lab.run(CLIENT, f"sudo grep -rl 'PRIVATE KEY' {HOME} || true") == ""


@pytest.mark.slow
def test_made_ready_again_nothing_changes(lab: Lab) -> None:
    said = lab.play("provision", BOTH, *OF_SERVER)
    assert said.returncode == 0, said.stdout
    assert [changed(said, box) for box in BOXES] == [0, 0], said.stdout


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


def test_one_plan_has_clients_here_and_there_and_every_row_is_verified(lab: Lab) -> None:
    said = lab.host(SERVER).run(f"{RUN} --transports tls --out {HOME}/runs/both")
    assert said.rc in {0, 1}, said.stderr
    lines = lab.run(SERVER, f"sudo cat {HOME}/runs/both/trials.jsonl").splitlines()
    found = {record["trial"]["parameters"]["client_boxes"]: record for record in map(json.loads, lines)}
    assert set(found) == {0, 1}
    for record in found.values():
        seen = record["verified"]
        assert record["validity"]["state"] != "void", record["validity"]
        assert seen["attempted"] == seen["acknowledged"] == seen["found"] > 0
    assert found[0]["cpu"]["elsewhere_cores"] is None
    assert 0 < found[1]["cpu"]["elsewhere_cores"] <= found[1]["cpu"]["client_cores"]
    host = json.loads(lab.run(SERVER, f"sudo cat {HOME}/runs/both/host.json"))
    assert host["facts"]["pgladder"]["client_boxes"] == 1


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "by TLS alone, and not by tcp: ask for --transports tls"),
        ("--transports tls --readers 2", "Readers and retention work on the server's own box"),
        ("--transports tls --rate 100", "a rate is held against it"),
    ],
)
def test_what_is_not_carried_out_there_is_refused(lab: Lab, words: str, names: str) -> None:
    said = lab.host(SERVER).run(f"{RUN} {words}")
    assert said.rc == 2
    assert names in said.stderr


def test_more_client_boxes_than_there_are_are_refused_with_the_command(lab: Lab) -> None:
    more = RUN.replace("client_boxes=0,1", "client_boxes=0,2")
    said = lab.host(SERVER).run(f"{more} --processes 2 --transports tls")
    assert said.rc == 2
    assert f"--client-boxes 2 is asked for, and this server has 1 ({CLIENT}): make provision" in said.stderr
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


def test_torn_down_it_leaves_nothing_on_either(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("teardown", CLIENT)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(CLIENT) ^ as_found[CLIENT] == set()
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
