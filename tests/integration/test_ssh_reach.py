"""What ssh reaches, pgladder reaches: real sshds, reached through configurations people have."""

import dataclasses
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.remote.errors import (
    NotAdmittedError,
    NotReadyError,
    RefusedError,
    RemoteError,
    TooMuchOutputError,
    UnreachableError,
)
from bench.remote.fan_out import steadily
from bench.remote.hosts import Host
from bench.remote.link import Link, Output
from bench.remote.openssh import SOCKET_BYTES
from bench.remote.secrets import Secrets
from tests.examples import one_of
from tests.integration.sshd import PASSWORD, Box, Tree, tree
from tests.integration.support import as_root, wait_for

pytestmark = as_root


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    with tree(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture(scope="module")
def box(boxes: Tree) -> Box:
    return boxes.start()


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return tmp_path / "known hosts"


def a_host(boxes: Tree, box: Box, known: Path | None = None, **more) -> Host:
    usual = {"name": "n100", "address": "127.0.0.1", "port": box.port, "user": "me", "key_file": boxes.key}
    words = () if "ssh_words" in more else ("-F", "none")
    return Host(**{**usual, "known_hosts": known, "ssh_words": words, **more})


def says(host: Host, **secrets: str) -> str:
    link = Link(host, Secrets({name.replace("_", " "): value for name, value in secrets.items()}))
    try:
        return link.run('echo "$1"', "it's me").out.decode().strip()
    finally:
        link.close()


def configured(tmp_path: Path, text: str) -> dict:
    """Return what a host of a ssh configuration is to Ansible: a name, and the file."""
    (tmp_path / "config").write_bytes(text.encode("euc-kr"))
    return {"port": None, "user": None, "key_file": None, "ssh_words": ("-F", str(tmp_path / "config"))}


def test_a_command_runs_and_its_words_arrive_as_they_are(boxes: Tree, box: Box, known: Path) -> None:
    known.write_text(box.known())
    assert says(a_host(boxes, box, known)) == "it's me"


# --- what a configuration says ---------------------------------------------------------------------------------------


def test_a_name_of_the_configuration_stands_for_all_that_it_says(
    boxes: Tree, box: Box, known: Path, tmp_path: Path
) -> None:
    known.write_text(box.known("lab-box"))
    (tmp_path / "more").write_text(f"Match host 127.0.0.1\n  Port {box.port}\n")
    text = f"""
        # 실험실
        Host n*
          HostName 127.0.0.1
          User me
          HostKeyAlias lab-box
          UserKnownHostsFile "{known}"
          IdentityFile {tmp_path}/missing
          IdentityFile {boxes.key}
          ProxyJump none
        Include {tmp_path}/more
    """
    host = a_host(boxes, box, **configured(tmp_path, text), address="n100")
    assert says(host) == "it's me"


def test_keys_of_an_agent_that_the_configuration_names_are_taken(
    boxes: Tree, box: Box, known: Path, tmp_path: Path
) -> None:
    known.write_text(box.known())
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.DEVNULL)
    try:
        wait_for((tmp_path / "agent").exists, "the agent listens", 20)
        env = {"SSH_AUTH_SOCK": str(tmp_path / "agent"), "PATH": "/usr/bin"}
        subprocess.run(["ssh-add", "-q", boxes.key], env=env, check=True)
        text = f'IdentityAgent {tmp_path}/agent\nUserKnownHostsFile "{known}"\nUser me\nPort {box.port}\n'
        assert says(a_host(boxes, box, **configured(tmp_path, text))) == "it's me"
    finally:
        agent.terminate()
        agent.wait()


def test_a_session_answers_though_a_configuration_wants_none(
    boxes: Tree, box: Box, known: Path, tmp_path: Path
) -> None:
    known.write_text(box.known())
    (tmp_path / "config").write_text("StdinNull yes\nForkAfterAuthentication yes\nSessionType none\n")
    assert says(a_host(boxes, box, known, ssh_words=("-F", str(tmp_path / "config")))) == "it's me"


def test_a_key_of_the_inventory_that_is_not_there_is_passed_over(boxes: Tree, box: Box, known: Path) -> None:
    known.write_text(box.known())
    host = a_host(boxes, box, known, key_file=Path("/none"), ssh_words=("-F", "none", "-i", str(boxes.key)))
    assert says(host) == "it's me"


