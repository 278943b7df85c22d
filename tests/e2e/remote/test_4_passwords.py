"""A box whose sudo wants a password, and one that SSH lets in by password: asked for once, shown and kept nowhere."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import BIN, CHECKOUT, Lab
from tests.e2e.remote.control import Control

BOX, SECRET = "rm2", "correct horse"
WANT = f"""
echo 'minipc:{SECRET}' | sudo chpasswd
echo 'minipc ALL=(ALL) ALL' | sudo tee /etc/sudoers.d/minipc >/dev/null
"""
WANT_NONE = f"echo '{SECRET}' | sudo -S sh -c 'echo \"minipc ALL=(ALL) NOPASSWD:ALL\" >/etc/sudoers.d/minipc'"


@pytest.fixture(autouse=True)
def _sudo_wants_a_password(lab: Lab):
    lab.run(BOX, WANT)
    yield
    lab.run(BOX, WANT_NONE)


def at_a_terminal(control: Control, inventory: Path, typed: dict[str, str]) -> tuple[int, str]:
    """Call `fab status` at a terminal, and type what it asks for; return exit code and screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["ANSIBLE_INVENTORY"] = f"{CHECKOUT / 'inventory'},{inventory}"
        os.environ.pop("SSH_AUTH_SOCK", None)
        os.chdir(control.folder)
        os.execv(BIN / "fab", ["fab", "--search-root", str(CHECKOUT), "status", f"--limit={BOX}"])
    screen = b""
    while chunk := _read(terminal):
        screen += chunk
        for prompt in [each for each in typed if each.encode() in screen]:
            os.write(terminal, typed.pop(prompt).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), " ".join(screen.decode().split())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody is at the other end any more
        return b""


def test_the_sudo_password_is_asked_for_and_not_shown(lab: Lab, control: Control) -> None:
    code, screen = at_a_terminal(control, lab.files / "lab.yml", {"sudo password": SECRET})
    assert code == 0, screen
    assert screen.count("sudo password (used now, not stored)") == 1
    assert SECRET not in screen
    assert BOX in screen


@pytest.mark.slow
def test_a_wrong_sudo_password_is_told(lab: Lab, control: Control) -> None:
    code, screen = at_a_terminal(control, lab.files / "lab.yml", {"sudo password": "wrong"})
    assert code == 1
    assert "rm2: sudo did not accept the password" in screen


def test_without_a_terminal_nobody_is_asked(control: Control) -> None:
    assert "rm2: sudo wants a password there: run this again from a terminal." in control.fab(
        "status", f"--limit={BOX}"
    ).ends(1)


@pytest.mark.slow
def test_ssh_lets_in_by_password_where_no_key_does(lab: Lab, control: Control, tmp_path: Path) -> None:
    inventory = tmp_path / "lab.yml"
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    inventory.write_text((lab.files / "lab.yml").read_text().replace(str(lab.files / "keys/id_ed25519"), str(other)))
    code, screen = at_a_terminal(control, inventory, {"SSH password": SECRET, "sudo password": SECRET})
    assert code == 0, screen
    assert SECRET not in screen
