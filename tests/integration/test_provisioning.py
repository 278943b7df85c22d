"""``pgladder box apply`` on a real PostgreSQL: what is asked for comes into force and is proved, all of it or none.

A folder stands in for Debian's of a cluster, and two programs for sudo and for the cluster's unit.
"""

import os
import pwd
import socket
import subprocess
from pathlib import Path

import psycopg2
import pytest

from bench.agent.lock import one_run_at_a_time
from bench.engines.postgresql.binaries import build_of, find_binaries
from bench.engines.postgresql.owner import ordinary_user
from bench.engines.postgresql.private import free_port
from tests.examples import one_of
from tests.integration.support import PATIENCE_S, PGLADDER, as_root, as_user

VARIANT, HARNESS = "20-variant.conf", "10-harness.conf"
STOCK = "# as it comes\n"
HBA = "local all all peer\nhost all {user} 127.0.0.1/32 scram-sha-256\n"
SYSTEMCTL = """#!/bin/sh
etc={etc} data={data} bin={bin}
pid=$(sed -n 1p $data/postmaster.pid 2>/dev/null)
[ -n "$pid" ] && [ -e /proc/$pid ] || pid=0
case $1 in
  show) echo $pid ;;
  start) exec $bin/pg_ctl -s -D $data -o "-c config_file=$etc/postgresql.conf" -l {log} start ;;
  stop) [ $pid = 0 ] || exec $bin/pg_ctl -s -D $data -m fast stop ;;
esac
"""
BOX = """
schema = "pgladder/box/1"
release = "none"
runs = "{place}/runs"
[cluster]
name = "{version}/mine"
unit = "unit"
port = {port}
socket_directory = "{place}"
data_directory = "{place}/data"
configuration_directory = "{place}/etc"
harness_file = "{place}/etc/conf.d/10-harness.conf"
variant_file = "{place}/etc/conf.d/20-variant.conf"
variant = "{place}/asked.conf.j2"
log_file = "{place}/log"
max_connections = {max_connections}
database = "postgres"
role = "{user}"
password_file = "{place}/.pgpass"
root_certificate = ""
remote_clients = {networks}
"""