def test_the_systems_host_keys_count_too(boxes: Tree, box: Box, tmp_path: Path) -> None:
    (tmp_path / "system").write_text(box.known("[127.0.0.*]:*,!elsewhere"))
    text = f"GlobalKnownHostsFile {tmp_path}/system\nUserKnownHostsFile {tmp_path}/none\n"
    host = a_host(boxes, box, **configured(tmp_path, text) | {"user": "me", "port": box.port, "key_file": boxes.key})
    assert says(host) == "it's me"


# --- host keys -------------------------------------------------------------------------------------------------------


def refused(host: Host, **secrets: str) -> str:
    with pytest.raises(RemoteError) as why:
        says(host, **secrets)
    return f"{type(why.value).__name__}: {why.value}"


def test_a_key_that_is_not_recorded_is_refused_whatever_a_configuration_says(
    boxes: Tree, box: Box, tmp_path: Path
) -> None:
    text = f"StrictHostKeyChecking no\nNoHostAuthenticationForLocalhost yes\nUserKnownHostsFile {tmp_path}/none\n"
    host = a_host(boxes, box, **configured(tmp_path, text) | {"user": "me", "port": box.port, "key_file": boxes.key})
    assert refused(host) == "NotTrustedError: n100: its host key is not recorded yet: make trust"


def test_another_key_than_the_recorded_one_is_refused(boxes: Tree, box: Box, known: Path) -> None:
    known.write_text(f"[127.0.0.1]:{box.port} {boxes.start().keys['ed25519']}\n")
    assert "NotTrustedError: n100: its host key is not the one recorded; if" in refused(a_host(boxes, box, known))


def test_a_revoked_key_is_refused(boxes: Tree, box: Box, known: Path) -> None:
    known.write_text(box.known() + box.known(marker="@revoked ", name="*"))
    assert "NotTrustedError: n100: its host key was revoked" in refused(a_host(boxes, box, known))


def test_damaged_lines_and_comments_in_any_encoding_are_passed_over(boxes: Tree, box: Box, known: Path) -> None:
    damaged = b"what\n[127.0.0.1]:1 ssh-ed25519 AAAA%\n|1|no|hash ssh-rsa\n@cert-authority\n"
    known.write_bytes("# 실험실\n".encode("euc-kr") + damaged + box.known().encode())
    assert says(a_host(boxes, box, known)) == "it's me"


def test_a_hashed_name_is_known(boxes: Tree, box: Box, known: Path) -> None:
    known.write_text(box.known())
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
    assert says(a_host(boxes, box, known)) == "it's me"


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_box_whose_recorded_key_is_of_another_kind_is_known_by_that(boxes: Tree, known: Path, kind: str) -> None:
    box = boxes.start("ed25519", kind)
    known.write_text(box.known(kind=kind))
    assert says(a_host(boxes, box, known)) == "it's me"


# --- gateways --------------------------------------------------------------------------------------------------------


WAYS = [
    "-o ProxyJump=me@127.0.0.1:{port}",
    "-J me@127.0.0.1:{port}",
    '-o ProxyCommand="ssh -F {config} -i {key} -p {port} -W %h:%p me@127.0.0.1"',
]


@pytest.fixture(params=one_of(*WAYS), ids=["ProxyJump", "J", "ProxyCommand"])
def behind(request, boxes: Tree, box: Box, known: Path, tmp_path: Path):
    """A box behind a gateway; by what known_hosts says of either."""
    gateway = boxes.start()
    config = tmp_path / "config"
    config.write_text(f'StrictHostKeyChecking no\nIdentityFile {boxes.key}\nUserKnownHostsFile "{known}"\n')
    words = shlex.split(request.param.format(config=config, port=gateway.port, key=boxes.key))

    def host(*lines: str) -> Host:
        known.write_text("".join(lines))
        return a_host(boxes, box, ssh_words=("-F", str(config), *words))

    return host, gateway


def test_a_box_behind_a_gateway_is_reached(behind, box: Box) -> None:
    host, gateway = behind
    assert says(host(box.known(), gateway.known())) == "it's me"


def test_a_gateway_whose_key_is_not_recorded_is_refused(behind, box: Box) -> None:
    host, gateway = behind
    said = refused(host(box.known()))
    assert said.startswith(
        f"NotTrustedError: n100: the host key of its gateway [127.0.0.1]:{gateway.port} is not recorded"
    )
    assert said.endswith(f"make trust HOST=127.0.0.1 PORT={gateway.port}")


def test_a_gateway_with_another_key_than_the_recorded_one_is_refused(behind, box: Box) -> None:
    host, gateway = behind
    said = refused(host(box.known(), f"[127.0.0.1]:{gateway.port} {box.keys['ed25519']}\n"))
    assert f"its gateway [127.0.0.1]:{gateway.port} is not the one recorded" in said


