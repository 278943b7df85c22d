"""Containers, the clock and swap areas, which differ more than recorded hosts show; versions and commits."""

import subprocess

import pytest

from bench.model.fingerprint import Unreadable
from bench.probes.memory import meminfo_bytes, parse_swap_kinds
from bench.probes.packages import commit, package_facts, version
from bench.probes.source import LIVE
from bench.probes.system import clock_synchronised, container, parse_os_release


@pytest.mark.parametrize(
    ("mark", "text", "expected"),
    [
        ("run/host/container-manager", "systemd-nspawn\n", "systemd-nspawn"),
        ("run/systemd/container", "lxc\n", "lxc"),
        ("run/.containerenv", "", "podman"),
        (".dockerenv", "", "docker"),
        # Recorded by others: WSL 2 (twpayne/chezmoi, pull request 1193) and WSL 1 (4U6U57/wsl-open, pull request 4).
        ("proc/sys/kernel/osrelease", "5.4.72-microsoft-standard-WSL2\n", "wsl"),
        ("proc/sys/kernel/osrelease", "4.4.0-18985-Microsoft\n", "wsl"),
        ("run/utmp", "", "none"),
    ],
)
def test_the_container_manager_is_told_by_the_mark_it_leaves(tmp_path, mark, text, expected):
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).write_text(text)
    assert container(tmp_path) == expected


def test_the_distributions_name_is_freed_of_its_quotes():
    assert parse_os_release('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n').startswith("Debian GNU")


def test_the_running_kernel_tells_whether_its_clock_is_synchronised():
    fact = clock_synchronised(LIVE)
    # Some containers are not allowed to ask.
    assert isinstance(fact, bool) or fact == Unreadable(unreadable="adjtimex: Operation not permitted")


def test_swap_areas_are_told_by_kind_not_by_name():
    areas = "/dev/zram0 partition 9 0 100\n/swap file 9 0 -2\n/dev/sda3 partition 9 0 -3\n"
    text = f"Filename Type Size Used Priority\n{areas}"
    assert parse_swap_kinds(text) == ["zram", "file", "partition"]


def test_a_size_in_another_unit_than_kb_is_refused():
    with pytest.raises(ValueError, match="not kB"):
        meminfo_bytes("MemTotal")("MemTotal: 16 GB\n")


def test_the_packages_that_measure_are_all_installed_here():
    facts = package_facts()
    del facts["pgbench"]  # a program of PostgreSQL's, which a machine may lack
    assert [name for name, fact in facts.items() if isinstance(fact, Unreadable)] == []


def test_a_package_that_is_not_installed_is_said():
    assert version("no-such-distribution") == Unreadable(unreadable="not installed")


def git(directory, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example")
    subprocess.run(("git", "-C", directory, *identity, *arguments), check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench/__init__.py").write_text("")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message", "Start")
    git(tmp_path, "tag", "--annotate", "v1", "--message", "One")
    return tmp_path


def test_a_checkout_tells_its_commit_whatever_its_tags(checkout):
    head = (checkout / ".git" / (checkout / ".git/HEAD").read_text().split()[1]).read_text().strip()
    assert commit(checkout / "bench") == head


def test_a_changed_checkout_is_called_dirty(checkout):
    (checkout / "bench/__init__.py").write_text("changed")
    assert str(commit(checkout / "bench")).endswith("-dirty")


def test_inside_another_repositorys_hook_it_is_still_our_commit(checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))
    assert isinstance(commit(checkout / "bench"), str)


def test_a_checkout_without_git_says_so(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit(checkout / "bench") == Unreadable(unreadable="a checkout, but git is not installed")


def test_what_git_refuses_is_given_in_its_words(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    fact = commit(tmp_path / "bench")
    assert isinstance(fact, Unreadable)
    assert "not a git repository" in fact.unreadable


def test_a_wheel_names_the_commit_it_was_built_from(tmp_path):
    (tmp_path / "_commit.txt").write_text("0123456789abcdef\n")
    assert commit(tmp_path) == "0123456789abcdef"


def test_a_wheel_that_names_no_commit_says_so(tmp_path):
    assert commit(tmp_path) == Unreadable(unreadable="neither a checkout nor a wheel that names its commit")
