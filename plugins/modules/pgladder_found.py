"""Accounts and folders of a box, and whether a unit was enabled: as found, so that they can be so again."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER, Journal

DOCUMENTATION = r"""
module: pgladder_found
short_description: Write down accounts, folders and units as found, and have them so again
description:
  - With O(state=present) each is written down in the journal, once.
  - With O(state=absent) accounts that packages made and left behind are removed, and so are folders in which nothing is
    left. Only those go that were not there before. The journal itself stays.
options:
  state:
    description: Whether what provisioning brings shall be on the box.
    choices: [present, absent]
    required: true
    type: str
  folders:
    description: Folders that provisioning, or a package, may be the first to need, innermost first; patterns too.
    type: list
    elements: str
    default: []
  units:
    description: Units whose enablement is written down, by the name it has in the journal.
    type: dict
    default: {}
  accounts:
    description: Users and groups that packages make and leave behind, and the package of each.
    type: dict
    default: {}
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Write down what is found
  pgladder_found:
    state: present
    units: {time-synchronisation: systemd-timesyncd.service}
"""
RETURN = r"""
found:
  description: The lines written down, by name.
  returned: always
  type: dict
"""

SYSTEMCTL = ("timeout", "60", "systemctl")


class Found:
    """What is on the box now, against what the journal says."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._journal = Journal(module.params["journal"])

    def _run(self, *words: str) -> str:
        code, out, err = self._module.run_command(list(words), environ_update={"LC_ALL": "C.UTF-8"})
        if code and (err.strip() or code != 1):  # systemctl says nothing, and 1, of a unit that there is not
            self._module.fail_json(msg=(err.strip() or f"{' '.join(words)} ended with {code}"))
        return str(out)

    def facts(self) -> dict[str, list[str]]:
        """Return what is there now, by its name in the journal."""
        there = {
            "users": sorted(user.pw_name for user in pwd.getpwall()),
            "groups": sorted(group.gr_name for group in grp.getgrall()),
            "folders": [str(folder) for folder in self._folders()],
        }
        for name, unit in self._module.params["units"].items():
            listed = self._run(*SYSTEMCTL, "list-unit-files", "--plain", "--no-legend", unit).split()
            there[name] = listed[1:2]  # "enabled", "disabled"; nothing where there is no such unit
        return there

    def write_down(self) -> bool:
        """Write down what was not written down before; tell whether there was any."""
        changed = False
        for name, lines in self.facts().items():
            if self._journal.read(f"found/{name}") is None:
                changed = True
                if not self._module.check_mode:
                    self._journal.write(f"found/{name}", lines)
        return changed

    def written(self) -> dict[str, list[str]]:
        """Return what the journal says of these facts."""
        names = ("users", "groups", "folders", *self._module.params["units"])
        return {name: self._journal.read(f"found/{name}") or [] for name in names}

    # --- as it was ----------------------------------------------------------------------------------------------------

    def put_back(self) -> bool:
        """Remove accounts and folders that were not there; tell whether there were any."""
        changed = False
        if not self._journal.begun():
            return changed
        for account in self._left("users", [user.pw_name for user in pwd.getpwall()]):
            changed |= self._remove("userdel", account)
        for account in self._left("groups", [group.gr_name for group in grp.getgrall()]):
            changed |= self._remove("groupdel", account)
        for folder in self._folders():
            changed |= self._remove_folder(folder)
        return changed

    def _folders(self) -> list[Path]:
        """Return those that are there."""
        there: list[Path] = []
        for pattern in self._module.params["folders"]:
            there += [folder for folder in sorted(Path("/").glob(pattern.lstrip("/"))) if folder.is_dir()]
        return there

    def _left(self, kind: str, there: list[str]) -> list[str]:
        """Return accounts that packages made which are gone again."""
        found = self._journal.read(f"found/{kind}")
        if found is None:  # nothing was brought yet
            return []
        left: list[str] = []
        for name, package in self._module.params["accounts"].items():
            if name in there and name not in found and not self._installed(package):
                left.append(name)
        return left

    def _installed(self, package: str) -> bool:
        words = ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", package]
        _, status, _ = self._module.run_command(words)
        return str(status).startswith(("i", "h"))

    def _remove(self, program: str, account: str) -> bool:
        if not self._module.check_mode:
            self._run(program, account)
        return True

    def _remove_folder(self, folder: Path) -> bool:
        found = self._journal.read("found/folders")
        if found is None or str(folder) in found or any(folder.iterdir()):  # somebody else put something into it
            return False
        if not self._module.check_mode:
            folder.rmdir()
        return True


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "folders": {"type": "list", "elements": "str", "default": []},
            "units": {"type": "dict", "default": {}},
            "accounts": {"type": "dict", "default": {}},
            "journal": {"type": "path", "default": FOLDER},
        },
        supports_check_mode=True,
    )
    found = Found(module)
    changed = found.write_down() if module.params["state"] == "present" else found.put_back()
    module.exit_json(changed=changed, found=found.written())


if __name__ == "__main__":
    main()
