"""Provisioning, its interruptions, and the way back; on the first box."""

import json
import os
import signal
import subprocess
from subprocess import DEVNULL

import pytest

from tests.e2e.boxes import BOXES
from tests.e2e.lab import BIN, CHECKOUT, COMMON, Lab, changed, sentence

BOX = BOXES[0]


def _begin(lab: Lab) -> subprocess.Popen[bytes]:
    command = lab.command("provision", *lab.on(BOX))
    return subprocess.Popen(command, cwd=CHECKOUT, start_new_session=True, stdin=DEVNULL, stdout=DEVNULL)


def _kill(play: subprocess.Popen[bytes]) -> None:
    """End all of it at once, as when the control machine goes."""
    os.killpg(play.pid, signal.SIGKILL)
    play.wait()


UNPACKING = "grep -qs -e '--[u]npack' /proc/[0-9]*/cmdline"
"""dpkg unpacks packages; in brackets, for the line that asks is a command line too."""


@pytest.mark.slow
def test_a_held_dpkg_lock_is_named(lab: Lab) -> None:
    with lab.dpkg_locked(BOX):
        said = lab.play("provision", BOX)
    assert "another program is installing packages" in sentence(said, BOX)


def test_a_package_that_was_there_is_not_upgraded(lab: Lab) -> None:
    lab.package(BOX, "libpq5", "0.1")
    said = lab.play("provision", BOX)
    assert lab.run(BOX, "dpkg-query -W -f '${Version}' libpq5; sudo dpkg -P libpq5 >/dev/null") == "0.1"
    assert "would change others that are there already: libpq5 (from 0.1 to" in sentence(said, BOX)


@pytest.mark.slow
def test_packages_from_pgdg_need_pgdg(lab: Lab) -> None:
    lab.run(BOX, "echo '127.0.0.1 apt.postgresql.org' | sudo tee -a /etc/hosts")
    said = lab.play("provision", BOX, "-e", "postgresql_source=pgdg")
    lab.run(BOX, "sudo sed -i '/apt.postgresql.org/d' /etc/hosts")
    assert "a package source could not be reached (http://apt.postgresql.org)" in sentence(said, BOX)


def test_an_unreachable_package_source_is_named(lab: Lab) -> None:
    lab.run(BOX, "echo '127.0.0.1 deb.debian.org security.debian.org' | sudo tee -a /etc/hosts")
    said = lab.play("provision", BOX)
    lab.run(BOX, "sudo sed -i '/deb.debian.org/d' /etc/hosts")
    lab.run(BOX, "test ! -e /etc/apt/sources.list.d/pgladder-pgdg.sources")  # back to Debian's
    assert "a package source could not be reached" in sentence(said, BOX)


def test_teardown_after_a_failure_leaves_nothing(lab: Lab, as_found: set[str]) -> None:
    said = lab.play("teardown", BOX)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(BOX) ^ as_found == set()


@pytest.mark.slow
def test_teardown_after_power_was_lost_half_way_leaves_nothing(lab: Lab, as_found: set[str]) -> None:
    play = _begin(lab)
    lab.wait_until(BOX, UNPACKING)
    lab.cut(BOX)
    _kill(play)
    lab.up()
    said = lab.play("teardown", BOX)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(BOX) ^ as_found == set()


# Power was lost while a package was unpacked: dpkg knows neither its files nor its needs, it can't be configured,
# nor can what needs it, and what dpkg did last is still in its journal.
HALF_UNPACKED = r"""
cd /var/lib/dpkg
sudo sed -i '/^Package: python3-minimal$/,/^$/{s/^Status: .*/Status: install reinstreq half-installed/;/Depends:/d}
  /^Package: python3$/,/^$/s/^Status: .*/Status: install ok unpacked/' status
sudo rm info/python3-minimal.*
! sudo dpkg --configure -a 2>/dev/null
sed -n '/^Package: acl$/,/^$/p' status | sudo tee updates/0000 >/dev/null
"""


def test_what_was_cut_off_and_lost_power_is_mended_by_running_again_without_the_internet(lab: Lab) -> None:
    play = _begin(lab)
    lab.wait_until(BOX, UNPACKING)
    _kill(play)
    lab.wait_until(BOX, "! grep -qsx apt-get /proc/[0-9]*/comm")
    play = _begin(lab)
    lab.wait_until(BOX, "sudo test -e /var/lib/postgresql/15/pgladder/PG_VERSION")
    lab.cut(BOX)
    _kill(play)
    lab.up()
    lab.run(BOX, HALF_UNPACKED)
    lab.run(BOX, "echo '127.0.0.1 pypi.org files.pythonhosted.org' | sudo tee -a /etc/hosts")
    said = lab.play("provision", BOX)
    lab.run(BOX, "sudo sed -i '/pypi.org/d' /etc/hosts")
    assert said.returncode == 0, said.stdout
    summary = said.stdout.split(f"{BOX}: ready to measure")[1]
    assert "CPU governor: not applicable: shared kernel" in " ".join(summary.split())
    assert not {"python3", "postgresql-15"} & set(lab.run(BOX, "apt-mark showmanual").split())


