"""Which packages come and go, by what Debian's programs say: here they are stand-ins. Real ones are asked on boxes."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.inventory.modules import load, run

MODULE = "pgladder_packages"
PROGRAMS = {
    "dpkg-query": """
while read -r abbrev want status flag name; do
  case $3 in
    *Abbrev*) echo "$abbrev $name" ;;
    *Want*) echo "$want $status $name" ;;
    *Eflag*) echo "$flag $name" ;;
    *) echo "$name" ;;
  esac
done <"$0.txt"
""",
    "apt-get": """
case "$*" in
  *"-s install"*) cat "$0.install" ;;
  *"-s purge"*) cat "$0.purge" ;;
  *) echo "apt-get $*" | sed 's/-qq.*recommends //' >>"$0.log" ;;
esac
""",
    "systemd-tmpfiles": 'echo "systemd-tmpfiles $*" >>"$0.log"',
    "apt-mark": 'if [ "$1" = showmanual ]; then cat "$0.manual"; else echo "apt-mark $*" >>"$0.log"; fi',
    "apt-cache": 'shift 4; for name; do echo "$name"; grep "^$name: " "$0.needs" | cut -d" " -f2- | tr " " "\\n"; done',
    "dpkg": """
echo "dpkg $*" >>"$0.log"
[ "$1" != --set-selections ] || cat >>"$0.selections"
cat "$0.$1" 2>/dev/null || :
""",
}


class Box:
    """A journal, and what the programs say."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.journal, self.unremoved, self.bin = root / "journal", root / "03pgladder", root / "bin"
        (self.journal / "found").mkdir(parents=True)
        self.bin.mkdir()
        for name, text in PROGRAMS.items():
            (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.bin / name).chmod(0o755)
        for name in ("apt-get.install", "apt-get.purge", "apt-mark.manual", "apt-cache.needs", "dpkg-query.txt"):
            self.say(name)
        self.write("found/packages", "base-files")
        self.write("installed-packages")
        self.unremoved.touch()
        monkeypatch.setenv("PATH", f"{self.bin}:{os.environ['PATH']}")

    def say(self, name: str, *lines: str) -> None:
        (self.bin / name).write_text("".join(f"{line}\n" for line in lines))

    def has(self, *names: str, **states: str) -> None:
        """Have dpkg know these, as installed or in another state (abbreviation want status flag)."""
        installed = [f"ii install installed ok {name}" for name in names]
        self.say("dpkg-query.txt", *installed, *(f"{state} {name}" for name, state in states.items()))

    def write(self, name: str, *lines: str) -> None:
        (self.journal / name).write_text("".join(f"{line}\n" for line in lines))

    def read(self, name: str) -> list[str]:
        return (self.journal / name).read_text().splitlines()

    def run(self, state: str, *names: str, check: bool = False, **more: Any) -> dict[str, Any]:
        where = {"journal": str(self.journal), "unremoved": str(self.unremoved)}
        return run(MODULE, state=state, names=list(names), check=check, **where | more)

    def did(self, program: str = "apt-get") -> list[str]:
        log = self.bin / f"{program}.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    box = Box(tmp_path, monkeypatch)
    monkeypatch.setattr(load("modules", MODULE), "CLUSTERS", tmp_path)
    return box


def test_where_nothing_is_missing_nothing_is_asked_of_apt(box: Box) -> None:
    box.has("openssl", held="hi hold installed ok")
    answer = box.run("expected", "openssl", "held")
    assert (answer["changed"], answer["missing"], box.did()) == (False, [], [])


def test_what_apt_will_add_is_written_down_before_it_begins(box: Box) -> None:
    box.has("base-files", half="iU install unpacked ok")
    box.say("apt-get.install", "Inst libpq5 (15 Debian)", "Inst g++ (12 Debian)", "Conf libpq5 (15 Debian)")
    answer = box.run("expected", "libpq5", "half")
    assert (answer["changed"], answer["missing"]) == (True, ["libpq5", "half"])
    assert box.read("installed-packages") == box.read("installing") == ["g++", "libpq5"]
    assert '  "^g\\+\\+$";' in box.unremoved.read_text().splitlines()
    assert box.did() == ["apt-get update"]
    assert box.did("dpkg")[0] == "dpkg --configure -a"


