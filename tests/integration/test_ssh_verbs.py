"""`make trust` and the verbs of `fab` against real sshds: found by an inventory, trusted, asked, given up."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.remote.errors import NotAdmittedError, NotReadyError, NotTrustedError, RemoteError, UnreachableError
from bench.remote.hostkey import Found, look
from bench.remote.hosts import host_of
from bench.remote.known_hosts import record
from bench.remote.link import Link
from bench.remote.secrets import Secrets
from bench.remote.steps import launch
from tests.examples import one_of
from tests.integration.sshd import CHECKOUT, PASSWORD, Box, Tree, tree
from tests.integration.support import as_root

pytestmark = as_root
BIN = Path(sys.executable).parent
FAB = [BIN / "fab", "--search-root", CHECKOUT]


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    with tree(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture(scope="module")
def box(boxes: Tree) -> Box:
    return boxes.start("ed25519", "ecdsa", "rsa")


class Shelf:
    """An inventory, the files of ssh that it names, and the commands over it."""

    def __init__(self, boxes: Tree, folder: Path) -> None:
        self.boxes, self.folder = boxes, folder
        self.known = folder / "known hosts"
        self.config = folder / "config"
        self.config.write_text("")
        self.hosts: dict[str, dict[str, object]] = {}

    def add(self, name: str, box: Box, **variables: object) -> None:
        usual = {
            "ansible_host": "127.0.0.1",
            "ansible_port": box.port,
            "ansible_ssh_user": "me",
            "ansible_ssh_private_key_file": str(self.boxes.key),
            "ansible_ssh_common_args": f"-F {self.config} -o 'UserKnownHostsFile=\"{self.known}\"'",
        }
        self.hosts[name] = {key: value for key, value in (usual | variables).items() if value}

    def run(self, *command: object, code: int = 0) -> str:
        listed = self.folder / "shelf.json"
        listed.write_text(json.dumps({"all": {"hosts": self.hosts}}))
        env = os.environ | {"ANSIBLE_INVENTORY": f"{CHECKOUT / 'inventory'},{listed}", "COLUMNS": "200"}
        done = subprocess.run(
            list(map(str, command)), cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == code, said
        return said

    def trust(self, *words: str, code: int = 0) -> str:
        """Do as `make trust`, which would leave this inventory out."""
        play = [BIN / "ansible-playbook", "playbooks/trust.yml"]
        return self.run(BIN / "python", "-m", "bench.remote.where", *words, "--", *play, code=code)

    def link(self, sudo_password: str) -> Link:
        """Return the way to its first box, as the verbs go it without a terminal."""
        [(name, variables), *_] = self.hosts.items()
        return Link(host_of(name, variables | {"ansible_become_password": sudo_password}), Secrets())

    def recorded(self) -> list[str]:
        return self.known.read_text().splitlines() if self.known.exists() else []


@pytest.fixture
def shelf(boxes: Tree, tmp_path: Path) -> Shelf:
    return Shelf(boxes, tmp_path)


def fingerprint(box: Box, kind: str = "ed25519") -> str:
    command = ["ssh-keygen", "-l", "-f", "-"]
    said = subprocess.run(command, input=f"x {box.keys[kind]}", capture_output=True, text=True, check=True)
    return said.stdout.split()[1]


# --- trust -----------------------------------------------------------------------------------------------------------


def test_a_script_records_the_key_of_a_fingerprint(shelf: Shelf, boxes: Tree, box: Box) -> None:
    shelf.add("n100", box)
    said = shelf.trust("--limit=n100", f"--fingerprint={fingerprint(boxes.start())}", code=2)
    assert "n100: it has no host key SHA256:" in said
    assert "nothing was recorded" in said
    assert shelf.recorded() == []
    shelf.trust("--limit=n100", f"--fingerprint={fingerprint(box, 'rsa')}")
    assert shelf.recorded() == [box.known(kind="rsa").strip()]


def test_a_key_is_recorded_for_a_yes_only(shelf: Shelf, boxes: Tree, box: Box) -> None:
    other = boxes.start()
    shelf.add("n100", box, trust_answer="yes")
    shelf.add("n101", other, trust_answer="no")
    said = shelf.run(BIN / "ansible-playbook", "playbooks/trust.yml", "--limit=n100,n101", code=2)
    assert fingerprint(box) in said
    assert fingerprint(other) in said
    assert "n101: nothing was recorded, because the answer was not yes" in said
    assert shelf.recorded() == [box.known().strip()]


def trust(shelf: Shelf, wanted: str = "") -> Found:
    """Do what the play does for the one box of a shelf."""
    [(name, variables)] = shelf.hosts.items()
    found = look(host_of(name, variables), wanted)
    record(found.line, Path(found.file))
    return found


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_box_with_keys_of_one_kind_is_trusted_by_that(shelf: Shelf, boxes: Tree, kind: str) -> None:
    box = boxes.start(kind)
    shelf.add("n100", box)
    found = trust(shelf)
    assert (found.kind, found.fingerprint) == (kind, fingerprint(box, kind))
    assert shelf.recorded() == [box.known(kind=kind).strip()]


def test_a_name_of_sshs_configuration_is_trusted_under_the_name_that_ssh_looks_for(shelf: Shelf, box: Box) -> None:
    shelf.config.write_text(f"Host pantry\nHostName 127.0.0.1\nPort {box.port}\nHostKeyAlias pantry-box\nUser me\n")
    shelf.add("pantry", box, ansible_host=None, ansible_port=None, ansible_ssh_user=None)
    trust(shelf)
    assert shelf.recorded() == [box.known("pantry-box").strip()]


def test_a_key_takes_the_place_of_the_one_before_and_all_else_stays(shelf: Shelf, boxes: Tree, box: Box) -> None:
    other = boxes.start()
    kept = f"{other.known('elsewhere')}# 실험실\n@cert-authority * {other.keys['ed25519']}\n".encode("euc-kr")
    shelf.known.write_bytes(kept + other.known(f"[127.0.0.1]:{box.port}").encode())
    shelf.add("n100", box)
    assert trust(shelf).others
    assert shelf.known.read_bytes() == kept + box.known().encode()
    assert not trust(shelf).others


def test_a_file_that_is_a_link_stays_one(shelf: Shelf, box: Box, tmp_path: Path) -> None:
    shelf.known.symlink_to(tmp_path / "dotfiles")
    shelf.add("n100", box)
    trust(shelf)
    assert shelf.known.is_symlink()
    assert (tmp_path / "dotfiles").read_text() == box.known()


def test_a_revoked_key_is_not_recorded(shelf: Shelf, box: Box) -> None:
    revoked = box.known("somewhere", marker="@revoked ")
    shelf.known.write_text(revoked)
    shelf.add("n100", box)
    with pytest.raises(NotTrustedError, match="n100: its host key was revoked"):
        trust(shelf)
    assert shelf.known.read_text() == revoked


def test_a_box_behind_a_gateway_is_trusted_once_the_gateway_is(shelf: Shelf, boxes: Tree, box: Box) -> None:
    gateway = boxes.start()
    shelf.config.write_text(f'UserKnownHostsFile "{shelf.known}"\nIdentityFile {boxes.key}\n')
    shelf.add("n100", box, ansible_ssh_extra_args=f"-J me@127.0.0.1:{gateway.port}")
    with pytest.raises(NotTrustedError, match=rf"its gateway \[127.0.0.1\]:{gateway.port} is not recorded yet"):
        trust(shelf)
    shelf.known.write_text(gateway.known())
    trust(shelf)
    assert shelf.recorded() == [gateway.known().strip(), box.known().strip()]


def test_where_nobody_listens_that_is_said(shelf: Shelf, box: Box) -> None:
    shelf.add("n100", box, ansible_port=1)
    with pytest.raises(UnreachableError, match=r"n100: can't be reached at 127.0.0.1 \(it refuses connections"):
        trust(shelf)


# --- verbs -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(shelf: Shelf, box: Box) -> Shelf:
    """Two boxes that are trusted; their pgladder says what a test has it say."""
    shelf.known.write_text(box.known())
    shelf.add("good", box)
    shelf.add("bad", box, bench_user="me")
    return shelf


def test_a_box_that_sends_too_much_is_named_and_the_others_go_on(two: Shelf, boxes: Tree) -> None:
    large = tarfile.TarInfo("samples/1.jsonl")
    large.size = 2_500_000_000
    boxes.run("cat >/srv/large", stdin=large.tobuf(tarfile.USTAR_FORMAT).decode())
    boxes.says(
        '[ "$(id -un)" = me ] || { echo "pgladder: there is no run r1 there" >&2; exit 2; }; cat /srv/large; exec yes'
    )
    said = two.run(*FAB, "pull", "--run=r1", code=1)
    assert (
        "bad: 'samples/1.jsonl' shall have 2,500,000,000 bytes; in a run it has 67,108,864 at most; nothing more"
        in said
    )
    assert "good: there is no run r1 there" in said


def test_a_pull_of_what_is_no_run_is_refused(two: Shelf, boxes: Tree) -> None:
    boxes.says("head -c 512 /dev/zero; exec sleep 30")
    assert "bad: what came is no run" in two.run(*FAB, "pull", "--limit=bad", "--run=r1", code=2)


@pytest.mark.parametrize("verb", ["cancel", "follow"])
def test_a_box_of_an_earlier_release_is_to_be_provisioned(two: Shelf, boxes: Tree, verb: str) -> None:
    boxes.says('shift; echo "pgladder: unrecognized arguments: $* (see pgladder box --help)" >&2; exit 2')
    said = two.run(*FAB, verb, "--limit=good", "--run=r1", code=2)
    assert "good: it runs another pgladder, which can't do this step: make provision" in said


def test_a_step_is_asked_for_in_the_boxs_own_words_with_the_rights_it_needs(two: Shelf, boxes: Tree) -> None:
    boxes.says('echo "pgladder: $(id -un) was asked for: $*, $(wc -c) bytes" >&2; exit 1')
    said = two.run(*FAB, "cancel", "--limit=good", "--run=r1", code=1)
    assert "good: could not be cancelled: root was asked for: box cancel r1, 0 bytes" in said
    said = two.run(*FAB, "follow", "--limit=good", "--run=r1", code=1)
    assert "good: the plan of run r1 could not be read: pgladder was asked for: box plan r1, 0 bytes" in said
    with (
        closing(two.link("")) as link,
        pytest.raises(RemoteError, match=r"root was asked for: box launch r1 .*, 4 bytes"),
    ):
        launch(link, "r1", b"plan", "me at home")


# --- Ansible's own ssh -----------------------------------------------------------------------------------------------


ASK = [BIN / "ansible", "n100", "-m", "ansible.builtin.raw", "-a"]
BY_GATEWAY = [
    "-o ProxyJump=me@127.0.0.1:{port}",
    "-J me@127.0.0.1:{port}",
    "-o ProxyCommand='ssh -F {config} -o StrictHostKeyChecking=no -i {key} -p {port} -W %h:%p me@127.0.0.1'",
]


@pytest.fixture
def lax(shelf: Shelf, boxes: Tree) -> Shelf:
    """A configuration of ssh that lets in any host key, and remembers no new one."""
    text = f'StrictHostKeyChecking no\nIdentityFile {boxes.key}\nUserKnownHostsFile "{shelf.known}"\n'
    shelf.config.write_text(f"{text}UpdateHostKeys no\nNoHostAuthenticationForLocalhost yes\n")
    return shelf


def alone(shelf: Shelf, **variables: object) -> dict[str, object]:
    """Return variables of a box whose connection no other test keeps open."""
    return {"ansible_control_path_dir": str(shelf.folder / "cp"), **variables}


@pytest.mark.parametrize("way", one_of(*BY_GATEWAY))
def test_ansible_wants_the_host_key_of_a_gateway_recorded_too(lax: Shelf, boxes: Tree, box: Box, way: str) -> None:
    gateway = boxes.start()
    lax.add(
        "n100",
        box,
        **alone(lax, ansible_ssh_extra_args=way.format(config=lax.config, port=gateway.port, key=boxes.key)),
    )
    for recorded in ("", f"[127.0.0.1]:{gateway.port} {box.keys['rsa']}\n"):
        lax.known.write_text(box.known() + recorded)
        assert "n100 | UNREACHABLE" in lax.run(*ASK, "echo it is me", code=4)
        assert lax.recorded() == (box.known() + recorded).splitlines()
    lax.known.write_text(box.known() + gateway.known())
    assert "it is me" in lax.run(*ASK, "echo it is me")


@pytest.mark.parametrize("more", one_of({"ansible_host_key_checking": "false"}, {}, {"ansible_ssh_args": "-C"}))
def test_ansible_lets_in_no_key_that_is_not_recorded_whatever_a_configuration_says(
    lax: Shelf, box: Box, more: dict[str, object]
) -> None:
    lax.add("n100", box, **alone(lax, **more))
    said = lax.run(*ASK, "echo it is me", code=4)
    assert "rc=0 >> it is me" not in said
    assert lax.recorded() == []
    lax.known.write_text(box.known())
    assert bool(more.get("ansible_host_key_checking")) or "rc=0 >> it is me" in lax.run(*ASK, "echo it is me")


@pytest.mark.parametrize("variable", one_of("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args"))
def test_an_argument_of_the_inventory_that_switches_the_check_off_does_not(
    shelf: Shelf, box: Box, boxes: Tree, variable: str
) -> None:
    known = f'-o UserKnownHostsFile="{shelf.known}"'
    words = f"-F none -i {boxes.key} -o StrictHostKeyChecking=no -o NoHostAuthenticationForLocalhost=yes '{known}'"
    shelf.add("n100", box, **alone(shelf, **{"ansible_ssh_common_args": None, variable: words}))
    assert "n100 | UNREACHABLE" in shelf.run(*ASK, "echo it is me", code=4)
    assert "n100: its host key is not recorded yet: make trust" in shelf.run(*FAB, "status", "--limit=n100", code=2)
    assert shelf.recorded() == []
    shelf.known.write_text(box.known())
    assert "it is me" in shelf.run(*ASK, "echo it is me")


@pytest.mark.parametrize("script", one_of("exec yes", "exec yes >&2", "exec tr '\\0' x </dev/zero"))
def test_a_box_that_sends_without_end_to_ansible_is_dropped(shelf: Shelf, box: Box, script: str) -> None:
    shelf.known.write_text(box.known())
    shelf.add("n100", box, **alone(shelf))
    assert "pgladder: it sends more than 16,777,216 bytes: see to what runs there" in shelf.run(*ASK, script, code=4)
    said = shelf.run(*ASK, "head -c 9000000 /dev/zero | tr '\\0' x; echo it is whole", code=0)
    assert "xx it is whole" in said.replace("xit", "x it")


def test_a_file_reaches_a_box_by_the_same_ssh(shelf: Shelf, box: Box, tmp_path: Path) -> None:
    shelf.known.write_text(box.known())
    shelf.add("n100", box, **alone(shelf, ansible_sftp_executable="/bin/false", ansible_scp_executable="/bin/false"))
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4096)
    copy = f"src={tmp_path}/file dest=/home/me/file"
    shelf.run(BIN / "ansible", "n100", "-m", "ansible.builtin.copy", "-a", copy)
    assert "1048576" in shelf.run(*ASK, "wc -c /home/me/file")


def doctor(limit: str = "n100") -> list[object]:
    """Return the words that ask the doctor of boxes."""
    return [
        BIN / "python",
        "-m",
        "bench.remote.where",
        f"--limit={limit}",
        "--",
        BIN / "python",
        "-m",
        "bench.cli.doctor",
    ]


def test_the_doctor_takes_no_ssh_of_the_inventorys_own_and_names_one_that_is_named_by_its_path_and_a_box_without_end(
    lax: Shelf, boxes: Tree, box: Box
) -> None:
    endless = boxes.start(config="ForceCommand yes")
    lax.known.write_text(endless.known())
    lax.add("a", box, **alone(lax, ansible_ssh_extra_args="-o 'ProxyCommand=/usr/bin/ssh -W %h:%p gw'"))
    lax.add("b", box, **alone(lax, ansible_ssh_executable="/usr/bin/ssh"))
    lax.add("c", endless, **alone(lax))
    said = " ".join(lax.run(*doctor("a,b,c"), code=1).replace("│", "").split())
    told = [
        "a ProxyCommand starts /usr/bin/ssh, which asks for no host key",
        "its host key is not recorded yet",
        "it sends more than 16,777,216 bytes",
    ]
    assert [each for each in told if said.count(each) != 1] == [], said
    assert sorted(told, key=said.index) == told, "each of its own box"


# --- sudo in another language ----------------------------------------------------------------------------------------


FOREIGN = {"ko_KR": "암호", "de_DE": "Passwort"}


@pytest.fixture(params=FOREIGN)
def foreign(request, shelf: Shelf, boxes: Tree) -> Iterator[Shelf]:
    """A box whose sudo asks for a password, and speaks Korean or German."""
    box = boxes.start(config=boxes.speaks(request.param))
    boxes.sudo_asks(asks=True)
    shelf.known.write_text(box.known())
    shelf.add("n100", box, **alone(shelf))
    assert FOREIGN[request.param] in shelf.run(*ASK, "sudo -n true", code=2)
    yield shelf
    boxes.sudo_asks(asks=False)


@pytest.mark.slow
def test_the_doctor_and_a_verb_know_a_sudo_of_another_language(foreign: Shelf) -> None:
    assert "SUDO=1 tries your password" in foreign.run(*doctor())
    assert "sudo did not accept the" in foreign.run(*doctor(), *given("wrong"), code=1)
    assert "with the password given" in foreign.run(*doctor(), *given(PASSWORD))
    for password, found in (("", "n100: sudo wants a password there"), ("wrong", "n100: sudo did not accept the")):
        with pytest.raises(NotAdmittedError, match=found), closing(foreign.link(password)) as link:
            link.run("true", user="pgladder")
    with closing(foreign.link(PASSWORD)) as link:
        assert link.run("id -un", user="pgladder").out == b"pgladder\n"
    foreign.hosts["n100"]["bench_user"] = "unheard"
    with pytest.raises(NotReadyError), closing(foreign.link(PASSWORD)) as link:
        link.run("true", user="unheard")


def given(password: str) -> list[str]:
    """Return the words that hand the doctor a sudo password."""
    return ["-e", json.dumps({"ansible_become_password": password})]
