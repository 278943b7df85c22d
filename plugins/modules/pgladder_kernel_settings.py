"""Settings of the kernel in /proc and /sys: written down, set, read back and proved; or put back as they were found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER, Journal

DOCUMENTATION = r"""
module: pgladder_kernel_settings
short_description: Set the kernel's settings and prove it, or put them back as they were found
description:
  - With O(state=present) each value found is written down in the journal before it is changed, once. All are set, then
    read back; the module fails naming those that have another value afterwards, or that can't be read.
  - With O(state=absent) the values written down are written back.
  - A setting that does not exist here, or that belongs to a core which is switched off, does not apply.
options:
  state:
    description: Whether they shall have the wanted values, or those found.
    choices: [present, absent]
    required: true
    type: str
  settings:
    description: In the order in which they are set.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What people call it.
        type: str
        required: true
      value:
        description: The wanted value; empty leaves it as it is.
        type: str
        required: true
      file:
        description: Its file, or a pattern of files; V({disk}) in it and in the name is each of O(disks).
        type: str
        required: true
  disks:
    description: Names as in /sys/block; none where the disk of the data is unknown.
    type: list
    elements: str
    default: []
  zeroed:
    description: Files that the kernel itself changes with them; written down too.
    type: list
    elements: str
    default: []
  container:
    description: The kind of container this is, whose kernel is another's; V(none) where it is none.
    type: str
    required: true
  report:
    description: A file that says what is in force; removed where that could not be proved.
    type: path
    required: true
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Set the kernel's settings
  pgladder_kernel_settings:
    state: present
    container: none
    report: /etc/pgladder-host.json
    settings:
      - {name: swappiness, value: "10", file: /proc/sys/vm/swappiness}
"""
RETURN = r"""
settings:
  description: >-
    Each setting of each file: RV(settings[].name), file (empty where it does not apply), wanted, found, and its state:
    V(set), V(differs), V(unreadable) or V(not applicable), the last two with a colon and the reason.
  returned: when O(state=present)
  type: list
refused:
  description: Files, each with the value found, that the kernel does not take back.
  returned: when O(state=absent)
  type: list
kept:
  description: Sentences, which values could not be compared.
  returned: when O(state=absent)
  type: list
