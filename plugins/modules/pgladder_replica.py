"""Whose standby pgladder's cluster on a box is, in the journal; how it is made is ``pgladder_cluster``'s business."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER
from ansible.module_utils.pgladder_peer import Peer
from ansible.module_utils.pgladder_refused import Refused

DOCUMENTATION = r"""
module: pgladder_replica
short_description: Write down whose standby the cluster of a box is, or forget it
description:
  - With O(state=present) it is written down before anything is changed, here or on the primary's box, with the address
    of this box that the primary will see. Nothing is written down where the cluster that is there is one of its own,
    another one's standby, or was promoted.
  - With O(state=absent) it is forgotten. A check tells what was written down.
options:
  state:
    description: Whether it shall be written down.
    choices: [present, absent]
    required: true
    type: str
  primary:
    description: Name of the primary's box; empty for a cluster of its own, of which nothing is written down.
    type: str
    default: ""
  reached_at:
    description: The address or name by which this box reaches the primary's; empty where it is not to be found out.
    type: str
    default: ""
  cluster:
    description: Version and name of the cluster, as in C(17/pgladder).
    type: str
    default: ""
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Write down whose standby it is
  pgladder_replica:
    state: present
    primary: n100-a
    reached_at: 192.168.1.50
    cluster: 17/pgladder
"""
RETURN = r"""
primary:
  description: The primary's box; empty where there is none.
  returned: always
  type: str
address:
  description: The address of this box, as the primary sees it.
  returned: always
  type: str
made:
  description: Whether the standby is there.
  returned: always
  type: bool
"""

REPLICA = "replica"
"""In the journal: the primary's box, and the address of this one."""
MADE = "cluster-made"
"""In the journal, by pgladder_cluster: the cluster is whole."""
DATA = Path("/var/lib/postgresql")


class Replica(Peer):  # type: ignore[misc]  # known to Ansible alone, by its own name
    """Whose standby the cluster of this box is."""

    key, who, variable = REPLICA, "its primary", "replica_primary_address"

    def __init__(self, module: AnsibleModule) -> None:
        super().__init__(module)
        self.made = self._journal.read(MADE) is not None

    def present(self) -> bool:
        """Write down what is asked for; return whether it was not."""
        wanted = self._given["primary"]
        self._refuse(wanted)
        if not wanted or self.name:
            return False
        self.write(wanted, self.own_address())
        return True

    def _refuse(self, wanted: str) -> None:
        cluster, signal = self._given["cluster"], DATA / self._given["cluster"] / "standby.signal"
        if self.name and self.made and not signal.exists():
            raise Refused(
                f"its cluster {cluster} was a standby of {self.name} and was promoted: it takes writes of its own,"
                " is no longer counted as a standby, and is not overwritten; make teardown, then make provision,"
                " where it may go"
            )
        if self.name and not wanted:
            raise Refused(
                f"its cluster {cluster} is a standby of {self.name}: say so again by REPLICA_OF={self.name} or"
                " replica_of in the inventory, or run make teardown first, then run this again"
            )
        if self.name and wanted != self.name:
            raise Refused(
                f"its cluster {cluster} is a standby of {self.name}, not of {wanted}; make teardown, then run this"
                " again"
            )
        if wanted and self.made and not self.name:
            raise Refused(
                f"its cluster {cluster} is one of its own, and is not overwritten by a standby of {wanted}; pull the"
                " results of its runs, make teardown, then run this again"
            )
        if self.name and self._given["reached_at"] and (now := self.own_address()) != self.address:
            raise Refused(
                f"its primary {self.name} knows it at {self.address}, and its address is {now} now; give it that"
                " address again, or make teardown, then run this again"
            )


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "primary": {"type": "str", "default": ""},
            "reached_at": {"type": "str", "default": ""},
            "cluster": {"type": "str", "default": ""},
            "journal": {"type": "path", "default": FOLDER},
        },
        required_if=[("state", "present", ("cluster",))],
        supports_check_mode=True,
    )
    replica = Replica(module)
    try:
        changed = replica.present() if module.params["state"] == "present" else replica.absent()
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(changed=changed, primary=replica.name, address=replica.address, made=replica.made)


if __name__ == "__main__":
    main()