def test_a_check_writes_nothing_and_shows_what_is_missing(box: Box) -> None:
    answer = box.run("expected", "libpq5", check=True)
    assert (answer["changed"], answer["diff"]["after"]) == (True, "libpq5\n")
    assert (box.did(), box.did("dpkg"), box.read("installed-packages")) == ([], [], [])


def test_a_package_that_was_there_is_neither_upgraded_nor_removed(box: Box) -> None:
    box.write("installed-packages", "ours")
    box.say("apt-get.install", "Inst libpq5 [0.1] (15.2 Debian)", "Inst ours [1] (2 Debian)", "Remv theirs [1]")
    answer = box.run("expected", "openssl")
    assert answer["msg"] == "not ours to change: libpq5 (from 0.1 to 15.2), theirs (removed)"
    assert box.read("installed-packages") == ["ours"]
    assert not (box.journal / "installing").exists()


def test_what_is_broken_is_mended_first_and_what_a_teardown_wanted_gone_is_wanted(box: Box) -> None:
    box.write("installed-packages", "ours")
    box.has("base-files", ours="pi purge installed ok", theirs="pi purge installed ok")
    box.say("dpkg.--audit", "The following packages are in a mess: ours")
    box.run("expected", "openssl")
    assert (box.bin / "dpkg.selections").read_text() == "ours install\n"
    assert box.did() == ["apt-get update", "apt-get install --fix-broken"]


def test_what_came_and_is_only_mended_is_nobodys_wish_either(box: Box) -> None:
    box.write("installed-packages", "python3")
    box.has("base-files", python3="iU install unpacked ok", theirs="iU install unpacked ok")
    assert box.run("expected", "python3", "theirs")["missing"] == ["python3", "theirs"]
    assert box.read("installing") == ["python3"]


def test_what_came_is_marked_and_what_did_not_is_forgotten(box: Box) -> None:
    box.has("base-files", "came", "older")
    box.write("installed-packages", "came", "never", "older")
    box.write("installing", "came", "never")
    assert box.run("settled")["changed"]
    assert box.did("apt-mark") == ["apt-mark auto came"]  # older: who asked for it since is not asked again
    assert box.read("installed-packages") == ["came", "older"]
    assert not (box.journal / "installing").exists()
    assert not box.run("settled")["changed"]


@pytest.mark.parametrize(
    ("unremoved", "installing", "marked"),
    [(False, None, "openssl"), (True, [], "mine openssl"), (False, ["mine"], "mine openssl")],
)
def test_what_an_earlier_release_left_is_marked_once(
    box: Box, unremoved: bool, installing: list[str] | None, marked: str
) -> None:
    box.has("mine", "openssl")
    box.write("installed-packages", "mine", "openssl")
    if not unremoved:
        box.unremoved.unlink()
    if installing is not None:
        box.write("installing", *installing)
    assert box.run("expected", "openssl")["changed"]
    assert box.did("apt-mark") == [f"apt-mark auto {marked}"]
    assert not box.run("expected", "openssl")["changed"]


# --- away again -------------------------------------------------------------------------------------------------------


def test_what_came_goes_but_python_which_goes_last(box: Box) -> None:
    box.has("base-files", "python3", "libpython3", "libpq5", left="rc deinstall config-files ok")
    box.write("installed-packages", "left", "libpq5", "libpython3", "python3", "gone")
    box.write("found/configuration", "libpq5")
    box.write("found/manual-packages", "mine")
    box.say("apt-mark.manual", "mine", "base-files")
    box.say("apt-cache.needs", "python3: libpython3 libc6")
    answer = box.run("absent", bootstrap=["python3", "python3-apt"])
    assert (answer["changed"], answer["kept"]) == (True, [])
    assert box.did() == ["apt-get remove libpq5", "apt-get purge left"]
    assert box.read("kept") == []
    assert box.did("apt-mark") == ["apt-mark auto base-files"]  # its mark was another before


def test_the_link_that_the_purge_of_locales_deletes_is_made_again(box: Box) -> None:
    box.has("base-files", "libpq5", "locales")
    box.write("installed-packages", "libpq5", "locales")
    box.run("absent")
    made = "systemd-tmpfiles --create --prefix=/etc/default/locale"
    assert box.did() == ["apt-get purge libpq5 locales"]
    assert box.did("systemd-tmpfiles") == [made]