class Box:
    """What stands in for a box, as the role ``postgresql`` leaves it: made, never started."""

    def __init__(self, place: Path) -> None:
        self.place, self.etc, self.data = place, place / "etc", place / "data"
        self.user, self.bin = ordinary_user().pw_name, find_binaries()
        self.port = free_port()
        self.max_connections, self.networks = 20, ()
        for folder in ("programs", "etc/conf.d"):
            (place / folder).mkdir(parents=True)
        self._program("sudo", '#!/bin/sh\nshift\nexec "$@"\n')
        names = {"etc": self.etc, "data": self.data, "bin": self.bin, "log": place / "log"}
        self._program("systemctl", SYSTEMCTL.format(**names))
        (self.etc / "postgresql.conf").write_text(
            f"data_directory = '{self.data}'\nhba_file = '{self.etc}/pg_hba.conf'\n"
            f"ident_file = '{self.data}/pg_ident.conf'\n"
            f"port = {self.port}\nunix_socket_directories = '{place}'\ninclude_dir = 'conf.d'\n"
        )
        (self.etc / "pg_hba.conf").write_text(HBA.format(user=self.user))
        for file in (place, *place.rglob("*")):
            os.chown(file, pwd.getpwnam(self.user).pw_uid, -1, follow_symlinks=False)
        initdb = [self.bin / "initdb", "-D", self.data, "--no-sync", "--locale=C.UTF-8", f"--username={self.user}"]
        subprocess.run([*self._prefix(), *initdb], check=True, capture_output=True, cwd="/")
        (self.data / "postgresql.conf").unlink()

    def _program(self, name: str, text: str) -> None:
        (self.place / "programs" / name).write_text(text)
        (self.place / "programs" / name).chmod(0o755)

    def _prefix(self) -> list[str]:
        return [str(word) for word in as_user(self.user)] if os.geteuid() == 0 else []

    def ask(self, variant: str = STOCK, max_connections: int = 20, networks: tuple[str, ...] = ()) -> None:
        """Have this be what is asked for."""
        self.max_connections, self.networks = max_connections, networks
        (self.place / "asked.conf.j2").write_text(variant)

    def write(self, name: str, text: str) -> None:
        """Write a file of the cluster's owner."""
        (self.etc / name).write_text(text)
        os.chown(self.etc / name, pwd.getpwnam(self.user).pw_uid, -1)

    def apply(self, *words: str, prefix: list[str] | None = None, box: str = "") -> tuple[int, str, str]:
        """Return exit code, output and last words of the command."""
        path = f"{self.place / 'programs'}:{os.environ['PATH']}"
        names = {"max_connections": self.max_connections, "networks": list(self.networks)}
        names["version"] = build_of(self.bin).major
        text = box or BOX.format(place=self.place, port=self.port, user=self.user, **names)
        command = [*(self._prefix() if prefix is None else prefix), PGLADDER, "box", "apply", *words]
        environment = {"PATH": path, "HOME": str(self.place)}
        done = subprocess.run(
            command,
            input=text,
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def refusal(self, *words: str) -> str:
        """Return why what is asked for did not come into force."""
        code, out, err = self.apply(*words)
        assert (code, out) == (1, "")
        return err.removeprefix("pgladder: ").strip()

    def sql(self, statement: str, port: int = 0) -> object:
        """Ask the server, over TCP by the password file."""
        where = {"host": "127.0.0.1", "port": port or self.port, "user": self.user, "dbname": "postgres"}
        connection = psycopg2.connect(**where, passfile=str(self._readable()))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def _readable(self) -> Path:
        copy = self.place / "pgpass-of-mine"  # libpq takes one of its user's only
        copy.write_text((self.place / ".pgpass").read_text())
        copy.chmod(0o600)
        return copy

    def postmaster(self) -> str:
        """Return its process id, which is another after a restart."""
        return (self.data / "postmaster.pid").read_text().split()[0]

    def texts(self) -> list[str]:
        """Return the variant that is in its place, and the one that was proved."""
        return [(self.etc / folder / VARIANT).read_text() for folder in ("conf.d", "proved")]

    def systemctl(self, verb: str) -> None:
        subprocess.run([*self._prefix(), self.place / "programs/systemctl", verb], check=True, cwd="/")


@pytest.fixture(scope="module")
def made(new_place):
    box = Box(new_place())
    try:
        yield box
    finally:
        box.systemctl("stop")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def box(made):
    """Provisioned as stock and proved so."""
    made.ask()
    code, _, err = made.apply()
    assert (code, err) == (0, "")
    assert made.texts() == [STOCK] * 2
    yield made
    assert not (made.place / "staged").exists()
    assert made.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgladder'") == 0


def test_a_cluster_that_never_ran_is_started_given_a_password_and_kept(made):
    made.ask()
    assert made.apply() == (0, "changed\n", "")
    assert made.sql("SHOW max_connections") == "20"
    assert (made.place / ".pgpass").stat().st_mode & 0o777 == 0o600
    assert made.sql("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolpassword IS NOT NULL") is True
    assert made.texts() == [STOCK] * 2


def test_what_is_in_force_is_proved_and_nothing_changes(box):
    before = box.postmaster(), (box.place / ".pgpass").read_text(), names(box.etc)
    assert box.apply() == (0, "", "")
    assert (box.postmaster(), (box.place / ".pgpass").read_text(), names(box.etc)) == before


def test_settings_come_into_force_by_a_reload_where_that_is_enough_else_by_a_restart(box):
    before = box.postmaster()
    box.ask("synchronous_commit = off\n")
    assert box.apply() == (0, "changed\n", "")
    assert (box.sql("SHOW synchronous_commit"), box.postmaster()) == ("off", before)
    box.ask("wal_buffers = 1MB\n", max_connections=30, networks=("10.0.0.0/8",))
    assert box.apply() == (0, "changed\n", "")
    assert (box.sql("SHOW max_connections"), box.sql("SHOW wal_buffers")) == ("30", "1MB")
    assert (box.sql("SHOW synchronous_commit"), box.postmaster() != before) == ("on", True)
    assert box.sql("SELECT count(*) FROM pg_hba_file_rules WHERE address = '10.0.0.0'") == 1


def test_another_port_is_where_it_listens(box):
    old, box.port = box.port, free_port()
    box.ask()
    assert box.apply() == (0, "changed\n", "")
    assert box.sql("SHOW port") == str(box.port)
    with pytest.raises(psycopg2.OperationalError):
        box.sql("SELECT 1", old)


def test_a_change_that_was_cut_off_before_the_files_were_read_is_made_up_for(box):
    box.ask("work_mem = 5MB\n", networks=("10.0.0.0/8",))
    box.write(f"conf.d/{VARIANT}", "work_mem = 5MB\n")
    (box.etc / "proved.cutoff").mkdir()
    assert box.apply()[0] == 0
    assert box.sql("SHOW work_mem") == "5MB"
    assert names(box.etc / "proved") == [HARNESS, VARIANT, "pg_hba"]
    assert len(list(box.etc.glob("proved*"))) == 2


def test_what_is_not_valid_makes_way_for_what_was_proved_not_for_what_a_killed_run_left(box):
    box.write(f"conf.d/{VARIANT}", "fsync = off\n")
    box.ask("no_such_setting = 1\n")
    said = box.refusal()
    assert said.startswith('the configuration is not valid: unrecognized configuration parameter "no_such_setting"')
    assert said.endswith("; it is as it was provisioned last. Choose another postgresql_variant, then run this again")
    assert (box.texts(), box.sql("SHOW fsync")) == ([STOCK] * 2, "on")


@pytest.mark.slow
def test_a_library_that_is_missing_is_named(box):
    box.ask("shared_preload_libraries = 'timescale'\n")
    assert "there is no library timescale in " in box.refusal()


def test_a_file_somebody_added_is_named_and_the_rest_is_as_proved_last(box):
    stranger = box.etc / "conf.d/99-mine.conf"
    box.write("conf.d/99-mine.conf", "jit = off\n")
    box.write(f"conf.d/{VARIANT}", "work_mem = 6MB\n")
    box.ask("work_mem = 5MB\n")
    said = box.refusal()
    stranger.unlink()
    assert f"remove {stranger}, then run this again; it is as it was provisioned last" in said
    assert (box.texts(), box.sql("SHOW work_mem")) == ([STOCK] * 2, "4MB")


def test_what_does_not_start_is_said_with_this_complaint_and_the_way_back(box):
    with (box.place / "log").open("a") as log:
        log.write("FATAL:  of last week\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, box.port = box.port, taken.getsockname()[1]
        box.ask("work_mem = 5MB\n")
        said = box.refusal()
        box.port = port
    assert said.startswith("PostgreSQL did not start: could not create any TCP/IP sockets")
    assert "; it is as it was provisioned last. Choose another postgresql_variant, then run this again" in said
    assert (box.texts(), box.sql("SHOW work_mem")) == ([STOCK] * 2, "4MB")


def test_where_nothing_is_new_and_it_does_not_start_the_cluster_is_suspected(box):
    box.systemctl("stop")
    segments = sorted((box.data / "pg_wal").glob("0*"))
    for segment in segments:
        segment.rename(box.place / segment.name)
    said = box.refusal()
    box.ask("work_mem = 5MB\n")
    with_something_new = box.refusal()
    for segment in segments:
        (box.place / segment.name).rename(segment)
    damaged = "If that stays so, the cluster is damaged: make teardown, then make provision"
    for each in (said, with_something_new):
        assert each.endswith(damaged)
    assert said.startswith("PostgreSQL did not start: could not locate a valid checkpoint record")
    assert "as it was provisioned last" not in said
    assert "; nor as it was provisioned last: " in with_something_new
    assert box.texts() == [STOCK] * 2
    box.apply()


@pytest.mark.slow
def test_a_line_that_overrides_a_setting_is_named(box):
    base = box.etc / "postgresql.conf"
    text = base.read_text()
    box.write("postgresql.conf", f"{text}work_mem = 7MB\n")
    box.ask("work_mem = 5MB\n")
    said = box.refusal()
    box.write("postgresql.conf", text)
    line = text.count("\n") + 1
    assert f"work_mem = 5MB: in force is 7168 of kB from {base}, line {line}; it is as it was provisioned last" in said
    assert box.texts() == [STOCK] * 2


def test_a_line_that_says_wrong_who_may_connect_is_named(box):
    box.ask(networks=("10.0.0.0/8",))
    assert box.apply() == (0, "changed\n", "")
    before = box.postmaster()
    proved = (box.etc / "pg_hba.conf").read_text()
    box.ask(networks=("10.0.0.0/8", "127.0.0.300/8"))
    said = box.refusal()
    line = len(proved.splitlines()) + 1
    assert said.startswith(f"pg_hba.conf, line {line}: ")
    assert "127.0.0.300" in said
    assert (box.etc / "pg_hba.conf").read_text() == proved
    assert box.postmaster() != before  # by a restart it is as provisioned, whatever came before


@pytest.mark.parametrize("stopped", one_of(True, False))
def test_what_somebody_altered_by_hand_is_reset_though_it_be_why_it_does_not_start(box, stopped):
    box.sql("ALTER SYSTEM SET shared_buffers = '900GB'" if stopped else "ALTER SYSTEM SET work_mem = '9MB'")
    if stopped:
        box.systemctl("stop")
    else:
        box.sql("SELECT pg_reload_conf()")
    assert box.apply() == (0, "changed\n", "")
    assert (box.sql("SHOW work_mem"), box.sql("SHOW shared_buffers")) == ("4MB", "128MB")


def test_a_password_is_made_where_one_is_asked_for_or_does_not_fit(box):
    passwords = {(box.place / ".pgpass").read_text()}
    assert box.apply("--new-password") == (0, "changed\n", "")
    passwords.add((box.place / ".pgpass").read_text())
    (box.place / ".pgpass").unlink()
    assert box.apply() == (0, "changed\n", "")
    passwords.add((box.place / ".pgpass").read_text())
    assert len(passwords) == 3
    assert box.sql("SELECT 1") == 1
    secret = passwords.pop().strip().rpartition(":")[2]
    assert secret not in (box.place / "log").read_text()


def test_a_check_shows_what_would_change_and_changes_nothing(box):
    before = box.postmaster(), box.texts(), names(box.etc)
    assert box.apply("--check", "--diff") == (0, "", "")
    box.ask("work_mem = 5MB\n", max_connections=30)
    code, out, err = box.apply("--check", "--diff")
    assert (code, err) == (0, "")
    assert {f"+++ {box.etc}/conf.d/{VARIANT}", "+work_mem = 5MB", "-max_connections = 20"} <= set(out.splitlines())
    assert out.endswith("\nchanged\n")
    assert (box.postmaster(), box.texts(), names(box.etc)) == before


def test_a_check_looks_at_what_the_cluster_would_not_take(box):
    box.ask("no_such_setting = 1\n")
    said = box.refusal("--check")
    assert said.startswith('the configuration is not valid: unrecognized configuration parameter "no_such_setting"')
    box.ask()
    box.sql("ALTER SYSTEM SET work_mem = '9MB'")
    assert box.apply("--check") == (0, "changed\n", "")
    box.sql("ALTER SYSTEM RESET ALL")
    assert box.apply("--check") == (0, "", "")


def test_a_variant_that_can_not_be_rendered_is_named_and_nothing_changes(box):
    box.ask("{{ 1 / 0 }}\n")
    code, out, err = box.apply()
    assert (code, out) == (2, "")
    assert "asked.conf.j2 cannot be rendered for this box: " in err
    assert "mend its template or choose another postgresql_variant, then run this again" in err
    assert box.texts() == [STOCK] * 2


def test_what_an_earlier_release_provisioned_is_what_it_goes_back_to(box):
    kept = (box.etc / "proved").resolve()
    (box.etc / "proved").unlink()
    kept.rename(box.etc / "next")  # it kept it there
    box.ask("no_such_setting = 1\n")
    assert "; it is as it was provisioned last" in box.refusal()
    assert box.texts() == [STOCK] * 2
    assert not (box.etc / "next").exists()


def test_a_run_that_is_under_way_is_not_disturbed(box):
    with one_run_at_a_time():
        code, out, err = box.apply()
    assert (code, out) == (2, "")
    assert "A run is under way on this box: process " in err


def test_what_does_not_tell_of_a_box_is_refused(box):
    code, _, err = box.apply(box="schema = 'pgladder/box/9'")
    assert code == 2
    assert "standard input does not tell of a box" in err


@as_root
def test_another_user_is_told_whose_it_is(box):
    code, _, err = box.apply(prefix=[])
    assert code == 2
    assert f"configured by its user: sudo -u {box.user} pgladder box apply" in err