@pytest.mark.slow  # nor does one after a run, in test_3_running
def test_the_second_run_changes_nothing(lab: Lab) -> None:
    lab.run(BOX, "sudo apt-mark hold openssl")  # it is there all the same
    said = lab.play("provision", BOX)
    lab.run(BOX, "sudo apt-mark unhold openssl")
    assert said.returncode == 0, said.stdout
    assert changed(said, BOX) == 0


def test_what_ansible_keeps_on_the_box_is_where_nobody_else_can_have_put_it(lab: Lab) -> None:
    """Whoever makes a folder of a known name in /tmp first could swap what root is about to run."""
    lab.run(BOX, "! ls -d /tmp/ansible-*")
    folder = "/run/pgladder-ansible/minipc"
    assert lab.run(BOX, f"stat -c '%a %U' /run/pgladder-ansible {folder}").split("\n")[:2] == ["755 root", "700 minipc"]
    lab.run(BOX, f"sudo chown nobody {folder}")
    said = lab.play("provision", BOX)
    lab.run(BOX, f"sudo rmdir {folder}")
    assert f"{folder} is a directory, mode 700, of nobody, and shall be" in sentence(said, BOX)


def test_everybody_may_run_the_program_whatever_the_umask(lab: Lab) -> None:
    assert lab.run(BOX, "pgladder --version; sudo -u nobody pgladder --version").count("pgladder") == 2
    assert lab.run(BOX, "stat -c %a /opt/pgladder /opt/pgladder/current/").split() == ["755", "755"]


@pytest.mark.slow
def test_a_check_of_a_ready_box_changes_nothing(lab: Lab) -> None:
    before = lab.snapshot(BOX)
    said = lab.play("provision", BOX, "--check", "--diff", "-e", "postgresql_variant=async-commit")
    assert said.returncode == 0, said.stdout
    assert "+synchronous_commit = off" in said.stdout
    assert lab.snapshot(BOX) == before


def test_the_cluster_is_its_own_and_locked_down(lab: Lab) -> None:
    host = lab.host(BOX)
    assert host.check_output("pg_lsclusters -h").split()[:5] == ["15", "pgladder", "5544", "online", "pgladder"]
    assert host.check_output("pg_lsclusters -h | wc -l") == "1"
    listening = host.check_output("ss -Hltn sport = :5544").split()
    assert {word for word in listening if word.endswith(":5544")} <= {"127.0.0.1:5544", "[::1]:5544"}
    secret = host.file("/var/lib/pgladder/.pgpass")
    assert (secret.mode, secret.user) == (0o600, "pgladder")
    assert lab.sql(BOX, "SHOW data_checksums") == "on"
    assert lab.sql(BOX, "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'pgladder'") == "t"


def test_tcp_wants_the_password_and_the_socket_the_right_user(lab: Lab) -> None:
    host = lab.host(BOX)
    assert lab.sql(BOX, "SELECT 1", "-h 127.0.0.1") == "1"
    assert host.run("psql -w -h 127.0.0.1 -p 5544 -U pgladder -d postgres -c 'SELECT 1'").failed
    assert host.run("psql -w -h /run/pgladder -p 5544 -U pgladder -d postgres -c 'SELECT 1'").failed


AS_TEXT = [
    *("postgresql_variant=async-commit", "postgresql_rotate_password=true", "postgresql_tls=false"),
    *("postgresql_max_connections=290", "host_swappiness=20", "host_dirty_ratio=", '{"host_timers_held": []}'),
]


def test_another_variant_is_in_force_and_no_link_of_the_agent_leads_root_anywhere(lab: Lab) -> None:
    etc = "/etc/postgresql/15/pgladder"
    links = f"{etc}/next {etc}/conf.d/20-variant.conf.part {etc}/next.conf ~/.pgpass.part"
    links += f" {etc}/proved.part"
    lab.run(BOX, "echo mine | sudo tee /etc/victim && sudo chmod 644 /etc/victim")
    lab.run(BOX, "sudo chmod 666 /etc/pgladder.toml")
    lab.run(BOX, f"sudo -Hu pgladder sh -c 'for link in {links}; do ln -s /etc/victim $link; done'")
    allowed = json.dumps({"postgresql_remote_clients": [lab.subnet]})
    said = lab.play("provision", BOX, *(word for value in (*AS_TEXT, allowed) for word in ("-e", value)))
    assert said.returncode == 0, said.stdout
    secret = lab.run(BOX, "sudo cat /var/lib/pgladder/.pgpass").strip().split(":")[-1]
    assert _from_here(lab, secret).stdout.strip() == "1"
    assert "password authentication failed" in _from_here(lab, "wrong").stderr
    assert (lab.sql(BOX, "SHOW ssl"), lab.sql(BOX, "SHOW max_connections")) == ("off", "290")
    lab.run(BOX, "sudo systemctl start pgladder-quiet && systemctl is-active apt-daily.timer ssh")
    assert lab.run(BOX, "stat -c %a /etc/pgladder.toml").strip() == "644"
    assert lab.run(BOX, "stat -c %U:%G /etc/victim; cat /etc/victim; sudo rm /etc/victim") == "root:root\nmine\n"
    assert lab.sql(BOX, "SHOW synchronous_commit") == "off"
    assert lab.sql(BOX, "SELECT 1", "-h 127.0.0.1") == "1"


