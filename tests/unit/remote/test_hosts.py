"""Which boxes: what the inventory says of them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from bench.model.errors import DataError, UsageError
from bench.remote.hosts import OURS, VARIABLES, Host, answered, ask_ansible, host_of, parse_inventory

CHECKOUT = Path(__file__).parents[3]
PLAYS = [CHECKOUT / "playbooks" / name for name in ("hosts.yml", "trust.yml")]


def listed(**variables):
    return json.dumps(
        {"_meta": {"hostvars": {"n100": variables}}, "all": {"children": ["shelf"]}, "shelf": {"hosts": ["n100"]}}
    )


def test_a_host_is_reached_as_ssh_says_where_nothing_else_is_said():
    assert host_of("n100", {}) == Host(name="n100", address="n100")


@pytest.mark.parametrize("ssh", ["", "ssh_"])
def test_a_host_is_reached_as_the_inventory_says(ssh):
    names = {"host": "10.0.0.5", "port": "2222", "user": "me"}
    host = host_of("n100", {f"ansible_{ssh}{name}": value for name, value in names.items()})
    assert (host.address, host.port, host.user) == ("10.0.0.5", 2222, "me")


def test_of_two_names_the_one_counts_that_ansible_takes():
    host = host_of("n100", {"ansible_user": "you", "ansible_ssh_user": "me"})
    assert host.user == "me"


def test_ssh_is_given_the_words_of_the_inventory_but_not_ours_twice():
    host = host_of("n100", {"ansible_ssh_common_args": "-o 'ProxyCommand=nc %h %p'", "ansible_ssh_extra_args": OURS})
    assert host.ssh_words == ("-o", "ProxyCommand=nc %h %p")
    with pytest.raises(DataError, match="n100: SSH's arguments in the inventory can't be read"):
        host_of("n100", {"ansible_ssh_common_args": "-o 'ProxyCommand=nc"})


@pytest.mark.parametrize("port", ["ssh", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(UsageError, match="is not a port number"):
        host_of("n100", {"ansible_port": port})


def test_what_its_owner_says_of_a_box_is_read():
    host = host_of("n100", {"price": 149, "currency": "EUR", "watts": "12.5"})
    assert (host.price, host.currency, host.watts) == (149.0, "EUR", 12.5)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"price": "cheap", "currency": "EUR"}, "price in the inventory: 'cheap' is not a number above 0"),
        ({"price": 149, "currency": "euro"}, "currency in the inventory: 'euro' is no code of a currency"),
        ({"price": 149}, "price and currency belong together"),
        ({"watts": 0}, "watts in the inventory: '0' is not a number above 0"),
    ],
)
def test_what_can_not_be_said_of_a_box_is_refused_by_its_name(said, sentence):
    with pytest.raises(DataError, match=f"^n100: {re.escape(sentence)}"):
        host_of("n100", said)


def test_passwords_are_not_shown():
    assert "s3cret" not in repr(host_of("n100", {"ansible_password": "s3cret", "ansible_become_password": "s3cret"}))


def test_no_host_is_wrong_use():
    with pytest.raises(UsageError, match="No box matches"):
        parse_inventory(json.dumps({"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}))


def test_this_machine_is_no_box():
    with pytest.raises(UsageError, match="No box matches"):
        parse_inventory(json.dumps({"_meta": {"hostvars": {}}, "all": {"hosts": ["localhost"]}}))


def test_what_has_nothing_to_do_with_the_way_to_a_box_is_not_looked_at():
    assert parse_inventory(listed(postgresql_port=1, ansible_host="a")) == {"n100": {"ansible_host": "a"}}


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", ".hidden"])
def test_a_name_that_would_lead_out_of_results_is_refused(name):
    with pytest.raises(DataError, match="directory of its results"):
        host_of(name, {})


def test_the_plays_tell_all_that_is_asked_for():
    asked = {name for names in VARIABLES.values() for name in names}
    told, trust = ({word for word in play.read_text().split() if word in asked} for play in PLAYS)
    assert told == asked
    assert asked - trust == {
        *VARIABLES["key"],
        *VARIABLES["password"],
        *VARIABLES["sudo_password"],
        *VARIABLES["agent_user"],
        *("price", "currency", "watts"),
    }


@pytest.fixture
def vault(tmp_path, monkeypatch):
    """An inventory with a vaulted password and a template, and the file of the vault's own password."""
    word, inventory = tmp_path / "word", tmp_path / "inventory.yml"
    word.write_text("open sesame\n")
    command = [CHECKOUT / ".venv/bin/ansible-vault", "encrypt_string", "--vault-password-file", word, "s3cret"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    lines = said.stdout.strip().splitlines()
    vaulted = "\n".join([lines[0], *(f"        {line.strip()}" for line in lines[1:])])
    inventory.write_text(
        "all:\n  hosts:\n    n100:\n      ansible_host: \"{{ 'n100' ~ '.lan' }}\"\n"
        f"      known_hosts_file: /a b/known\n      ansible_password: {vaulted}\n"
    )
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    return ["-i", "inventory", "-i", str(inventory)], word


def test_what_only_ansible_can_read_is_asked_of_ansible(vault, monkeypatch):
    arguments, word = vault
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(word))
    [host] = answered(ask_ansible(arguments))
    assert (host.address, host.password, host.known_hosts) == ("n100.lan", "s3cret", Path("/a b/known"))


def test_a_template_without_a_value_is_carried_out_by_ansible_too(tmp_path):
    inventory = tmp_path / "inventory.yml"
    host = "{ansible_host: '{% if true %}10.0.0.5{% endif %}', ansible_user: 'me{# us #}'}"
    inventory.write_text(f"all: {{hosts: {{n100: {host}}}}}\n")
    [host] = answered(ask_ansible(["-i", "inventory", "-i", str(inventory)]))
    assert (host.address, host.user) == ("10.0.0.5", "me")


def test_a_vault_that_can_not_be_opened_is_told(vault):
    with pytest.raises(DataError, match=r"The inventory can't be read: .*no vault secrets found"):
        answered(ask_ansible(vault[0]))
