"""Boxes that are real sshds: each on a port of loopback, in a tree over this machine's own that nothing leaves.

The tree has a user ``me``, a user ``pgladder`` and a program of that name that says what a test has it say.
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.integration.support import wait_for

CHECKOUT = Path(__file__).parents[2]
PACKAGES = CHECKOUT / ".cache" / "sshd"
PASSWORD = "correct horse"
KEEPER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child")
"""Ends with these tests, however they end; all in the tree is in its PID namespace, and ends with it."""
SETUP = r"""
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
for package in "$2"/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$1/root"; done
for each in dev sys; do mount --rbind "/$each" "$1/root/$each"; done
mount -t proc proc "$1/root/proc"
chroot "$1/root" sh -euc '
  mkdir -p /run/sshd
  id sshd >/dev/null 2>&1 || useradd -r sshd
  useradd -m -s /bin/sh me
  id pgladder >/dev/null 2>&1 || useradd -r -s /bin/sh pgladder
  echo "me:$1" | chpasswd
  install -d -m 700 -o me /home/me/.ssh
  echo "me ALL=(ALL) NOPASSWD:ALL" >/etc/sudoers.d/me
  chmod 440 /etc/sudoers.d/me
' sh "$3"
# The tree becomes the root of this mount namespace, also where these tests run in a changed one, and all else is left:
# a disk that is mounted elsewhere would be held for as long as this runs.
exec 3<"$1/root"
exec nsenter --mount=/proc/self/ns/mnt sh -euc '
  cd -P /proc/self/fd/3
  exec 3<&-
  mkdir left
  pivot_root . left
  umount --lazy /left
  rmdir /left
  echo ready
  exec sleep infinity
'
"""
CONFIG = """
ListenAddress 127.0.0.1:{port}
UsePAM no
PidFile none
StrictModes no
LogLevel VERBOSE
"""


@dataclass
class Box:
    """A sshd that runs."""

    port: int
    process: "subprocess.Popen[bytes]"
    keys: dict[str, str]
    """Its public host keys: kind to ``kind key``."""

    def known(self, name: str = "", kind: str = "ed25519", marker: str = "") -> str:
        """Return the line of known_hosts."""
        return f"{marker}{name or f'[127.0.0.1]:{self.port}'} {self.keys[kind]}\n"


@dataclass
class Tree:
    """Where the sshds of these tests run."""

    place: Path
    keeper: "subprocess.Popen[bytes]"
    init: int
    """The first process of the tree, in the namespaces of which the others are."""
    key: Path
    """Lets ``me`` in."""
    boxes: list[Box] = field(default_factory=list)

    def inside(self, *command: str) -> list[str]:
        """Return the words that run a command in the tree."""
        return ["nsenter", "-t", str(self.init), "--mount", "--pid", *command]

    def run(self, script: str, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            self.inside("sh", "-euc", script, "sh", *arguments),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def says(self, script: str) -> None:
        """Have the boxes' pgladder be this shell script."""
        self.run("cat >/usr/local/bin/pgladder; chmod 755 /usr/local/bin/pgladder", stdin=f"#!/bin/sh\n{script}\n")

    def sudo_asks(self, asks: bool) -> None:
        """Have sudo ask ``me`` for the password, or not."""
        rule = "me ALL=(ALL) ALL" if asks else "me ALL=(ALL) NOPASSWD:ALL"
        self.run("cat >/etc/sudoers.d/me", stdin=f"{rule}\n")

    def speaks(self, language: str) -> str:
        """Make a language, ``ko_KR`` or ``de_DE``, known there; return the line of a sshd that speaks it."""
        self.run('localedef -i "$1" -f UTF-8 "$1.UTF-8"', language)
        return f"SetEnv LANG={language}.UTF-8 LC_ALL={language}.UTF-8 LANGUAGE={language[:2]}"

    def start(self, *kinds: str, config: str = "") -> Box:
        """Start a sshd with host keys of these kinds."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        keys = {}
        for kind in kinds or ("ed25519",):
            file = f"/etc/ssh/{port}-{kind}"
            self.run('ssh-keygen -q -N "" -t "$1" -f "$2" </dev/null', kind, file)
            keys[kind] = " ".join(self.run('cat "$1.pub"', file).split()[:2])
            config += f"\nHostKey {file}"
        self.run('cat >"$1"', f"/etc/ssh/{port}", stdin=CONFIG.format(port=port) + config + "\n")
        with (self.place.parent / f"sshd-{port}").open("wb") as log:
            command = self.inside("/usr/sbin/sshd", "-D", "-e", "-f", f"/etc/ssh/{port}")
            process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: _listens(port), "sshd listens", 20)
        self.boxes.append(Box(port, process, keys))
        return self.boxes[-1]


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def tree(folder: Path) -> Iterator[Tree]:
    """Set up a tree, and end what runs in it."""
    place, key = folder / "tree", folder / "key"
    place.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", key], check=True)
    command = [*KEEPER, "sh", "-c", SETUP, "sh", str(place), str(PACKAGES), PASSWORD]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert keeper.stdout
    assert keeper.stdout.readline() == b"ready\n"
    [init] = psutil.Process(keeper.pid).children()
    made = Tree(place, keeper, init.pid, key)
    made.run(
        "cat >/home/me/.ssh/authorized_keys; chown me /home/me/.ssh/authorized_keys",
        stdin=key.with_suffix(".pub").read_text(),
    )
    try:
        yield made
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()
        for box in made.boxes:
            box.process.wait()