"""

DISK = "{disk}"
KNOBS = "found/knobs"
"""One a line: the file and its value."""


def in_force(file: str) -> str:
    """Return a setting's value; of "always [madvise] never" the chosen one. Raises OSError where it can't be read."""
    text = Path(file).read_text(encoding="utf-8").strip()
    chosen = re.search(r"\[(.*)\]", text)
    return chosen[1] if chosen else text


def switched_off(file: str) -> str:
    """Return the core that a file belongs to, where it is switched off, else nothing."""
    core = re.match(r".*/(cpu[0-9]+)(?=/)", file)
    if core is None:
        return ""
    try:
        online = (Path(core[0]) / "online").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return core[1] if online == "0" else ""


class KernelSettings:
    """The settings asked for, and the journal of what was found."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._journal = Journal(module.params["journal"])

    def read(self) -> list[dict[str, str]]:
        """Return each setting of each file, with its state."""
        read: list[dict[str, str]] = []
        for setting in self._module.params["settings"]:
            if setting["value"]:
                read += self._read_one(setting)
        return read

    def _read_one(self, setting: dict[str, str]) -> list[dict[str, str]]:
        container = self._module.params["container"]
        if container != "none":
            return [_void(setting, f"shared kernel ({container})")]
        if DISK not in setting["file"]:
            return self._read_files(setting)
        read: list[dict[str, str]] = []
        for disk in self._module.params["disks"]:
            read += self._read_files({word: text.replace(DISK, disk) for word, text in setting.items()})
        return read or [_void(setting, "the disk of the data is unknown; name it by host_disks")]

    def _read_files(self, setting: dict[str, str]) -> list[dict[str, str]]:
        files = sorted(map(str, Path("/").glob(setting["file"].lstrip("/"))))
        if not files:
            return [_void(setting, f"this machine has no {setting['file']}")]
        return [self._read_file(setting, file) for file in files]

    @staticmethod
    def _read_file(setting: dict[str, str], file: str) -> dict[str, str]:
        name, wanted = setting["name"], setting["value"]
        try:
            found = in_force(file)
        except OSError as error:
            if core := switched_off(file):
                return _row(f"{name} of {core}", wanted, state=f"not applicable: {core} is switched off")
            return _row(name, wanted, file=file, state=f"unreadable: {error.strerror}")
        return _row(name, wanted, file=file, found=found, state="set" if found == wanted else "differs")

    # --- set ----------------------------------------------------------------------------------------------------------

    def set_all(self) -> dict[str, Any]:
        """Set what differs and prove it."""
        before = self.read()
        differing = [row for row in before if row["state"] == "differs"]
        answer: dict[str, Any] = {"changed": bool(differing), "settings": before, "diff": _diff(differing)}
        if self._module.check_mode:
            return answer
        answer["changed"] |= self._write_down(before)
        refusals: dict[str, str] = {}
        for row in before if differing else ():  # all: one that is set may change another
            if row["file"]:
                refusals[row["file"]] = _write(row["file"], row["wanted"])
        answer["settings"] = self.read()
        if wrong := self._not_in_force(answer["settings"], refusals):
            Path(self._module.params["report"]).unlink(missing_ok=True)  # what it says is no longer so
            self._module.fail_json(msg="; ".join(wrong), **answer)
        return answer

    def _write_down(self, rows: Iterable[dict[str, str]]) -> bool:
        """Write down values that a later provisioning is the first to touch too; tell whether there were any."""
        if self._module.params["container"] != "none":
            return False
        known = self._journal.read(KNOBS) or []
        files = {line.split(" ", 1)[0] for line in known}
        added = [f"{row['file']} {row['found']}" for row in rows if row["found"] and row["file"] not in files]
        zeroed = [file for file in self._module.params["zeroed"] if file not in files and Path(file).exists()]
        added += [f"{file} {in_force(file)}" for file in zeroed]
        if added:
            self._journal.write(KNOBS, [*known, *added])
        return bool(added)

    @staticmethod
    def _not_in_force(rows: Iterable[dict[str, str]], refusals: dict[str, str]) -> list[str]:
        wrong: list[str] = []
        for row in rows:
            name, file, state = row["name"], row["file"], row["state"]
            given = f'{file} was given "{row["wanted"]}"'
            if state == "differs":
                why = f" ({refusals[file]})" if refusals.get(file) else ""
                wrong.append(f'{name} could not be set: {given} and reads "{row["found"]}"{why}')
            elif state.startswith("unreadable"):
                wrong.append(f"{name} could not be proved: {given} and can't be read ({state.partition(': ')[2]})")
        return wrong

    # --- put back -----------------------------------------------------------------------------------------------------

    def put_back(self) -> dict[str, Any]:
        """Write back what was found, each that can be."""
        answer: dict[str, Any] = {"changed": False, "refused": [], "kept": []}
        if self._module.params["container"] != "none":
            return answer
        for line in self._journal.read(KNOBS) or ():
            file, _, value = line.partition(" ")
            # A limit of dirty memory is in bytes or in per cent; the one that is 0 is not the one that counts. A
            # journal of an earlier release has no value where a core was off.
            unset = not value or (value == "0" and "/dirty_" in file)
            if unset or not Path(file).exists():
                continue
            self._put_one_back(file, value, answer)
        return answer

    def _put_one_back(self, file: str, value: str, answer: dict[str, Any]) -> None:
        try:
            now = in_force(file)
        except OSError:
            why = "it can't be read (is its core off?), until the next boot"
            answer["kept"].append(f"kept, because {why}: {file}, which was {value}")
            return
        if now == value:
            return
        answer["changed"] = True
        if not self._module.check_mode and _write(file, value):
            answer["refused"].append(f"{file} ({value})")


def _row(name: str, wanted: str, *, state: str, file: str = "", found: str = "") -> dict[str, str]:
    return {"name": name, "file": file, "wanted": wanted, "found": found, "state": state}


def _void(setting: dict[str, str], why: str) -> dict[str, str]:
    name = setting["name"].replace(f" of {DISK}", "")
    return _row(name, setting["value"], state=f"not applicable: {why}")


def _write(file: str, value: str) -> str:
    """Write a value; return why the kernel refuses it, nothing where it does not."""
    try:
        Path(file).write_text(f"{value}\n", encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _diff(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    before = after = ""
    for row in rows:
        before += f"{row['file']} {row['found']}\n"
        after += f"{row['file']} {row['wanted']}\n"
    return {"before": before, "after": after}


def main() -> None:
    """Do what ``state`` says."""
    setting = {name: {"type": "str", "required": True} for name in ("name", "value", "file")}
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "settings": {"type": "list", "elements": "dict", "options": setting, "default": []},
            "disks": {"type": "list", "elements": "str", "default": []},
            "zeroed": {"type": "list", "elements": "str", "default": []},
            "container": {"type": "str", "required": True},
            "report": {"type": "path", "required": True},
            "journal": {"type": "path", "default": FOLDER},
        },
        supports_check_mode=True,
    )
    settings = KernelSettings(module)
    if module.params["state"] == "absent":
        module.exit_json(**settings.put_back())
    module.exit_json(**settings.set_all())


if __name__ == "__main__":
    main()
