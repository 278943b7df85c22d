"""A box that an earlier release provisioned: moved on, attacked by its agent's user, and put back; the second box."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import BIN, CHECKOUT, Lab, changed, quoted
from tests.e2e.labs import BOXES

pytestmark = pytest.mark.slow
BOX = BOXES[1]
EARLIER = "2c86eee"
"""The last commit whose boxes ran Debian's cluster program as root, and used a folder of /tmp for Ansible's files."""
ETC = "/etc/postgresql/15/pgladder"
CLUSTER = "postgresql@15-pgladder.service"
RUNS = "/var/lib/pgladder/runs"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Check out the earlier release, with the programs and the wheels of this one."""
    folder = tmp_path_factory.mktemp("earlier")
    packed = subprocess.run(["git", "archive", EARLIER], cwd=CHECKOUT, capture_output=True, check=False)
    if packed.returncode:
        pytest.fail(f"This clone has no commit {EARLIER} ({packed.stderr.decode().strip()}): git fetch --unshallow")
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    (folder / ".venv").symlink_to(CHECKOUT / ".venv")
    wheels = CHECKOUT / ".cache/wheelhouse"
    if wheels.is_dir():
        (folder / ".cache").mkdir()
        # Another lab's provisioning may be at it; it holds this lock meanwhile.
        subprocess.run(["flock", wheels / "lock", "cp", "-a", wheels, folder / ".cache/"], check=True)
    return folder


@pytest.fixture(scope="module")
def as_found(lab: Lab) -> set[str]:
    """What the box was like before anything was done to it."""
    return lab.snapshot(BOX)


@pytest.mark.usefixtures("as_found")
def test_what_an_earlier_release_provisioned_is_moved_on(lab: Lab, earlier: Path) -> None:
    said = lab.play_of(earlier, "provision", BOX)
    assert said.returncode == 0, said.stdout
    assert "postgresql-15" in lab.run(BOX, "apt-mark showmanual").split()
    assert lab.run(BOX, f"systemctl show --property User --value {CLUSTER}").strip() == ""
    assert f"{BOX}: it runs another pgladder, which can't do this step: make provision" in _cancelled(lab, code=2)

    said = lab.play("provision", BOX)
    assert said.returncode == 0, said.stdout
    assert changed(said, BOX) > 0
    assert lab.run(BOX, f"systemctl show --property User --value {CLUSTER}").strip() == "pgladder"
    assert not {"postgresql-15", "python3"} & set(lab.run(BOX, "apt-mark showmanual").split())
    assert "0 to remove" in lab.run(BOX, "sudo apt-get -s autoremove")
    assert changed(lab.play("provision", BOX), BOX) == 0
    assert f"{BOX}: nothing was under way" in _cancelled(lab, code=0)


