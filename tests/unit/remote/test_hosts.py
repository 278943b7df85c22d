"""Which boxes: what the inventory says of them, and the words that pick them."""

import json

import pytest

from bench.model import WrongUseError
from bench.remote.hosts import parse_inventory, target


def listed(**variables):
    return json.dumps(
        {"_meta": {"hostvars": {"n100": variables}}, "all": {"children": ["shelf"]}, "shelf": {"hosts": ["n100"]}}
    )


def test_the_words_of_the_front_door_are_ansibles_arguments():
    assert target(host="10.0.0.5", user_name="me", port=2222, key="~/key") == [
        *("-i", "inventory", "-i", "10.0.0.5,", "--limit", "10.0.0.5"),
        *("-e", "ansible_user=me", "-e", "ansible_port=2222", "-e", "ansible_ssh_private_key_file=~/key"),
    ]
    assert target(limit="minipcs") == ["--limit", "minipcs"]
    assert target() == []


def test_a_host_is_reached_by_its_own_name_where_nothing_else_is_said():
    [host] = parse_inventory(listed())
    assert (host.address, host.port, host.user, host.key_file) == ("n100", 22, None, None)
    assert host.known_hosts.is_absolute()


def test_a_host_is_reached_as_the_inventory_says():
    [host] = parse_inventory(listed(ansible_host="10.0.0.5", ansible_port="2222", ansible_user="me"))
    assert (host.address, host.port, host.user) == ("10.0.0.5", 2222, "me")


def test_passwords_are_not_shown():
    [host] = parse_inventory(listed(ansible_password="s3cret", ansible_become_password="s3cret"))
    assert "s3cret" not in repr(host)


def test_no_host_is_wrong_use():
    with pytest.raises(WrongUseError, match="No box fits"):
        parse_inventory(json.dumps({"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}))


def test_this_machine_is_no_box():
    with pytest.raises(WrongUseError, match="No box fits"):
        parse_inventory(json.dumps({"_meta": {"hostvars": {}}, "all": {"hosts": ["localhost"]}}))


def test_a_value_that_only_ansible_can_read_is_named():
    with pytest.raises(WrongUseError, match="n100: ansible_host in the inventory is a template"):
        parse_inventory(listed(ansible_host="{{ address }}"))


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", ".hidden"])
def test_a_name_that_would_lead_out_of_results_is_refused(name):
    text = json.dumps({"all": {"hosts": [name]}, "_meta": {"hostvars": {}}})
    with pytest.raises(WrongUseError, match="directory of its results"):
        parse_inventory(text)
