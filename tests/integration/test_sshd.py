"""The sshds of these tests end with them, however they end, and hold no disk meanwhile."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.integration.sshd import CHECKOUT, tree
from tests.integration.support import as_root, wait_for

pytestmark = as_root
SCRIPT = """
import sys, time
from pathlib import Path
from tests.integration.sshd import tree
with tree(Path(sys.argv[1])) as made:
    made.start()
    print(made.init, flush=True)
    time.sleep(600)
"""


def in_namespace_of(init: int) -> list[int]:
    """Return all processes in the mount namespace of one."""
    wanted = Path(f"/proc/{init}/ns/mnt").readlink()

    def there(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/ns/mnt").readlink() == wanted
        except OSError:
            return False

    return [pid for pid in psutil.pids() if there(pid)]


def test_a_tree_holds_no_mount_but_its_own(tmp_path: Path) -> None:
    with tree(tmp_path) as made:
        points = [line.split()[4] for line in Path(f"/proc/{made.init}/mountinfo").read_text().splitlines()]
        assert {Path(point).parts[1] for point in points if point != "/"} <= {"proc", "dev", "sys"}
        assert made.run("cat /proc/self/mounts").count(" / ") == 1


def test_nothing_is_left_of_a_tree_the_tests_of_which_were_killed(tmp_path: Path) -> None:
    tests = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path], cwd=CHECKOUT, stdout=subprocess.PIPE)
    assert tests.stdout
    init = int(tests.stdout.readline())
    left = [psutil.Process(pid) for pid in in_namespace_of(init)]
    assert {process.name() for process in left} >= {"sleep", "sshd"}
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    tests.stdout.close()
    wait_for(lambda: not any(process.is_running() for process in left), "all of the tree ended", 20)
