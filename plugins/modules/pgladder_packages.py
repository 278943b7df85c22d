"""Debian packages that leave a box as they came; apt itself is asked by ``ansible.builtin.apt`` and ``apt-get``."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER, Journal, write_whole

DOCUMENTATION = r"""
module: pgladder_packages
short_description: Write down which packages apt will bring, and take them away again
description:
  - With O(state=expected), before V(ansible.builtin.apt) installs the packages, what it will add is written down in the
    journal. Where that would upgrade or remove a package that was there before, the module fails, and changes nothing.
  - With O(state=settled), after it, what came is marked as automatic, and apt's autoremove is told to leave it.
  - With O(state=absent) all that came is purged, but for Python itself, which this module runs by. Packages that
    somebody asked apt for, or that other packages or clusters came to need, stay, and are returned in RV(kept).
options:
  state:
    description: What shall be so.
    choices: [expected, settled, absent]
    required: true
    type: str
  names:
    description: Packages to be installed.
    type: list
    elements: str
    default: []
  bootstrap:
    description: Packages that stay when O(state=absent), with all they need; who removes them needs no Python.
    type: list
    elements: str
    default: []
  unremoved:
    description: The configuration file that keeps apt's autoremove from what came.
    type: path
    required: true
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Write down which packages will come
  pgladder_packages:
    state: expected
    names: [openssl]
    unremoved: /etc/apt/apt.conf.d/03pgladder
"""
RETURN = r"""
missing:
  description: Those of O(names) that are not installed.
  returned: when O(state=expected)
  type: list
kept:
  description: Sentences, which packages stay and for whose sake.
  returned: when O(state=absent)
  type: list
