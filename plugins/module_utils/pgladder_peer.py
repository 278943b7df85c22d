"""Another box that this one belongs to: its name, and the address of this one as that sees it, in the journal."""

from __future__ import annotations

import socket

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import Journal
from ansible.module_utils.pgladder_refused import Refused

ANY_PORT = 9
"""Nothing is sent there: the kernel only says which address it would be sent from."""


class Peer:
    """What is written down, against what a module is asked for (``reached_at``, ``journal``)."""

    key: str
    """In the journal."""
    who: str
    """The other box, in a sentence: its primary."""
    variable: str
    """By which a user names the address that this box reaches the other at."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module, self._given = module, module.params
        self._journal = Journal(self._given["journal"])
        self.name, self.address = "", ""
        if written := self._journal.read(self.key):
            self.name, self.address = written

    def write(self, name: str, address: str) -> None:
        """Write it down; a check only tells."""
        self.name, self.address = name, address
        if not self._module.check_mode:
            self._journal.write(self.key, [name, address])

    def absent(self) -> bool:
        """Forget it; return whether there was anything."""
        if not self.name:
            return False
        if not self._module.check_mode:
            self._journal.remove(self.key)
        return True

    def own_address(self) -> str:
        """Return the address from which this box reaches the other.

        Raises:
            Refused: it does not.

        """
        where = self._given["reached_at"]
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(where, ANY_PORT, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.connect(address)
                return str(probe.getsockname()[0])
        except OSError as error:
            raise Refused(
                f"it finds no way to {self.who}, {where} ({error.strerror or error}); name the address that it reaches"
                f" it at by {self.variable}, then run this again"
            ) from error
