"""A box as it comes: what is refused, and that a refusal changes nothing."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.boxes import BOXES
from tests.e2e.lab import BIN, CHECKOUT, COMMON, Lab, changed, quoted, sentence
from tests.examples import one_of, slow

BOX = BOXES[0]


@pytest.fixture(scope="module", autouse=True)
def _untouched(lab: Lab, as_found: set[str]):
    yield
    assert lab.snapshot(BOX) == as_found


def test_a_lab_that_is_up_stays_as_it_is(lab: Lab) -> None:
    said = lab.up()
    assert said.count("changed=0") == said.count("changed=")


def test_a_box_is_debian_with_systemd_and_sshd_and_no_python(lab: Lab) -> None:
    host = lab.host(BOX)
    assert host.system_info.distribution == "debian"
    assert host.process.get(pid=1).comm == "systemd"
    assert host.service("ssh").is_running
    assert not host.exists("python3")
    assert host.check_output("systemctl is-system-running") == "running"


def test_the_first_check_reports_the_missing_python_and_ends(lab: Lab) -> None:
    said = lab.play("provision", BOX, "--check", "--diff")
    assert said.returncode == 0, said.stdout
    assert "has no Python" in said.stdout
    assert changed(said, BOX) == 1  # the report


@pytest.mark.parametrize(
    ("variable", "names"),
    [
        ("host_swappiness=900", "host_swappiness is 900; it is a whole number from 0 to 200"),
        slow("host_transparent_huge_pages=sometimes", "host_transparent_huge_pages"),
        slow("postgresql_variant=stokc", "postgresql_variant is stokc. The variants are async-commit, big-wal"),
        slow('{"bench_user": "minipc", "postgresql_owner": "minipc"}', "a user minipc that pgladder did not make"),
    ],
)
def test_a_wrong_variable_stops_before_anything_is_touched(lab: Lab, variable: str, names: str) -> None:
    said = lab.play("provision", BOX, "-e", variable)
    assert said.returncode != 0
    assert names in " ".join(said.stdout.split())


@pytest.mark.slow
def test_a_box_that_can_not_be_reached_or_is_another_than_before_is_named(lab: Lab, tmp_path: Path) -> None:
    address, other = lab.address(BOX), tmp_path / "other"
    other.write_text(f"{address} {lab.run(BOXES[1], 'cat /etc/ssh/ssh_host_ed25519_key.pub')}")
    boxes = {
        "unknown": {"known_hosts_file": str(tmp_path / "none")},
        "changed": {"known_hosts_file": str(other)},
        "elsewhere": {"ansible_port": 2222},
    }
    known = _in_inventory(lab)
    shelf = tmp_path / "shelf.yml"  # connected anew: the host key of a connection kept open was checked before
    hosts = {name: known | each | {"ansible_control_path": str(tmp_path / name)} for name, each in boxes.items()}
    shelf.write_text(json.dumps({"all": {"hosts": hosts}}))
    said = subprocess.run([*Lab.command("provision"), "-i", "inventory", "-i", shelf], check=False, **COMMON)
    assert "its host key is not recorded yet; `make trust LIMIT=unknown`" in sentence(said, "unknown")
    assert "its host key is not the one recorded" in sentence(said, "changed")
    assert "no sshd listens" in sentence(said, "elsewhere")


def _in_inventory(lab: Lab) -> dict[str, str]:
    command = [BIN / "ansible-inventory", "-i", lab.files / "lab.yml", "--host", BOX]
    return json.loads(subprocess.run(command, check=True, **COMMON).stdout)


@pytest.mark.parametrize("verb", one_of("launch", "pull", "follow", "cancel"))
def test_a_box_that_was_not_made_ready_is_told_so(lab: Lab, tmp_path: Path, verb: str) -> None:
    inventory = os.environ | {"ANSIBLE_INVENTORY": f"{CHECKOUT / 'inventory'},{lab.files / 'lab.yml'}"}
    fab = [BIN / "fab", "--search-root", CHECKOUT, verb, f"--limit={BOX}", "--run=none"]
    said = subprocess.run(fab, check=False, **COMMON | {"cwd": tmp_path, "env": inventory})
    assert (said.returncode, said.stderr.strip()) == (
        2,
        f"{BOX}: it has no pgladder; make it ready: make provision (exit code 2)",
    )


@pytest.mark.slow
def test_trust_shows_and_records_the_key(lab: Lab, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"{lab.address(BOX)} {lab.run(BOXES[1], 'cat /etc/ssh/ssh_host_ed25519_key.pub')}")
    refused = lab.play("trust", BOX, "-e", f"known_hosts_file={known}")
    assert "another key is recorded; was it reinstalled?" in refused.stdout
    assert "nothing was recorded" in sentence(refused, BOX)
    said = lab.play("trust", BOX, "-e", f"known_hosts_file={known}", "-e", "trust_answer=yes")
    assert said.returncode == 0, said.stdout
    key = lab.run(BOX, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    [recorded] = known.read_text().splitlines()
    assert key in recorded
    assert lab.run(BOX, "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub").split()[1] in said.stdout


@pytest.mark.slow
def test_a_full_disk_is_named(lab: Lab) -> None:
    free_mb = int(lab.run(BOX, "df --output=avail -BM /var | sed '1d; s/[^0-9]//g'"))
    lab.run(BOX, f"sudo fallocate -l {free_mb - 500}M /var/tmp/filler")
    said = lab.play("provision", BOX)
    lab.run(BOX, "sudo rm /var/tmp/filler")
    assert "its disk is full" in sentence(said, BOX)


OTHER = "/usr/lib/os-release"


@pytest.mark.slow  # the words are those of unit/inventory/test_wrong_variables
@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        (OTHER, "ID=debian; VERSION_ID=11", "runs debian 11; pgladder supports Debian 12"),
        ("/bin/uname", "#!/bin/sh\necho aarch64", "its processor is aarch64, and packages that pgladder brings"),
    ],
)
def test_another_system_is_refused(lab: Lab, file: str, text: str, names: str) -> None:
    with _pretending(lab, file, text):
        said = lab.play("provision", BOX)
    assert names in sentence(said, BOX)


@pytest.mark.slow
def test_another_system_is_gone_on_with_where_told_to(lab: Lab) -> None:
    with _pretending(lab, OTHER, "ID=linuxmint; VERSION_ID=22"):
        said = lab.play("provision", BOX, "--check", "-e", "host_any_system=true")
    assert said.returncode == 0, said.stdout
    assert "has no Python" in said.stdout


@contextmanager
def _pretending(lab: Lab, file: str, text: str) -> Iterator[None]:
    lab.run(BOX, f"echo {quoted(text)} >/tmp/other && chmod +x /tmp/other && sudo mount --bind /tmp/other {file}")
    yield
    lab.run(BOX, f"sudo umount {file} && rm /tmp/other")


@contextmanager
def _sudo_wants_a_password(lab: Lab) -> Iterator[None]:
    lab.run(BOX, "sudo mv /etc/sudoers.d/minipc /var/tmp/ && true")
    yield
    root = Path(f"/var/lib/{lab.name}-lab") / BOX / "root"
    subprocess.run(["mv", root / "var/tmp/minipc", root / "etc/sudoers.d/minipc"], check=True)


WRONG = ("-e", "ansible_become_password=wrong")


@pytest.mark.parametrize("play", one_of("provision", "teardown"))
def test_a_wrong_sudo_password_is_named(lab: Lab, play: str) -> None:
    with _sudo_wants_a_password(lab):
        said = lab.play(play, BOX, *WRONG)
    assert "sudo did not accept the password" in sentence(said, BOX)


@pytest.mark.slow
def test_the_doctor_names_it_too(lab: Lab) -> None:
    with _sudo_wants_a_password(lab):
        found = _doctor(lab, *WRONG)
    assert found == {"sudo": "sudo did not accept the password given"}


def test_without_boxes_it_says_how_to_get_some(tmp_path: Path) -> None:
    shelf = tmp_path / "hosts.yml"
    shelf.write_text("minipcs: {hosts: {}}")
    said = subprocess.run([*Lab.command("provision"), "-i", shelf], check=False, **COMMON)
    assert said.returncode != 0
    assert "There are no boxes: name one by HOST=address" in " ".join(said.stdout.split())


def _doctor(lab: Lab, *more: str) -> dict[str, str]:
    command = [BIN / "python", "-m", "bench.cli.doctor", "--json", *lab.on(BOX), *more]
    said = json.loads(subprocess.run(command, check=False, **COMMON).stdout)
    return {finding["check"]: finding["detail"] for finding in said[BOX]}


@pytest.mark.slow
def test_the_doctor_looks_at_the_disk_where_the_data_will_be(lab: Lab) -> None:
    where = "/var/lib/postgresql"
    lab.run(BOX, f"sudo mkdir {where} && sudo mount -t tmpfs -o size=64M tmpfs {where}")
    found = _doctor(lab)
    with _sudo_wants_a_password(lab):
        without = _doctor(lab)
    lab.run(BOX, f"sudo umount {where} && sudo rmdir {where}")
    assert found["disk"] == f"64 MB free under {where}; 3000 needed"
    assert "too good for a drive" in found["fsync"]
    assert f"only root may write to {where}" in without["fsync"]


def test_the_doctor_of_a_bare_box_asks_for_provisioning(lab: Lab) -> None:
    command = [BIN / "python", "-m", "bench.cli.doctor", *lab.on(BOX)]
    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "not on the box yet: make provision" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 100