# --- passwords -------------------------------------------------------------------------------------------------------


@pytest.fixture
def by_password(boxes: Tree, box: Box, known: Path) -> Host:
    known.write_text(box.known())
    return a_host(boxes, box, known, key_file=None, ssh_words=("-F", "none", "-o", "PubkeyAuthentication=no"))


def test_a_password_lets_in_where_no_key_does(by_password: Host) -> None:
    assert says(by_password, SSH_password=PASSWORD) == "it's me"


def test_the_inventorys_password_does_too(by_password: Host) -> None:
    assert says(dataclasses.replace(by_password, password=PASSWORD)) == "it's me"


def test_a_wrong_password_is_told(by_password: Host) -> None:
    assert refused(by_password, SSH_password="wrong") == (
        "NotAdmittedError: n100: sshd does not accept me at 127.0.0.1: ssh-copy-id your key, or name another by KEY="
    )


def test_a_password_of_the_box_is_not_given_to_its_gateway(boxes: Tree, box: Box, known: Path) -> None:
    gateway = boxes.start()
    known.write_text(box.known() + gateway.known(f"[localhost]:{gateway.port}"))
    words = ("-F", "none", "-o", "PubkeyAuthentication=no", "-J", f"me@localhost:{gateway.port}")
    host = a_host(boxes, box, known, key_file=None, password=PASSWORD, ssh_words=words)
    assert "its gateway does not let in me@localhost" in refused(host)


def test_a_key_with_a_passphrase_is_opened_with_it(boxes: Tree, box: Box, known: Path, tmp_path: Path) -> None:
    known.write_text(box.known())
    closed = tmp_path / "key"
    shutil.copy(boxes.key, closed)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", closed], check=True)
    host = a_host(boxes, box, known, key_file=closed)
    assert says(host, passphrase="open sesame") == "it's me"
    assert "NotAdmittedError: n100: the SSH key has a passphrase: ssh-add it first" in refused(host)


# --- sudo ------------------------------------------------------------------------------------------------------------


ECHO = 'cat; echo "by $(id -un)"'


@pytest.fixture
def let_in(boxes: Tree, box: Box, known: Path) -> Iterator[Host]:
    known.write_text(box.known())
    yield a_host(boxes, box, known)
    boxes.sudo_asks(asks=False)


@pytest.fixture
def link(let_in: Host) -> Iterator[Link]:
    link = Link(dataclasses.replace(let_in, sudo_password=PASSWORD), Secrets())
    yield link
    link.give_up()


@pytest.mark.parametrize("asks", [True, False])
def test_the_password_goes_to_sudo_where_it_asks_and_to_nothing_else(boxes: Tree, link: Link, asks: bool) -> None:
    for now in (asks, not asks):  # what it did at first says nothing of what it does next
        boxes.sudo_asks(now)
        said = link.run(ECHO, user="pgladder", stdin=b"a plan\n")
        assert said.out.decode() == "a plan\nby pgladder\n"
        assert PASSWORD not in said.err
        assert "pgladder-" not in said.err


def test_a_command_that_asks_as_sudo_does_is_given_no_password(link: Link) -> None:
    script = "echo '[sudo] password for me:' >&2; echo 'pgladder-asks-' >&2; cat"
    assert link.run(script, user="pgladder", stdin=b"a plan\n").out == b"a plan\n"


def test_a_wrong_sudo_password_is_given_once(boxes: Tree, let_in: Host) -> None:
    boxes.sudo_asks(asks=True)
    link = Link(dataclasses.replace(let_in, sudo_password="wrong"), Secrets())
    with pytest.raises(NotAdmittedError, match="n100: sudo did not accept the password"):
        link.run(ECHO, user="pgladder")
    link.give_up()


def test_where_nobody_knows_the_sudo_password_that_is_said(boxes: Tree, let_in: Host) -> None:
    boxes.sudo_asks(asks=True)
    link = Link(let_in, Secrets())
    with pytest.raises(NotAdmittedError, match="sudo wants a password there: run this again from a terminal"):
        link.run(ECHO, user="pgladder")
    link.give_up()


def test_a_user_that_the_box_lacks_is_pgladders(link: Link) -> None:
    link.host = dataclasses.replace(link.host, agent_user="nobody-here")
    with pytest.raises(NotReadyError):
        link.run("true", user="nobody-here")


# --- a box that sends too much, or nothing ---------------------------------------------------------------------------


