"""OpenSSH's own client as the way to a box: what your ssh reaches, as your configuration of it says.

Every hop's host key must be recorded: ssh reads a configuration that says so (``policy``) before yours, and hands it on
to the ssh that it starts for a gateway. ``link`` opens the connection, ``complaints`` says what ssh's words mean.
"""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.remote import policy, private
from bench.remote.errors import NotTrustedError
from bench.remote.hosts import Host

CONNECT_TIMEOUT_S = 10
KEEPALIVE_S, KEEPALIVES = 5, 3
"""A box whose sshd does not answer so many questions, asked so often, is lost."""
ASKPASS = Path(__file__).with_name("askpass.sh")
SOCKET_BYTES = 107 - len(f"/{private.LONGEST_NAME}/{private.CONTROL}.1234567890123456")
"""How long a folder's path may be, so that Linux takes that of the socket which ssh makes in one of ours."""
HARMLESS = re.compile(rf"[\w./-]{{1,{SOCKET_BYTES}}}", re.ASCII)
ALONE = {
    "ControlMaster": "yes",
    "ControlPersist": "no",
    "StrictHostKeyChecking": "yes",
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
        """Prepare it.

        Raises:
            NotTrustedError: what the inventory has ssh do lets in a host key that nobody recorded.

        """
        self.host = host
        try:
            self._words, files, self._more = policy.split(host.ssh_words)
            policy.check(self._words)
        except policy.PolicyError as error:
            raise NotTrustedError(host.name, str(error)) from error
        self._folder = _private_folder()
        self.folder = Path(self._folder.name)
        self._control = self.folder / private.CONTROL
        self._config = self.folder / "config"
        self._config.write_text(policy.configuration(files, str(host.known_hosts or "")))

    def close(self) -> None:
        """Remove what is kept for it."""
        self._folder.cleanup()

    def connecting(self, command: str, options: Mapping[str, object] = ALONE) -> list[str]:
        """Return the words that open the connection, and run a command over it."""
        return ["ssh", "-T", "-x", "-a", "-S", str(self._control), *_options(options), *self._to_box(), command]

    def over(self, command: str) -> list[str]:
        """Return the words that run a command over the connection that is there."""
        return ["ssh", *NOBODY, "-S", str(self._control), "--", "box", command]

    def ending(self) -> list[str]:
        """Return the words that end the connection that is there, and all that runs over it."""
        return ["ssh", "-F", "none", "-S", str(self._control), "-O", "exit", "--", "box"]

    def environment(self, askpass: Path) -> dict[str, str]:
        """Return what lets ssh ask for passwords at a socket."""
        ours = {
            "SSH_ASKPASS": str(ASKPASS),
            "SSH_ASKPASS_REQUIRE": "force",
            "PGLADDER_ASKPASS": str(askpass),
            "PGLADDER_PYTHON": sys.executable,
        }
        return {"DISPLAY": ":0", **os.environ, **ours}

    def resolved(self) -> dict[str, str]:
        """Return what ssh itself makes of its configuration for this box (``ssh -G``): lower-case option to value."""
        return policy.resolved(["-F", str(self._config), *self._basic()])

    def names(self) -> set[str]:
        """Return the names under which the box's key may be recorded: another name is that of a gateway."""
        found = self.resolved()
        name, port = found.get("hostname", self.host.address), found.get("port", "22")
        alias = found.get("hostkeyalias", name)
        return {self.host.address, name, alias, f"[{name}]:{port}", f"[{alias}]:{port}"}

    def _to_box(self) -> list[str]:
        """Return the words up to the box; a ssh that a ProxyCommand starts is told of the policy too.

        Raises:
            NotTrustedError: it can't be told.

        """
        *options, _, address = self._basic()
        try:
            first = policy.first_words(self._config, options, address)
        except policy.PolicyError as error:
            raise NotTrustedError(self.host.name, str(error)) from error
        return [*first, *self._basic()]

    def _basic(self) -> list[str]:
        host = self.host
        return [
            *(["-p", str(host.port)] if host.port else []),
            *(["-l", host.user] if host.user else []),
            *(["-i", str(host.key_file)] if host.key_file else []),
            *(["-o", f'UserKnownHostsFile="{host.known_hosts}"'] if host.known_hosts else []),
            *self._words,
            *self._more,
            *("--", host.address),
        ]


def _options(options: Mapping[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _private_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder whose path needs no quoting anywhere and is short enough."""
    where = tempfile.gettempdir()
    return private.folder(where if HARMLESS.fullmatch(where) else "/tmp")  # noqa: S108
