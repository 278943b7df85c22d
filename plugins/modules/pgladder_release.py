"""pgladder and its pinned dependencies on a box, in a virtual environment of their own, without any network."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: pgladder_release
short_description: Install a release of pgladder, or remove it
description:
  - With O(state=present) the release is installed beside the one in use, from wheels whose hashes are checked, then
    switched to in one step; earlier ones are removed. One that is in use is left alone.
  - With O(state=absent) every release is removed.
options:
  state:
    description: Whether the release shall be there.
    choices: [present, absent]
    required: true
    type: str
  release:
    description: Its name. Needed for O(state=present).
    type: str
  archive:
    description: The wheels, and C(release.txt) which names and pins them. It is removed afterwards.
    required: true
    type: path
  program:
    description: The folder of the releases; C(current) in it leads to the one in use.
    type: path
    default: /opt/pgladder
  command:
    description: The link by which it is called.
    type: path
    default: /usr/local/bin/pgladder
  python:
    description: Python of the box itself.
    type: path
    default: /usr/bin/python3
author: pgladder
"""
EXAMPLES = r"""
- name: Install the release
  pgladder_release:
    state: present
    release: 3a51e0
    archive: /var/lib/pgladder-wheels.tar
"""
RETURN = r"""
release:
  description: The release in use before.
  returned: always
  type: str
"""

PIPS = Path("/usr/share/python-wheels")
PINNED = "release.txt"


class Releases:
    """The releases on this box, one of which is in use."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._given = module.params
        self._program = Path(self._given["program"])
        self._current = self._program / "current"

    def in_use(self) -> str:
        """Return the release in use; empty where there is none."""
        if not self._current.is_symlink():
            return ""
        return str(self._current.readlink())

    def present(self) -> bool:
        """See that the release is in use; return whether it was not."""
        if self.in_use() == self._given["release"]:
            return False
        if not self._module.check_mode:
            home = self._program / self._given["release"]
            self._install(home)
            # First, for a release that is in use is not looked at again.
            self._link_command()
            self._run("sync", "-f", str(self._program))
            self._switch(home)
        return True

    def _install(self, home: Path) -> None:
        # What a cut left of it.
        shutil.rmtree(home, ignore_errors=True)
        wheels = home / "wheels"
        wheels.mkdir(parents=True)
        with tarfile.open(self._given["archive"]) as archive:
            # Python 3.14 filters by itself, 3.12 and 3.13 warn where nobody asks, Debian 12's 3.11.2 knows no filters.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(wheels)  # noqa: S202 - made by this pgladder, brought by ssh
        python = str(Path(self._given["python"]).resolve())
        self._run(python, "-m", "venv", "--without-pip", str(home))
        self._install_wheels(python, home, wheels)
        own = home / "bin/python"
        self._run(str(own), "-m", "compileall", "-q", "-j", "0", str(home / "lib"))
        self._isolate(home / "bin/pgladder", own)
        self._run(str(home / "bin/pgladder"), "--version")
        shutil.rmtree(wheels)
        Path(self._given["archive"]).unlink()

    def _install_wheels(self, python: str, home: Path, wheels: Path) -> None:
        pips = sorted(PIPS.glob("pip-*.whl"))
        if not pips:
            self._module.fail_json(msg=f"there is no pip in {PIPS}; install python3-pip-whl, then run this again")
        # Debian's pip, as it comes: the environment needs none of its own, and nobody's configuration of pip counts.
        pip = [python, str(pips[-1] / "pip"), "--isolated", "--python", str(home / "bin/python")]
        quietly = ["--quiet", "--disable-pip-version-check"]
        exactly = ["--no-index", "--find-links", ".", "--no-deps", "--no-compile", "--require-hashes"]
        self._run(*pip, "install", *quietly, *exactly, "--requirement", PINNED, folder=wheels)

    @staticmethod
    def _isolate(command: Path, python: Path) -> None:
        """Have Python alone decide what is loaded (-I): root runs it too.

        No variable, no user's folder, not where one stands.
        """
        _, _, rest = command.read_text(encoding="utf-8").partition("\n")
        command.write_text(f"#!{python} -I\n{rest}", encoding="utf-8")

    def _link_command(self) -> None:
        command, target = Path(self._given["command"]), self._current / "bin/pgladder"
        if not command.is_symlink() or command.readlink() != target:
            command.unlink(missing_ok=True)
            command.symlink_to(target)

    def _switch(self, home: Path) -> None:
        following = self._program / "next"
        following.unlink(missing_ok=True)
        following.symlink_to(home.name)
        following.replace(self._current)
        for other in self._program.iterdir():
            if other not in (self._current, home):
                shutil.rmtree(other)

    def absent(self) -> bool:
        """See that there is none; return whether there was anything of one."""
        left = [Path(self._given[name]) for name in ("program", "command", "archive")]
        there = [path for path in left if os.path.lexists(path)]
        if not self._module.check_mode:
            for path in there:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        return bool(there)

    def _run(self, *words: str, folder: Path = Path("/")) -> None:
        names = {"LC_ALL": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}
        code, _, err = self._module.run_command(list(words), cwd=str(folder), environ_update=names)
        if code:
            complaint = str(err).strip().rpartition("\n")[2]
            self._module.fail_json(msg=f"{words[0]} failed: {complaint or f'exit code {code}'}")


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "release": {"type": "str"},
            "archive": {"type": "path", "required": True},
            "program": {"type": "path", "default": "/opt/pgladder"},
            "command": {"type": "path", "default": "/usr/local/bin/pgladder"},
            "python": {"type": "path", "default": "/usr/bin/python3"},
        },
        required_if=[("state", "present", ("release",))],
        supports_check_mode=True,
    )
    os.umask(0o022)
    releases = Releases(module)
    before = releases.in_use()
    after = module.params["release"] or ""
    changed = releases.present() if module.params["state"] == "present" else releases.absent()
    module.exit_json(changed=changed, release=before, diff={"before": f"{before}\n", "after": f"{after}\n"})


if __name__ == "__main__":
    main()