ENDLESS = {"output": "exec yes", "a line": "exec tr '\\0' x </dev/zero", "complaints": "exec yes >&2"}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_box_that_answers_without_end_is_dropped(link: Link, script: str) -> None:
    with pytest.raises(TooMuchOutputError, match="n100: it sends "):
        link.run(script, user="pgladder")


def test_a_login_that_speaks_without_end_is_dropped(boxes: Tree, let_in: Host) -> None:
    loud = boxes.start(config="ForceCommand yes")
    let_in.known_hosts.write_text(loud.known())
    assert "its login shell prints without end" in refused(dataclasses.replace(let_in, port=loud.port))


@pytest.mark.parametrize("user", ["", "pgladder"])
def test_a_sshd_that_opens_one_session_only_is_told(boxes: Tree, let_in: Host, user: str) -> None:
    narrow = boxes.start(config="MaxSessions 1")
    let_in.known_hosts.write_text(narrow.known())
    link = Link(dataclasses.replace(let_in, port=narrow.port), Secrets())
    with pytest.raises(RefusedError, match=r"n100: .* set MaxSessions in its /etc/ssh/sshd_config to 10"):
        link.run("true", user=user)
    link.give_up()


def test_a_greeting_is_passed_over(boxes: Tree, let_in: Host) -> None:
    greeting = boxes.start(config='ForceCommand echo "Welcome!"; eval "$SSH_ORIGINAL_COMMAND"')
    let_in.known_hosts.write_text(greeting.known())
    assert says(dataclasses.replace(let_in, port=greeting.port)).splitlines() == ["Welcome!", "it's me"]


def test_a_program_that_hangs_is_given_up_though_its_sshd_answers(link: Link) -> None:
    tries = []

    def step(link: Link) -> Output:
        tries.append(1)
        return link.run("exec sleep 600", timeout_s=1)

    with pytest.raises(UnreachableError, match="n100: it can be reached, and does not answer"):
        steadily(link, step, lambda _: None, patience_s=1)
    assert len(tries) == 1


def test_a_connection_that_was_cut_is_opened_again(link: Link) -> None:
    cut = []

    def step(link: Link) -> Output:
        if not cut:
            cut.append(link.run("echo $PPID"))
            link.run('kill -9 "$(ps -o ppid= -p $PPID | tr -d " ")"', user="root")
        return link.run("echo here")

    told = []
    assert steadily(link, step, told.append).out == b"here\n"
    assert [sentence.partition(" (")[0] for sentence in told] == ["n100: the connection was lost"]


def test_whoever_gives_up_waits_no_longer(link: Link) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(link.run, "exec sleep 600", timeout_s=500)
        wait_for(lambda: link.reached, "it is connected", 20)
        link.give_up()
        with pytest.raises(UnreachableError):
            waiting.result(20)


@pytest.mark.parametrize("length", [SOCKET_BYTES, SOCKET_BYTES + 1, 200])
def test_a_long_temporary_folder_is_passed_over(let_in: Host, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        folder = Path(short, "t" * (length - len(short) - 1))
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        link = Link(let_in, Secrets())
        assert link.run("echo here").out == b"here\n"
        assert bool(list(folder.iterdir())) == (length == SOCKET_BYTES)
        link.close()


def test_nothing_is_left_of_a_connection(link: Link) -> None:
    ours = f"pgladder-ssh-{os.getpid()}-*"
    before = set(Path(tempfile.gettempdir()).glob(ours))
    link.run("true")
    [made] = set(Path(tempfile.gettempdir()).glob(ours)) - before
    assert made.stat().st_mode & 0o777 == 0o700
    link.close()
    assert not made.exists()


def test_nothing_goes_on_for_one_that_was_killed(let_in: Host, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from pathlib import Path, PosixPath\n"
        "from bench.remote.hosts import Host\n"
        "from bench.remote.link import Link\n"
        "from bench.remote.secrets import Secrets\n"
        f"Link({let_in!r}, Secrets()).run('exec tail -F /var/log/4242', timeout_s=500)\n"
    )
    killed = subprocess.Popen([sys.executable, program])
    wait_for(_listens, "the command runs", 60)
    killed.kill()
    killed.wait()
    wait_for(lambda: not _listens(), "the command has ended", 60)
    left = f"pgladder-ssh-{killed.pid}-*"
    wait_for(lambda: not list(Path(tempfile.gettempdir()).glob(left)), "its folder is gone", 60)


def _listens() -> bool:
    """Tell whether the box's tail is there; ssh's own words have blanks in between."""
    command = ["pgrep", "-fx", "tail -F /var/log/4242"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