"""

ASKED_BEFORE = (
    *("ca-certificates", "openssl", "postgresql-15", "postgresql-common", "python3", "python3-pip-whl"),
    "systemd-timesyncd",
)
"""What releases that wrote no O(unremoved) asked apt for by name, so that it was marked as somebody's wish."""
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
APT = ("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "--no-install-recommends")
ARCHIVES = Path("/var/cache/apt/archives")
LOCALE = Path("/etc/default/locale")
"""The purge of locales deletes it, though from Debian 13 on it is systemd's: a link, made by tmpfiles.d at boot."""
CLUSTERS = Path("/etc/postgresql")
UPGRADED = re.compile(r"^Inst (\S+) \[([^]]+)\] \((\S+) ", re.MULTILINE)
REMOVED = re.compile(r"^(?:Remv|Purg) (\S+)", re.MULTILINE)
ADDED = re.compile(r"^Inst (\S+)", re.MULTILINE)


class Packages:
    """What dpkg and apt know, and what the journal says came with provisioning."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._journal = Journal(module.params["journal"])
        self._unremoved = Path(module.params["unremoved"])

    # --- asking -------------------------------------------------------------------------------------------------------

    def _run(self, *words: str, check: bool = True, text: str = "", folder: str = "/") -> str:
        """Run a program and return what it prints; where it fails, the module does, with what it says."""
        code, out, err = self._module.run_command(
            list(words), data=text.encode(), binary_data=True, cwd=folder, environ_update=ENVIRONMENT
        )
        if code and check:
            self._module.fail_json(msg=(err.strip() or out.strip() or f"{words[0]} failed"), cmd=list(words))
        return str(out)

    def _query(self, form: str) -> list[list[str]]:
        return [line.split() for line in self._run("dpkg-query", "-W", "-f", form + r"\n").splitlines()]

    def _present(self) -> set[str]:
        """Return every package that dpkg knows, whole or as mere configuration."""
        return {name for name, *_ in self._query("${Package}")}

    def _came(self) -> set[str]:
        """Return what the journal says came, or was to come, with provisioning."""
        return set(self._journal.read("installed-packages") or ())

    def _ours(self) -> set[str]:
        return self._came() & self._present()

    def _missing(self, names: Iterable[str]) -> list[str]:
        there = set()
        for status, name in self._query("${db:Status-Abbrev} ${Package}"):
            if re.match("[hi]i", status):  # one that is held is there too
                there.add(name)
        return [name for name in names if name not in there]

    def _manual(self) -> set[str]:
        return set(self._run("apt-mark", "showmanual").split())

    def _needs(self, names: Iterable[str]) -> set[str]:
        """Return everything installed that these can't do without, themselves among them."""
        listed = self._run("apt-cache", "depends", "--recurse", "--important", "--installed", *sorted(names))
        return set(re.findall(r"^(\S+)$", listed, re.MULTILINE))

    # --- before apt installs ------------------------------------------------------------------------------------------

    def expect(self, names: Sequence[str]) -> dict[str, Any]:
        """See that apt can install what is missing and changes nothing else; write down what it will add."""
        checking = self._module.check_mode
        changed = not checking and self._mark()
        missing = self._missing(names)
        if missing and not checking:
            self._mend()
            self._run(*APT, "update")
            if self._run("dpkg", "--audit").strip():
                self._write_down("--fix-broken")
                self._run(*APT, "install", "--fix-broken")
            self._write_down(*missing)
        diff = {"before": "", "after": "".join(f"{name}\n" for name in missing)}
        return {"changed": changed or bool(missing), "missing": missing, "diff": diff}

    def _mend(self) -> None:
        """Finish what a power cut left half-way, and want again what a teardown that was cut off was to take away."""
        self._run("dpkg", "--configure", "-a", check=False)  # apt sees to what this can't yet
        unwanted = []
        for want, status, name in self._query("${db:Status-Want} ${db:Status-Status} ${Package}"):
            going = want in ("purge", "deinstall") and status not in ("not-installed", "config-files")
            if going and name in self._came():
                unwanted.append(name)
        self._run("dpkg", "--set-selections", text="".join(f"{name} install\n" for name in unwanted))

    def _write_down(self, *asked: str) -> None:
        planned = self._run(*APT, "-s", "install", *asked)
        self._refuse_changes(planned)
        added = set(ADDED.findall(planned))
        found = set(self._journal.read("found/packages") or ())
        self._journal.write("installed-packages", sorted((self._came() | added) - found))
        self._leave_unremoved()
        # Of what it is asked for by name apt takes somebody's wish, also where it only mends it.
        named = added | (set(asked) & self._came())
        self._journal.write("installing", sorted(set(self._journal.read("installing") or ()) | named))

    def _refuse_changes(self, planned: str) -> None:
        changes = {name: f"(from {old} to {new})" for name, old, new in UPGRADED.findall(planned)}
        changes.update(dict.fromkeys(REMOVED.findall(planned), "(removed)"))
        came = self._came()
        others = [f"{name} {change}" for name, change in changes.items() if name not in came]
        if others:
            self._module.fail_json(msg=f"not ours to change: {', '.join(others)}")

    # --- after apt ----------------------------------------------------------------------------------------------------

    def settle(self) -> dict[str, Any]:
        """Take stock after apt, whether it could or not; on the disk when this returns."""
        changed = self._mark()
        os.sync()
        return {"changed": changed}

    def _mark(self) -> bool:
        """Mark what came as automatic, so that a mark of somebody's wish is one, and forget what did not come.

        apt marks at its end: of what it brought before it was cut off it knows nobody's wish. Where an absent package
        comes later, somebody else brought it.
        """
        by_earlier_release = bool(self._came()) and not self._unremoved.exists()
        installing = self._journal.read("installing")
        if installing is None and not by_earlier_release:
            return False
        ours = self._ours()
        unasked = set(installing or ())
        if installing == []:  # as an earlier release left it: of none of them it is known who asked for it
            unasked = ours
        if by_earlier_release:
            unasked |= set(ASKED_BEFORE)
        self._mark_automatic(ours & unasked)
        self._journal.write("installed-packages", sorted(ours))
        self._leave_unremoved()
        self._journal.remove("installing")
        return True

    def _mark_automatic(self, names: Iterable[str]) -> None:
        if names := sorted(names):
            self._run("apt-mark", "auto", *names)

    def _leave_unremoved(self) -> None:
        """Tell apt's autoremove, which removes what is marked as automatic, to leave what came."""
        patterns = ['  "^' + re.sub(r"([.+])", r"\\\1", name) + '$";' for name in sorted(self._came())]
        lines = ["// These came with pgladder; its teardown removes them.", "APT::NeverAutoRemove {", *patterns, "};"]
        text = "".join(f"{line}\n" for line in lines)
        if not self._unremoved.exists() or self._unremoved.read_text(encoding="utf-8") != text:
            write_whole(self._unremoved, text)

    # --- away again ---------------------------------------------------------------------------------------------------

    def remove(self, bootstrap: Iterable[str]) -> dict[str, Any]:
        """Purge what came, but for what must stay and what this module runs by; put marks back."""
        if not self._came():
            return {"changed": False, "kept": []}
        if not self._module.check_mode:
            self._run("dpkg", "--configure", "-a", check=False)  # what needs a package that never came goes anyway
            self._unpack_again()
        kept, reasons = self._choose_kept()
        going = self._ours() - kept
        going -= self._needs(going & set(bootstrap)) if going & set(bootstrap) else set()
        if not self._module.check_mode:
            self._journal.write("kept", sorted(kept))
            self._purge(going)
            found = set(self._journal.read("found/packages") or ())
            before = set(self._journal.read("found/manual-packages") or ())
            self._mark_automatic((self._manual() & found) - before)
        diff = {"before": "".join(f"{name}\n" for name in sorted(going)), "after": ""}
        return {"changed": bool(going), "kept": reasons, "diff": diff}

    def _purge(self, going: set[str]) -> None:
        # Those that were there as mere configuration before are so again.
        configuration = going & set(self._journal.read("found/configuration") or ())
        if configuration:
            self._run(*APT, "remove", *sorted(configuration))
        if going - configuration:
            self._run(*APT, "purge", *sorted(going - configuration))
        if "locales" in going:  # what it finds wrong in files of others is not of our doing; the next boot tries again
            self._run("systemd-tmpfiles", "--create", f"--prefix={LOCALE}", check=False)

    def _unpack_again(self) -> None:
        """Unpack what was being unpacked when the power went: dpkg does not know its files, and would leave them."""
        for flag, name in self._query("${db:Status-Eflag} ${Package}"):
            if flag != "reinstreq" or name not in self._came():
                continue
            archives = ARCHIVES.glob(f"{name}_*.deb")
            unpack = ("dpkg", "--force-depends", "--unpack")
            code, _, _ = self._module.run_command([*unpack, *map(str, archives)], environ_update=ENVIRONMENT)
            if code:  # its archive went with the power too
                self._run(*APT, "update")
                with tempfile.TemporaryDirectory() as folder:
                    self._run("apt-get", "-qq", "download", name, folder=folder)
                    self._run(*unpack, *map(str, Path(folder).glob("*.deb")))

    def _choose_kept(self) -> tuple[set[str], list[str]]:
        came = self._came()
        kept: set[str] = set()
        reasons: list[str] = []

        def keep(names: set[str], why: str) -> None:
            if names:
                kept.update(names)
                reasons.append(f"kept, because {why}: {' '.join(sorted(names))}")

        if asked := self._asked_for():
            keep(self._needs(asked) & came, f"somebody asked apt for {' '.join(sorted(asked))}")
        if servers := self._servers_of_others():
            if not self._module.check_mode:
                self._run("apt-mark", "manual", *sorted(servers))  # apt's autoremove would take the data along
            keep(self._needs(servers) & came, f"other clusters ({' '.join(_clusters())}) need them")
        while others := self._needing_ours(self._ours() - kept):
            names = " ".join(sorted(others))
            # All of them where apt's simulation knows of a need that its list of dependencies does not.
            theirs = self._needs(others) & (self._ours() - kept) or self._ours() - kept
            keep(theirs, f"other packages ({names}) came to need them")
        return kept, reasons

    def _asked_for(self) -> set[str]:
        """Return what somebody asked apt for; what provisioning brings is marked as automatic, in the end."""
        installing = self._journal.read("installing")
        if installing == []:
            return set()
        before = () if self._unremoved.exists() else ASKED_BEFORE
        return (self._manual() & self._ours()) - set(installing or ()) - set(before)

    def _servers_of_others(self) -> set[str]:
        """Return the servers that came and that clusters need which are not pgladder's: its own is gone by now."""
        return {f"postgresql-{cluster.split('/')[0]}" for cluster in _clusters()} & self._ours()

    def _needing_ours(self, going: set[str]) -> set[str]:
        """Return what else would go with them."""
        if not going:
            return set()
        return set(REMOVED.findall(self._run("apt-get", "-qq", "-s", "purge", *sorted(going)))) - going


def _clusters() -> list[str]:
    return sorted(str(folder.relative_to(CLUSTERS)) for folder in CLUSTERS.glob("*/*"))


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["expected", "settled", "absent"], "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "bootstrap": {"type": "list", "elements": "str", "default": []},
            "unremoved": {"type": "path", "required": True},
            "journal": {"type": "path", "default": FOLDER},
        },
        supports_check_mode=True,
    )
    packages = Packages(module)
    if module.params["state"] == "absent":
        module.exit_json(**packages.remove(module.params["bootstrap"]))
    elif module.params["state"] == "settled":
        module.exit_json(**packages.settle())
    module.exit_json(**packages.expect(module.params["names"]))


if __name__ == "__main__":
    main()
