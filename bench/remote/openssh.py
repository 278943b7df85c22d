"""OpenSSH's own client as the way to a box: what your ssh reaches, as your configuration of it says.

Every hop's host key must be recorded (``policy``). ``link`` opens the connection, ``complaints`` says what ssh's words
mean.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.remote import policy, private
from bench.remote.hosts import Host

CONNECT_TIMEOUT_S = 10
KEEPALIVE_S, KEEPALIVES = 5, 3
"""A box whose sshd does not answer so many questions, asked so often, is lost."""
ASKPASS = Path(__file__).with_name("askpass.sh")
SOCKET_BYTES = 103 - len(f"/{private.LONGEST_NAME}/{private.CONTROL}.1234567890123456")
"""How long a folder's path may be: macOS takes 103 bytes of the socket that ssh makes in one of ours, Linux 107."""
HARMLESS = re.compile(rf"[\w./-]{{1,{SOCKET_BYTES}}}", re.ASCII)
"""A path that needs no quoting anywhere, and is short enough."""
ALONE = {
    "ControlMaster": "yes",
    "ControlPersist": "no",
    "UpdateHostKeys": "no",
    "ConnectTimeout": CONNECT_TIMEOUT_S,
    "ConnectionAttempts": 1,
    "ServerAliveInterval": KEEPALIVE_S,
    "ServerAliveCountMax": KEEPALIVES,
    "NumberOfPasswordPrompts": 1,
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "SessionType": "default",
    "StdinNull": "no",
    "ForkAfterAuthentication": "no",
    "LogLevel": "INFO",
}
"""What a configuration may not say otherwise: the first word on a matter counts."""
NOBODY = ("-F", "none", "-T", "-x", "-a", "-o", "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR")
"""Of a session over the connection that is there: where that is gone, no other is opened."""


class Way:
    """The words of ssh for one box, and the private folder of what belongs to them; ``close`` removes it."""

    def __init__(self, host: Host) -> None:
        """Prepare it."""
        self.host = host
        where = tempfile.gettempdir()
        if not HARMLESS.fullmatch(where):
            where = "/tmp"  # noqa: S108 - the folder in it is only ours
        self._folder = private.folder(where)
        self.folder = Path(self._folder.name)
        self._control = self.folder / private.CONTROL

    def close(self) -> None:
        """Remove what is kept for it."""
        self._folder.cleanup()

    def connecting(self, command: str, options: Mapping[str, object] = ALONE) -> list[str]:
        """Return the words that open the connection, and run a command over it."""
        words = ["ssh", "-T", "-x", "-a", "-S", str(self._control)]
        for name, value in options.items():
            words += ["-o", f"{name}={value}"]
        return [*words, *self._to_box(), command]

    def over(self, command: str) -> list[str]:
        """Return the words that run a command over the connection that is there."""
        return ["ssh", *NOBODY, "-S", str(self._control), "--", "box", command]

    def forwarding(self, local: Path, port: int) -> list[str]:
        """Return the words that lead a socket here to a port of the box's own loopback, over the connection."""
        where = ["-O", "forward", "-L", f"{local}:127.0.0.1:{port}"]
        return ["ssh", "-F", "none", "-S", str(self._control), *where, "--", "box"]

    def ending(self) -> list[str]:
        """Return the words that end the connection that is there, and all that runs over it."""
        return ["ssh", "-F", "none", "-S", str(self._control), "-O", "exit", "--", "box"]

    def environment(self, *, accept_new: bool = False) -> dict[str, str]:
        """Return the environment of these words; raises as ``policy.environment``."""
        return policy.environment(self.host.name, self.host.known_hosts, accept_new=accept_new)

    def asking(self, askpass: Path) -> dict[str, str]:
        """Return what lets ssh ask for passwords at a socket, beside its environment."""
        ours = {
            "SSH_ASKPASS": str(ASKPASS),
            "SSH_ASKPASS_REQUIRE": "force",
            "PGLADDER_ASKPASS": str(askpass),
            "PGLADDER_PYTHON": sys.executable,
        }
        return {"DISPLAY": ":0", **self.environment(), **ours}

    def resolved(self) -> dict[str, str]:
        """Return what ssh itself makes of its configuration for this box (``ssh -G``): lower-case option to value."""
        done = subprocess.run(
            ["ssh", "-G", *self._to_box()],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment(),
        )
        lines = done.stdout.decode(errors="surrogateescape").splitlines()
        pairs = [line.split(" ", 1) for line in lines if " " in line]
        # Of several on one matter the first counts.
        return dict(reversed(pairs))

    def names(self) -> set[str]:
        """Return the names under which the box's key may be recorded: another name is that of a gateway."""
        found = self.resolved()
        name, port = found.get("hostname", self.host.address), found.get("port", "22")
        alias = found.get("hostkeyalias", name)
        return {self.host.address, name, alias, f"[{name}]:{port}", f"[{alias}]:{port}"}

    def _to_box(self) -> list[str]:
        host = self.host
        words: list[str] = []
        if host.port:
            words += ["-p", str(host.port)]
        if host.user:
            words += ["-l", host.user]
        if host.key_file:
            words += ["-i", str(host.key_file)]
        if host.known_hosts:
            words += ["-o", f'UserKnownHostsFile="{host.known_hosts}"']
        # ssh takes the first word on a matter: what is asked for here goes before the inventory's own arguments.
        return [*words, *host.ssh_words, "--", host.address]
