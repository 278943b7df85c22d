"""pgladder's cluster made and dropped by Debian's own tools, cut off at every step; on a copy of this machine's files.

The copy is an overlay in a mount namespace of its own: nothing of this machine is changed. Only for systemd there is a
stand-in, which writes down what it is asked.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.engines.postgresql.binaries import build_of, find_binaries
from tests.examples import one_of
from tests.integration.support import LEAVE_LABS, PATIENCE_S, as_root

CHECKOUT = Path(__file__).parents[2]
IN_A_COPY = f"""
set -e
{LEAVE_LABS}
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
root=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$root"
for folder in dev proc; do mount --rbind "/$folder" "$root/$folder"; done
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mkdir -p "$root$2"
mount --rbind "$2" "$root$2"
printf '#!/bin/sh\\necho "$*" >>/tmp/asked\\n' >"$root/usr/bin/systemctl"
chmod 755 "$root/usr/bin/systemctl"
chroot "$root" /bin/sh -c 'mkdir -p /var/lib/pgladder-found && useradd -r -M -d /var/lib/pgladder pgladder-made'
cd "$2"
umask 077
exec chroot "$root" "$3" -c "import sys; sys.path.insert(0, '$2'); $4"
"""
# Cut off after each step in turn, then made again.
SCRIPT = """
import io, json, os, subprocess
from contextlib import redirect_stdout
from ansible.module_utils.testing import patch_module_args
from tests.unit.inventory.modules import load

GIVEN = dict(version='MAJOR', name='made', owner='pgladder-made', port=5599)

def ask(state, cut='', **given):
    module = load('modules', 'pgladder_cluster')
    if cut:
        before = getattr(module.Steps, cut)
        def and_no_further(*words):
            before(*words)
            os._exit(9)
        setattr(module.Steps, cut, and_no_further)
    said = io.StringIO()
    with patch_module_args({**GIVEN, **given, 'state': state}), redirect_stdout(said):
        try:
            module.main()
        except SystemExit:
            pass
    return json.loads(said.getvalue())

def cut_off(step):
    child = os.fork()
    if not child:
        print(ask('present', step), flush=True)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def left():
    places = ['/etc/postgresql', '/var/lib/postgresql', '/var/log/postgresql', '/run', '/etc/tmpfiles.d']
    places += ['/etc/systemd/system']
    look = ['find', *places, '-name', '*made*', '-o', '-name', '*pgladder*']
    return subprocess.run(look, capture_output=True, text=True).stdout.split()

def state():
    data = '/var/lib/postgresql/MAJOR/made'
    look = ['/usr/lib/postgresql/MAJOR/bin/pg_controldata', data]
    control = subprocess.run(look, capture_output=True, text=True).stdout
    modes = [oct(os.stat(path).st_mode)[-3:] for path in ('/etc/postgresql/MAJOR/made', data, '/run/pgladder')]
    return {'checksums': 'page checksum version:           1' in control, 'modes': modes,
            'configuration': open('/etc/postgresql/MAJOR/made/postgresql.conf').read()}

report = {'before': left(), 'cut': {}}
for step in 'STEPS'.split():
    report['cut'][step] = [cut_off(step), ask('present')['changed'], ask('present')['changed'], state()]
    report['dropped'] = [ask('absent')['changed'], ask('absent')['changed'], left()]
report['cut off alone'] = [cut_off('_create'), ask('absent')['changed'], left()]
report['asked'] = open('/tmp/asked').read().splitlines()
print(json.dumps(report))
"""

MAJOR = build_of(find_binaries()).major
pytestmark = [
    as_root,
    pytest.mark.skipif(not Path("/usr/bin/pg_createcluster").exists(), reason="needs Debian's tools"),
]


@pytest.fixture(scope="module", params=one_of("_make_folders _create", "_write_unit _make_folders _create _certify"))
def steps(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def report(new_place, steps) -> dict[str, Any]:
    words = ["unshare", "--mount", "sh", "-c", IN_A_COPY, "sh", new_place(), CHECKOUT, sys.executable]
    script = SCRIPT.replace("MAJOR", MAJOR).replace("STEPS", steps)
    done = subprocess.run([*words, script], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_what_was_cut_off_is_made_whole_by_running_again_and_then_left_alone(report, steps) -> None:
    assert list(report["cut"]) == steps.split()
    for cut, changed, changed_again, state in report["cut"].values():
        assert (cut, changed, changed_again) == (9, True, False)
        assert state["checksums"] is True
        assert state["modes"] == ["755", "700", "755"]
        assert state["configuration"].count(f"ssl_cert_file = '/etc/postgresql/{MAJOR}/made/server.crt'") == 1
        assert "port = 5599" in state["configuration"]


def test_nothing_is_left_of_it_when_it_was_dropped_cut_off_or_not(report) -> None:
    assert report["dropped"] == [True, False, report["before"]]
    assert report["cut off alone"] == [9, True, report["before"]]
    assert f"stop postgresql@{MAJOR}-made.service" in report["asked"]
