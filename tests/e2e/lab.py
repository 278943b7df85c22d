"""A lab of the tests' own: virtual mini-PCs, two unless told, and the commands a user would give, against them only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import testinfra
from testinfra.host import Host

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE_S = 600
PERIOD_US = 100_000
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")

# What must be as it was after a teardown, once the box is up. Caches, logs, lists of packages and, at midnight, copies
# of dpkg's age by themselves; the data of a neighbour's running cluster is its own; sudo leaves a note with its caller.
SNAPSHOT = r"""
systemctl is-system-running --wait >/dev/null
dpkg-query -W -f 'package ${Package} ${Version} ${Status}\n'
apt-mark showmanual | sed 's/^/manual /'
getent passwd | sed 's/^/user /'; getent group | sed 's/^/group /'
systemctl list-unit-files --plain --no-legend | sed 's/^/unit /'
systemctl list-units --plain --no-legend --state=running,waiting,listening | awk '{print "active", $1}'
sysctl -a 2>/dev/null | grep -E '^vm.(swappiness|dirty)'
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/cache \
  -o -path /var/log -o -path /var/backups -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/ucf \
  -o -path /var/lib/systemd/timers \
  -o -path /var/lib/postgresql/15/main -o -name .sudo_as_admin_successful -o -name pg_internal.init \) \
  -prune -o -printf 'file %M %u %g %p\n'
find /etc -type f ! -name '*-' -exec md5sum {} + | sed 's/^/text /'
systemctl list-units --plain --no-legend --state=failed | awk '{print "failed", $1}'
find /var/cache/apt/archives -name '*.deb' -printf 'left %p\n'
find /run /tmp /var/tmp /dev/shm \( -path /run/systemd -o -path /run/user \) -prune -o \
  \( -iname '*pgladder*' -o -iname '*postgres*' -o -iname '*ansible*' -o -nouser -o -nogroup \) -printf 'left %p\n'