def test_nothing_goes_in_a_check(box: Box) -> None:
    box.has("libpq5")
    box.write("installed-packages", "libpq5")
    answer = box.run("absent", check=True)
    assert (answer["changed"], answer["diff"]["before"]) == (True, "libpq5\n")
    assert (box.did(), box.did("dpkg"), (box.journal / "kept").exists()) == ([], [], False)


def test_what_somebody_asked_for_stays_with_what_it_needs(box: Box) -> None:
    box.has("psql", "libpq5", "openssl")
    box.write("installed-packages", "psql", "libpq5", "openssl")
    box.say("apt-mark.manual", "psql")
    box.say("apt-cache.needs", "psql: libpq5 libc6")
    answer = box.run("absent")
    assert answer["kept"] == ["kept, because somebody asked apt for psql: libpq5 psql"]
    assert box.read("kept") == ["libpq5", "psql"]
    assert box.did() == ["apt-get purge openssl"]


@pytest.mark.parametrize(("installing", "kept"), [(["psql"], []), ([], []), (None, ["openssl"])])
def test_a_mark_that_apt_made_before_it_was_cut_off_is_nobodys_wish(
    box: Box, installing: list[str] | None, kept: list[str]
) -> None:
    box.has("psql", "openssl")
    box.write("installed-packages", "psql", "openssl")
    box.say("apt-mark.manual", "psql" if installing is not None else "openssl")
    if installing is not None:
        box.write("installing", *installing)
    box.run("absent")
    assert box.read("kept") == kept


def test_a_mark_of_an_earlier_release_is_nobodys_wish(box: Box) -> None:
    box.has("openssl")
    box.write("installed-packages", "openssl")
    box.say("apt-mark.manual", "openssl")
    box.unremoved.unlink()
    assert box.run("absent")["kept"] == []


def test_what_another_package_came_to_need_stays(box: Box) -> None:
    box.has("libpq5", "openssl", "theirs")
    box.write("installed-packages", "libpq5", "openssl")
    box.say("apt-cache.needs", "theirs: libpq5")
    script = (box.bin / "apt-get").read_text()
    once = '*"-s purge"*libpq5*) echo "Purg theirs [1]"; echo "Purg libpq5 [1]" ;;\n  *"-s purge"*'
    (box.bin / "apt-get").write_text(script.replace('*"-s purge"*', once))
    answer = box.run("absent")
    assert answer["kept"] == ["kept, because other packages (theirs) came to need them: libpq5"]
    assert box.did() == ["apt-get purge openssl"]


def test_a_server_that_a_cluster_of_somebody_else_needs_stays(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("modules", MODULE)
    (tmp_path / "clusters/15/main").mkdir(parents=True)
    monkeypatch.setattr(module, "CLUSTERS", tmp_path / "clusters")
    monkeypatch.setattr("tests.unit.inventory.modules.load", lambda *_: module)
    box.has("postgresql-15", "openssl")
    box.write("installed-packages", "postgresql-15", "openssl")
    answer = box.run("absent")
    assert answer["kept"] == ["kept, because other clusters (15/main) need them: postgresql-15"]
    assert box.did("apt-mark") == ["apt-mark manual postgresql-15"]
    assert box.did() == ["apt-get purge openssl"]


def test_what_was_half_unpacked_is_unpacked_again_first(box: Box) -> None:
    box.has("base-files", half="iH install half-installed reinstreq")
    box.write("installed-packages", "half")
    (box.bin / "dpkg").write_text(f'#!/bin/sh\necho "dpkg $*" >>{box.bin}/dpkg.log\n')
    box.run("absent")
    assert box.did("dpkg") == ["dpkg --configure -a", "dpkg --force-depends --unpack"]
    assert box.did() == ["apt-get purge half"]


def test_a_box_that_nothing_came_to_stays_as_it_is(box: Box) -> None:
    (box.journal / "installed-packages").unlink()
    answer = box.run("absent")
    assert (answer["changed"], answer["kept"], box.did(), box.did("dpkg")) == (False, [], [], [])
