"""What a configuration is asked for before it is applied, and what is made of it."""

import subprocess

import pytest

from bench.engines.postgresql import staging
from bench.engines.postgresql.binaries import Build
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.staging import IN_HUGE_PAGES, KEEPING_WAL, SHARED, SIZES, Staging, too_much

READINGS = {
    "shared_memory_size": "1",
    "shared_memory_size_in_huge_pages": "1",
    "shared_buffers": "1",
    "huge_pages": "off",
}


def test_a_wal_file_that_goes_while_the_room_is_reckoned_takes_none(tmp_path):
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / "000000010000000000000001").symlink_to(tmp_path / "recycled")
    assert list(too_much(READINGS | dict.fromkeys(KEEPING_WAL, "1"), tmp_path, 0)) == []


class Asked:
    """An owner by whose programs nothing is run: what they are asked for is noted, and answered as told."""

    def __init__(self, **answers: str) -> None:
        self.answers = dict.fromkeys(SIZES, "1") | answers
        self.names: list[str] = []

    def do(self, *_: object) -> None: ...

    def put(self, *_: object) -> None: ...

    def run(self, command):
        names = command[6:]
        self.names += names
        said = "".join(f"{self.answers.get(name, 'read')}\n\0" for name in names)
        return subprocess.CompletedProcess(command, 0, said, "")

    def of(self, tried: Staging, variant: str) -> set[str]:
        """Return what PostgreSQL is asked for of a variant, each once."""
        self.names.clear()
        tried.check(HARNESS, as_variant("tried", variant))
        assert len(set(self.names)) == len(self.names)
        return set(self.names)


HARNESS = as_variant("harness", "max_connections = 40\nssl = off\nlc_messages = 'C'\n")


@pytest.fixture
def as_15(monkeypatch):
    monkeypatch.setattr(staging, "build_of", lambda _: Build(major="15", builder="Debian"))


def tried_by(owner: Asked, tmp_path) -> Staging:
    (tmp_path / "pg_wal").mkdir()
    return Staging(tmp_path / "staged", tmp_path, tmp_path / "pgladder", tmp_path / "bin", owner)


@pytest.mark.usefixtures("as_15")
def test_postgresql_is_asked_for_words_and_sizes_and_for_what_no_variant_changes_once(tmp_path):
    owner = Asked()
    tried = tried_by(owner, tmp_path)
    assert owner.of(tried, "wal_compression = lz4\njit = off\nwork_mem = 5MB\n") == {
        *SIZES, "lc_messages", "wal_compression"
    }  # fmt: skip
    assert owner.of(tried, "max_wal_size = 2GB\nmine.word = yes\n") == {SHARED, "max_wal_size", "mine.word"}
    assert owner.of(tried, "jit = on\n") == {SHARED}
    checked = tried.check(HARNESS, as_variant("tried", "jit = on\n"))
    assert checked.readings["max_wal_size"] == "1"
    assert checked.readings["lc_messages"] == "read"
    assert checked.texts["jit"] == "on"


@pytest.mark.usefixtures("as_15")
@pytest.mark.parametrize(("huge_pages", "asked"), [("on", {IN_HUGE_PAGES}), ("try", set())])
def test_how_many_huge_pages_it_takes_is_asked_where_it_takes_them(tmp_path, huge_pages, asked):
    owner = Asked(**{"huge_pages": huge_pages, IN_HUGE_PAGES: "0"})
    assert owner.of(tried_by(owner, tmp_path), "") & {IN_HUGE_PAGES} == asked