"""


HOLD_LOCK = """
use Fcntl; open(my $file, ">>", "/var/lib/dpkg/lock-frontend") or die;
my $lock = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0); fcntl($file, F_SETLK, $lock) or die; sleep 300
"""


@dataclass
class Lab:
    """Where the lab's files are, what it is called, and which network it has."""

    files: Path
    name: str
    prefix: str
    subnet: str
    size: int = 2
    system: str = ""
    """What new boxes are, as `make lab-up SYSTEM=`; empty: as without."""
    hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def boxes(self) -> list[str]:
        return [f"{self.prefix}{number}" for number in range(1, self.size + 1)]

    @property
    def variables(self) -> list[str]:
        values = {
            "virtual_minipc_lab": self.name,
            "virtual_minipc_subnet": self.subnet,
            "virtual_minipc_inventory": self.files / "lab.yml",
            "virtual_minipc_files": self.files / "keys",
            "lab_prefix": self.prefix,
            "lab_size": self.size,
            "lab_system": self.system,
        }
        return [word for name, value in values.items() for word in ("-e", f"{name}={value}")]

    @contextmanager
    def in_use(self) -> Iterator["Lab"]:
        self.clear()
        self.up()
        yield self
        self.clear()

    def clear(self) -> None:
        """Take it down, where there is anything of it."""
        if any(Path(place).exists() for place in (f"/var/lib/{self.name}-lab", f"/sys/class/net/{self.name}")):
            self.down()

    def try_up(self, *more: str) -> subprocess.CompletedProcess[str]:
        return self._play("lab-up", *self.variables, *more)

    def up(self, *more: str) -> str:
        said = self.try_up(*more)
        assert said.returncode == 0, said.stdout
        return said.stdout

    def down(self) -> str:
        said = self._play("lab-down", *self.variables)
        assert said.returncode == 0, said.stdout
        return said.stdout

    def cut(self, box: str) -> None:
        said = self._play("lab-cut", *self.variables, "-e", f"virtual_minipc_name={box}")
        assert said.returncode == 0, said.stdout

    def play(self, name: str, box: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self._play(name, *self.on(box), *more)

    def on(self, box: str) -> list[str]:
        return ["-i", "inventory", "-i", str(self.files / "lab.yml"), "--limit", box]

    def _play(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(name, *arguments), check=False, **COMMON)

    def play_of(self, checkout: Path, name: str, box: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook of another checkout, by its own roles: make names this one's."""
        env = {**os.environ, "ANSIBLE_CONFIG": str(checkout / "ansible.cfg")}
        return subprocess.run(self.command(name, *self.on(box)), check=False, **COMMON | {"cwd": checkout, "env": env})

    @staticmethod
    def command(name: str, *arguments: str) -> list[str]:
        return [str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", *arguments]

    def ssh(self, box: str) -> list[str]:
        keys = self.files / "keys"
        return [
            *("ssh", "-n", "-i", str(keys / "id_ed25519"), "-o", f"UserKnownHostsFile={keys / 'known_hosts'}"),
            *("-o", "BatchMode=yes", f"minipc@{self.address(box)}"),
        ]

    def run(self, box: str, command: str) -> str:
        done = subprocess.run([*self.ssh(box), command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def address(self, box: str) -> str:
        return self.subnet.replace("0/24", str(10 + int(box[-1])))

    def wait_until(self, box: str, condition: str) -> None:
        """Wait on the box: to connect for each look would take more processor time than what is waited for."""
        loop = quoted(f"until {condition}; do sleep 0.2; done")
        done = subprocess.run([*self.ssh(box), f"timeout {PATIENCE_S} sh -c {loop}"], capture_output=True, check=False)
        assert done.returncode == 0, f"not within {PATIENCE_S} s: {condition}"

    def sql(self, box: str, statement: str, where: str = "-h /run/pgladder") -> str:
        """Ask the box's cluster, as its owner."""
        quoted = statement.replace("$", "\\$")
        return self.run(box, f'sudo -iu pgladder psql -w -At {where} -p 5544 -d postgres -c "{quoted}"').strip()

    def host(self, box: str) -> Host:
        keys = self.files / "keys"
        if box not in self.hosts:
            self.hosts[box] = testinfra.get_host(
                f"ssh://minipc@{self.address(box)}?sudo=true",
                ssh_identity_file=str(keys / "id_ed25519"),
                ssh_extra_args=f"-o UserKnownHostsFile={keys / 'known_hosts'} -o StrictHostKeyChecking=yes",
            )
        return self.hosts[box]

    @contextmanager
    def dpkg_locked(self, box: str) -> Iterator[None]:
        """As while another program installs packages."""
        self.run(box, f"sudo systemd-run --unit hold-lock perl -e {quoted(HOLD_LOCK)}")
        self.wait_until(box, "grep -qsx perl /proc/[0-9]*/comm")
        yield
        self.run(box, "sudo systemctl stop hold-lock")

    def package(self, box: str, name: str, version: str = "1", needs: str = "base-files") -> None:
        """Install a package that is somebody else's, with a configuration file."""
        about = f"Package: {name}\nVersion: {version}\nDepends: {needs}\n"
        about += "Architecture: all\nMaintainer: me\nDescription: mine"
        self.run(
            box,
            "umask 022 && d=$(mktemp -d) && chmod 755 $d && mkdir -p $d/DEBIAN $d/etc && cd $d"
            f" && echo mine >etc/{name}-mine && echo /etc/{name}-mine >DEBIAN/conffiles"
            f" && echo {quoted(about)} >DEBIAN/control && dpkg-deb -b . $d/a.deb"
            " && sudo dpkg -i $d/a.deb; code=$?; rm -r $d; exit $code",
        )

    def left(self) -> list[str]:
        """What there is on this machine of the lab."""
        there = [
            *lines("cat", "/proc/mounts"),
            *lines("ip", "-o", "link"),
            *lines("ip", "route"),
            *lines("nft", "list", "ruleset"),
            *lines("losetup", "--list"),
            *lines("find", "/sys/fs/cgroup", "-name", f"pgladder-{self.prefix}*", "-printf", f"{self.name} %p\n"),
            *lines("ps", "-eo", "args"),
        ]
        return [line for line in there if self.name in line or f"vb-{self.prefix}" in line]

    def snapshot(self, box: str) -> set[str]:
        return set(self.run(box, f"sudo sh -c {quoted(SNAPSHOT)}").splitlines())


COMMON = {"cwd": CHECKOUT, "capture_output": True, "text": True, "stdin": subprocess.DEVNULL}


def lines(*command: str) -> list[str]:
    """What a command of this machine prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def changed(said: subprocess.CompletedProcess[str], box: str) -> int:
    """How many tasks changed something on the box, by the play's own count."""
    recap = next(line for line in said.stdout.splitlines() if line.startswith(box) and "changed=" in line)
    return int(recap.split("changed=")[1].split()[0])


def sentence(said: subprocess.CompletedProcess[str], box: str) -> str:
    """The sentence a failed play ends with: the message that names the box."""
    assert said.returncode != 0, said.stdout
    text = " ".join(said.stdout.split())
    assert f"{box}: " in text, said.stdout + said.stderr
    return text


# --- what a box may have of this machine -----------------------------------------------------------------------------


@contextmanager
def limited(box: str, percent: int) -> Iterator[None]:
    """Let a box have so much of one processor, as ``virtual_minipc_cpu_percent`` does."""
    quota = percent * PERIOD_US // 100
    with written(box, "cpu.cfs_quota_us", f"{quota}", "cpu.max", f"{quota} {PERIOD_US}"):
        yield


@contextmanager
def written(box: str, old: str, old_text: str, new: str, new_text: str) -> Iterator[None]:
    """Write to a file of a box's control group, named as in version 1 and in 2; put back what it said."""
    groups = Path("/sys/fs/cgroup")
    of_version_1 = next(groups.glob(f"cpu*/pgladder-{box}/{old}"), None)
    file = of_version_1 or groups / f"pgladder-{box}" / new
    before = file.read_text()
    _write(file, old_text if of_version_1 else new_text)
    try:
        yield
    finally:
        _write(file, before)


def _write(file: Path, text: str) -> None:
    subprocess.run([*AS_ROOT, "tee", file], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