def _cancelled(lab: Lab, code: int) -> str:
    """Return what somebody is told who ends whatever runs on the box."""
    env = os.environ | {"ANSIBLE_INVENTORY": f"{CHECKOUT / 'inventory'},{lab.files / 'lab.yml'}", "COLUMNS": "200"}
    words = [BIN / "fab", "--search-root", CHECKOUT, "cancel", f"--limit={BOX}"]
    done = subprocess.run(words, cwd=lab.files, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


VICTIMS = """
sudo sh -c 'cd /etc && mkdir victims && echo mine >victims/20-variant.conf && cp -r victims victim.d'
mkdir -m 755 /var/tmp/pg && echo 15 >/var/tmp/pg/PG_VERSION && sudo install -m 666 /dev/null /var/tmp/who
"""
VICTIMS_NOW = "sudo find /etc/victims /etc/victim.d -printf '%m %u %p %s\\n' | sort; sudo cat /etc/victim*/*"
# A program that notes who runs it, named where Debian's cluster program looks for one; a log that is elsewhere.
PROGRAM = f"""
printf '#!/bin/sh\\nid -un >>/var/tmp/who\\n' >/var/tmp/mine && chmod 755 /var/tmp/mine
cd {ETC} && mkdir ~/kept && cp -p pg_ctl.conf ~/kept/
ln -s /var/tmp/log-of-mine log
echo "pg_ctl_options = '-p /var/tmp/mine'" >pg_ctl.conf
"""
# Then another user's folder for data: as root Debian's cluster program would go on as that user.
DATA = f"""
cd {ETC} && mv postgresql.conf ~/kept/
ln -s /etc/postgresql-common/createcluster.d/pgladder.conf postgresql.conf && test -e postgresql.conf
ln -s /var/tmp/pg pgdata
"""
RESTART = f"sudo -u pgladder sudo -n systemctl restart {CLUSTER}"
ROOT_RESTART = f"sudo systemctl restart {CLUSTER} || true"
UNDO = f"""
cd {ETC} && rm postgresql.conf pgdata log && mv ~/kept/* . && rmdir ~/kept
rm -f /var/tmp/mine /var/tmp/log-of-mine
"""
NOT_THE_OWNER = "You must run this program as the cluster owner (minipc) or root"
"""What Debian's cluster program says where the data are another user's, and it is not root."""


def _as_agent(lab: Lab, script: str) -> None:
    lab.run(BOX, f"sudo -Hu pgladder sh -ec {quoted(script)}")


def _ran(lab: Lab) -> list[str]:
    """Return who ran the program of the agent, once for each time since this was asked last."""
    return lab.run(BOX, "cat /var/tmp/who && truncate -s 0 /var/tmp/who").split()


def _refused(lab: Lab) -> int:
    return lab.run(BOX, f"sudo journalctl --quiet --output cat --unit {CLUSTER}").count(NOT_THE_OWNER)


def test_no_program_that_the_agent_names_is_run_by_anybody_else(lab: Lab) -> None:
    lab.run(BOX, VICTIMS)
    _as_agent(lab, PROGRAM)
    for restart in (RESTART, ROOT_RESTART):
        lab.host(BOX).run(restart)
        assert set(_ran(lab)) == {"pgladder"}, restart
    assert lab.run(BOX, "stat -c %U /var/tmp/log-of-mine").strip() == "pgladder"
    lab.play("provision", BOX)
    assert set(_ran(lab)) <= {"pgladder"}  # whether it gets as far as to start the cluster is its own affair


def test_the_agent_does_not_get_at_another_users_rights_by_naming_that_users_data(lab: Lab) -> None:
    _as_agent(lab, DATA)
    for restart in (RESTART, ROOT_RESTART):
        before = _refused(lab)
        lab.host(BOX).run(restart)
        assert _refused(lab) > before, restart
    lab.play("provision", BOX)
    assert set(_ran(lab)) <= {"pgladder"}
    _as_agent(lab, UNDO)
    said = lab.play("provision", BOX)
    assert said.returncode == 0, said.stdout
    assert lab.sql(BOX, "SELECT 1") == "1"


# Modules that note who loads them, in every place where Python looks unless it is told not to.
MODULES = """
umask 022
note='import os; print(os.getuid(), file=open("/var/tmp/who", "a"))'
user=~/.local/lib/python3.11/site-packages
mkdir -p ~/mine/bench $user
for module in mine/bench/__init__.py mine/argparse.py mine/sitecustomize.py; do echo "$note" >~/$module; done
echo "$note" >$user/usercustomize.py
"""
AS_ROOT = "cd /var/lib/pgladder/mine && sudo env HOME=/var/lib/pgladder PYTHONPATH=/var/lib/pgladder/mine"
LOADED = """
import sys, bench.cli.box, bench.box.runs, bench.box.follow, bench.box.place, bench.box.state
for module in list(sys.modules.values()):
    if file := getattr(module, "__file__", None): print(file)
"""


def test_root_loads_no_module_of_the_agent(lab: Lab) -> None:
    _as_agent(lab, f"chmod 711 ~; {MODULES}")
    lab.host(BOX).run(f"{AS_ROOT} /opt/pgladder/current/bin/python -m bench.cli.main box cancel")
    assert "0" in _ran(lab)  # it would, if it were asked in any other way
    assert lab.run(BOX, f"{AS_ROOT} pgladder box cancel") == ""
    assert _ran(lab) == []
    _as_agent(lab, "chmod 750 ~")
    lab.run(BOX, "sudo rm -r /var/lib/pgladder/mine /var/lib/pgladder/.local")  # root left its bytecode there


def test_only_root_may_write_what_root_loads(lab: Lab) -> None:
    others = r"-L /opt/pgladder /usr/local/bin/pgladder \( ! -user root -o -perm /022 \) -print"
    assert lab.run(BOX, f"sudo find {others}") == ""
    loaded = lab.run(BOX, f"sudo /opt/pgladder/current/bin/python -I -c {quoted(LOADED)}").split()
    places = {str(parent) for file in loaded for parent in (Path(file), *Path(file).parents)}
    assert len(places) > 100
    modes = lab.run(BOX, f"stat -L -c '%U %A %n' {' '.join(sorted(places))}").splitlines()
    assert [mode for mode in modes if not mode.startswith("root ") or "w" in mode.split()[1][4:]] == []


# Links where scripts and units of root pass by: folders, files, what is about to be written, a process to be ended.
LINKS = f"""
cd {ETC} && mkdir ~/kept && mv conf.d server.crt start.conf ~/kept/
ln -s /etc/victims conf.d && ln -s /etc/victim.d next
ln -s /etc/victims/20-variant.conf server.crt && ln -s /etc/victims/20-variant.conf start.conf
rm -f proved.part && ln -s /etc/victims proved.part
cd && mv runs kept/ && ln -s /etc/victims runs && rm -f .pgpass && ln -s /etc/victims/20-variant.conf .pgpass
cd /run/pgladder && rm -f 15-pgladder.pid && echo 1 >15-pgladder.pid
"""
UNLINK = f"""
cd && rm runs .pgpass && mv kept/runs . && rm -f /run/pgladder/15-pgladder.pid
cd {ETC} && rm -rf conf.d next server.crt start.conf proved.part && mv ~/kept/* . && rmdir ~/kept
"""


def test_no_link_of_the_agent_leads_root_anywhere(lab: Lab) -> None:
    before = lab.run(BOX, VICTIMS_NOW)
    _as_agent(lab, LINKS)
    lab.play("provision", BOX)
    lab.host(BOX).run(RESTART)
    lab.run(BOX, "sudo systemd-tmpfiles --create /etc/tmpfiles.d/pgladder-*.conf || true")
    assert lab.run(BOX, VICTIMS_NOW) == before
    assert lab.run(BOX, "systemctl is-system-running || true").strip() in ("running", "degraded")
    _as_agent(lab, UNLINK)
    lab.run(BOX, f"sudo systemctl restart {CLUSTER}")
    said = lab.play("provision", BOX)
    assert said.returncode == 0, said.stdout


VOID = f"""
cd {RUNS}
pgladder run --phases 2-D --warm-up 0.2 --window 0.5 --blocks 1 --variants stock huge-pages --out {RUNS}/void
mkdir unit && cp void/plan.json unit/ && grep -c '"state": *"void"' void/trials.jsonl
"""


def test_a_run_with_a_void_trial_has_not_failed_and_one_that_broke_off_has(lab: Lab) -> None:
    lab.host(BOX).run(f"sudo -Hu pgladder sh -c {quoted(VOID)}")
    lab.run(BOX, "sudo systemctl enable --now pgladder-run@unit")
    lab.wait_until(BOX, "! systemctl is-active pgladder-run@unit")
    lab.run(BOX, f"sudo test -e {RUNS}/unit/SHA256SUMS && ! systemctl is-failed pgladder-run@unit")
    lab.run(BOX, "! systemctl is-enabled pgladder-run@unit")
    lab.run(BOX, "sudo systemctl start pgladder-run@none || true")
    lab.wait_until(BOX, "systemctl is-failed pgladder-run@none")


def test_a_run_may_do_little_beside_what_it_needs(lab: Lab) -> None:
    said = lab.run(BOX, "sudo systemd-analyze security --no-pager pgladder-run@unit.service | tail -n 1")
    assert float(said.split(": ")[1].split()[0]) <= 7.5, said


def test_teardown_leaves_what_its_user_asked_apt_for_and_nothing_else(lab: Lab, as_found: set[str]) -> None:
    lab.run(BOX, "sudo rm -r /etc/victims /etc/victim.d /var/tmp/who /var/tmp/pg")
    lab.run(BOX, "sudo DEBIAN_FRONTEND=noninteractive apt-get -qq install postgresql-client-15")
    _as_agent(lab, "mkdir /tmp/pgladder-killed && touch /tmp/pgladder-killed/staged /dev/shm/killed")
    said = lab.play("teardown", BOX)
    assert said.returncode == 0, said.stdout
    kept = " ".join(said.stdout.split()).split("somebody asked apt for postgresql-client-15: ")[1].split("'")[0].split()
    assert {"postgresql-client-15", "libpq5"} <= set(kept)
    assert not {"postgresql-15", "python3", "openssl"} & set(kept)
    lab.run(BOX, "psql --version")
    lab.run(BOX, f"sudo apt-get -qq -y purge {' '.join(kept)} >/dev/null")
    assert lab.snapshot(BOX) ^ as_found == set()
    assert changed(lab.play("teardown", BOX), BOX) == 0
