"""What apt and ssh say of a box, and what people are told to do about it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jinja2 import Template

from bench.model.plain import harmless

CHECKOUT = Path(__file__).parents[3]
VARIABLES = CHECKOUT / "roles/host/vars/main.yml"
REACH = CHECKOUT / "roles/host/tasks/reach.yml"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Have Ansible work out a variable of the role host, for each of several boxes at once."""

    def told(variable, cases):
        place = tmp_path_factory.mktemp("asked")
        names = {f"box{number}": case for number, case in enumerate(cases)}
        hosts = {case.pop("name", name): case for name, case in names.items()}
        (place / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}))
        said = f"SAID {{{{ inventory_hostname }}}}: {{{{ {variable} }}}} END"
        play = {
            "hosts": "all",
            "connection": "local",
            "gather_facts": False,
            "vars_files": [str(CHECKOUT / "roles" / "host" / "vars" / "main.yml")],
            "tasks": [{"ansible.builtin.debug": {"msg": said}}],
        }
        (place / "play.yml").write_text(json.dumps([play]))
        command = [PLAYBOOK, "-i", place / "hosts.yml", place / "play.yml"]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        parts = " ".join(done.stdout.split()).split("SAID ")[1:]
        return {name: text.partition(" END")[0] for name, _, text in (part.partition(": ") for part in parts)}

    return told


def test_a_package_that_its_sources_lack_is_no_trouble_of_the_network(ask):
    fetching = "E: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'"
    told = ask(
        "__host_means",
        [
            {"__host_told": {"stdout": "Reading...\nE: Unable to locate package postgresql-15\n"}},
            {"__host_told": {"stdout": "E: Package 'python3-pip-whl' has no installation candidate\n"}},
            {"__host_told": {"stdout": f"{fetching}\nE: Unable to locate package postgresql-15\n"}},
        ],
    )
    assert told["box0"].startswith(
        "its package sources lack postgresql-15: see that /etc/apt/sources.list names Debian 12"
    )
    assert told["box1"].startswith("its package sources lack python3-pip-whl: see that")
    assert told["box2"].startswith("a package source could not be reached (http://deb.debian.org)")


def test_the_way_to_record_a_host_key_keeps_the_inventorys_name_and_port(ask):
    unknown = {"__host_probed": {"msg": "Host key verification failed."}}
    told = ask(
        "__host_ssh_means",
        [
            {"name": "n100-a", "ansible_host": "192.0.2.1", "ansible_port": 2222, **unknown},
            {"name": "192.0.2.2", **unknown},
            {"name": "192.0.2.3", "ansible_port": 2222, **unknown},
            {
                "name": "n100-b",
                "__host_probed": {"msg": "REMOTE HOST IDENTIFICATION HAS CHANGED!"},
                "ansible_host": "x",
            },
        ],
    )
    assert "`make trust LIMIT=n100-a`" in told["n100-a"]
    assert "`make trust HOST=192.0.2.2`" in told["192.0.2.2"]
    assert "`make trust HOST=192.0.2.3 PORT=2222`" in told["192.0.2.3"]
    assert "`make trust LIMIT=n100-b`" in told["n100-b"]


def test_what_is_said_on_one_line_is_told_as_it_is(ask):
    told = ask(
        "__host_means",
        [
            {"__host_told": {"stdout": "pgladder: it is damaged: make provision.\r\n"}},
            {"__host_told": {"stderr": "it is damaged", "stdout": ""}},
        ],
    )
    assert told == {"box0": "it is damaged: make provision", "box1": "it is damaged; see to that, then run this again"}


EVIL = "\x1b[2Jgone\x9b\u202eback\u2066\x07"


def test_what_a_box_says_moves_no_terminal_and_turns_no_writing(ask):
    knob = {"name": "swappiness", "file": "", "state": EVIL}
    said = {
        "host_probe": {"container": EVIL},
        "host_time_synchronisation": False,
        "__host_told": {"stdout": f"changed\r\n{EVIL}\r\n"},
        "__host_probed": {"msg": f"first\n{EVIL}"},
        "__host_read": {"stdout_lines": [json.dumps(knob)]},
    }
    for variable in ("__host_said", "__host_means", "__host_ssh_means", "__host_not_applicable"):
        told = ask(f"{variable} | string | urlencode", [dict(said)])["box0"]
        assert "%5B2Jgoneback" in told or "[2Jgoneback" in told, variable
        assert not re.search("%(1B|C2%9B|E2%80%AE|E2%81%A6|07|0D)", told), variable
    probed = {"__host_probed": {"stdout_lines": [f"run={EVIL}"]}}
    [keep] = [task for task in yaml.safe_load(REACH.read_text()) if "ansible.builtin.set_fact" in task]
    expression = keep["ansible.builtin.set_fact"]["host_probe"].strip().removeprefix("{{").removesuffix("}}")
    assert ask(f"({expression}).run | urlencode", [probed])["box0"] == "%5B2Jgoneback"


def test_what_is_left_out_of_a_boxs_words_is_what_is_left_out_of_files():
    variables = yaml.safe_load(VARIABLES.read_text())
    unseen = Template(variables["__host_unseen"]).render(variables)
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    are_same = re.sub(unseen, "", everything) == harmless(everything)
    assert are_same  # a difference as text would hold what no terminal takes