def _from_here(lab: Lab, secret: str) -> subprocess.CompletedProcess[str]:
    words = ["psql", "-w", "-At", "-h", lab.address(BOX), "-p", "5544", "-U", "pgladder", "-d", "postgres"]
    return subprocess.run([*words, "-c", "SELECT 1"], check=False, env=os.environ | {"PGPASSWORD": secret}, **COMMON)


# Also brings timers back that the test before left alone, which the one after next needs.
def test_an_unknown_setting_stops_and_what_was_provisioned_last_is_in_force(lab: Lab) -> None:
    left = "/etc/postgresql/15/pgladder/conf.d/20-variant.conf"  # by an agent that was killed
    lab.run(BOX, f"echo 'fsync = off' | sudo -u pgladder tee {left} && sudo systemctl reload postgresql@15-pgladder")
    template = "/opt/pgladder/current/lib/python3*/site-packages/bench/templates/postgresql/variants/stock.conf.j2"
    lab.run(BOX, f"echo no_such_setting = 1 >wrong && chmod 644 wrong && sudo mount --bind wrong {template}")
    said = lab.play("provision", BOX, "-e", "postgresql_port=5545")
    lab.run(BOX, f"sudo umount {template} && rm wrong")
    assert "the configuration is not valid: " in (said := sentence(said, BOX))
    assert "no_such_setting" in said
    lab.run(BOX, "sudo sh -c 'cd /etc/postgresql/15/pgladder && cmp proved/20-variant.conf conf.d/20-variant.conf'")
    assert lab.run(BOX, "grep ^port /etc/pgladder.toml") == "port = 5544\n"
    assert lab.sql(BOX, "SHOW fsync") == "on"
    assert lab.sql(BOX, "SHOW synchronous_commit") == "off"


def test_the_agent_may_restart_its_cluster_and_nothing_else(lab: Lab) -> None:
    host = lab.host(BOX)
    assert host.run("sudo -iu pgladder sudo -n systemctl restart postgresql@15-pgladder.service").succeeded
    assert host.run("sudo -iu pgladder sudo -n systemctl restart ssh.service").failed
    assert host.run("sudo -iu pgladder sudo -n id").failed


def test_timers_are_held_off_while_a_run_needs_it(lab: Lab) -> None:
    host = lab.host(BOX)
    active = "systemctl is-active apt-daily.timer"
    assert host.run(active).stdout.strip() == "active"
    host.check_output(
        "systemd-run --unit e2e-run -p Wants=pgladder-quiet.service -p After=pgladder-quiet.service sleep 60"
    )
    assert host.run(active).stdout.strip() == "inactive"
    host.check_output("systemctl stop e2e-run")
    assert host.run(active).stdout.strip() == "active"


def test_the_doctor_of_a_ready_box_finds_the_same_release(lab: Lab) -> None:
    command = [BIN / "python", "-m", "bench.cli.doctor", "--json", *lab.on(BOX)]
    said = subprocess.run(command, check=False, **COMMON)
    assert said.returncode == 0, said.stdout + said.stderr
    found = {one["check"]: one for one in json.loads(said.stdout)[BOX]}
    assert found["pgladder"]["grade"] == "ok"
    assert found["sudo"]["grade"] == "ok"


HOST = "systemd-detect-virt"


@pytest.mark.slow
def test_a_knob_that_could_not_be_set_is_named(lab: Lab) -> None:
    """As on a machine of its own, where the kernel's settings can be read but not written."""
    lab.run(BOX, f"printf '#!/bin/sh\necho none\n' >detect && chmod +x detect && sudo mount --bind detect /bin/{HOST}")
    said = lab.play("provision", BOX, "-e", '{"host_swappiness": 37, "host_time_synchronisation": false}')
    lab.run(BOX, f"sudo umount /bin/{HOST} && rm detect")
    assert "could not be set: /" in sentence(said, BOX)
