"""Whose client box a box is, in the journal, and how its server's box comes to it; the rest is ``pgladder box``'s."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER
from ansible.module_utils.pgladder_peer import Peer
from ansible.module_utils.pgladder_refused import Refused

DOCUMENTATION = r"""
module: pgladder_client
short_description: Write down whose client box a box is, or forget it
description:
  - With O(state=present) it is written down before anything is changed, here or on the server's box, with the address
    of this box that the server will see. Port and host keys of this box's sshd are told by that itself, so they are as
    well known as the connection by which Ansible came.
  - With O(state=absent) it is forgotten. A check tells what was written down.
options:
  state:
    description: Whether it shall be written down.
    choices: [present, absent]
    required: true
    type: str
  server:
    description: Name of the server's box; empty for nobody's client box, of which nothing is written down.
    type: str
    default: ""
  reached_at:
    description: The address or name by which this box reaches the server's; empty where it is not to be found out.
    type: str
    default: ""
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Write down whose client box it is
  pgladder_client:
    state: present
    server: n100-a
    reached_at: 192.168.1.50
"""
RETURN = r"""
server:
  description: The server's box; empty where there is none.
  returned: always
  type: str
address:
  description: The address of this box, as the server's sees it.
  returned: always
  type: str
port:
  description: Of its sshd.
  returned: with O(state=present) and O(reached_at)
  type: int
host_keys:
  description: Of its sshd, kind and key each.
  returned: with O(state=present) and O(reached_at)
  type: list
"""

CLIENT = "client"
"""In the journal: the server's box, and the address of this one."""
SSHD = "/usr/sbin/sshd"


class Client(Peer):  # type: ignore[misc]  # known to Ansible alone, by its own name
    """Whose client box this is."""

    key, who, variable = CLIENT, "its server's box", "client_server_address"

    def present(self) -> bool:
        """Write down what is asked for; return whether it was not."""
        wanted = self._given["server"]
        self._refuse(wanted)
        if not wanted or self.name:
            return False
        self.write(wanted, self.own_address() if self._given["reached_at"] else "")
        return True

    def _refuse(self, wanted: str) -> None:
        if self.name and not wanted:
            raise Refused(
                f"it is a client box of {self.name}: say so again by CLIENT_OF={self.name} or client_of in the"
                " inventory, or run make teardown first, then run this again"
            )
        if self.name and wanted != self.name:
            raise Refused(f"it is a client box of {self.name}, not of {wanted}; make teardown, then run this again")
        if self.name and self._given["reached_at"] and (now := self.own_address()) != self.address:
            raise Refused(
                f"its server's box, {self.name}, knows it at {self.address}, and its address is {now} now; give it"
                " that address again, or make teardown, then run this again"
            )

    def sshd(self) -> tuple[int, list[str]]:
        """Return the port of this box's sshd, and its host keys."""
        code, said, complaint = self._module.run_command([SSHD, "-T"])
        if code:
            why = (complaint.strip().splitlines() or ["it gave no reason"])[-1]
            raise Refused(f"its sshd does not tell how it is configured ({why}); see to that, then run this again")
        settings = [line.split(maxsplit=1) for line in said.splitlines() if " " in line]
        ports = [int(value) for name, value in settings if name == "port"]
        files = [Path(f"{value}.pub") for name, value in settings if name == "hostkey"]
        keys = [" ".join(file.read_text().split()[:2]) for file in files if file.is_file()]
        return ports[0], keys


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "server": {"type": "str", "default": ""},
            "reached_at": {"type": "str", "default": ""},
            "journal": {"type": "path", "default": FOLDER},
        },
        supports_check_mode=True,
    )
    client = Client(module)
    found: dict[str, int | list[str]] = {}
    try:
        if module.params["state"] == "absent":
            changed = client.absent()
        else:
            changed = client.present()
            if module.params["reached_at"]:
                found["port"], found["host_keys"] = client.sshd()
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    # What was there: of one that was forgotten too.
    module.exit_json(changed=changed, server=client.name, address=client.address, **found)


if __name__ == "__main__":
    main()
