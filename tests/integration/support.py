"""The real command, a real PostgreSQL, and somebody who meddles with it."""

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from time import monotonic, sleep

import psutil
import psycopg2
import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.owner import ordinary_user
from bench.engines.postgresql.private import PrivateServer, free_port
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from bench.model.record import Record
from bench.store.run_directory import RunDirectory
from tests.integration.loaded import KEEP, PASSWORD, Loaded, copied

PGLADDER = Path(sys.executable).parent / "pgladder"
BRIEF = ("--warm-up", "0.2", "--window", "0.4")
"""In less than a second a busy machine may acknowledge nothing, which voids a trial."""
SMALL = ("--batch", 50)
"""Where none may be void: of small commits some are acknowledged in the briefest window."""
ONCE = ("--repeat-suspect", "no")
"""Where trials are counted: on a busy machine some of a comparison's would be measured again."""
PATIENCE_S = 240
"""For what takes seconds: a machine that others use is slow, not wrong."""
INSERTING = (
    "FROM pg_stat_activity WHERE application_name = 'pgladder'"
    " AND (query LIKE 'INSERT INTO %.events%' OR query LIKE 'COPY%events%')"
)

LEAVE_LABS = r"sed -n 's/^[^ ]* \([^ ]*-lab\/[^ ]*\) .*/\1/p' /proc/mounts | xargs -r umount --lazy || true"
"""The first line of a script in a mount namespace of its own: boxes' disks that stay mounted there can't be cut."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Poll until something is so."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"waited {seconds} s in vain until {what}"
        sleep(0.005)


# --- the command -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """A command that came to its end."""

    code: int
    out: str
    err: str


@cache
def clusters() -> Path:
    """Return where what initdb made is kept, by the directory of its programs."""
    kept = Path(mkdtemp(prefix="pgladder-test-clusters-", dir="/var/tmp"))
    os.chown(kept, ordinary_user().pw_uid, ordinary_user().pw_gid)
    atexit.register(shutil.rmtree, kept)
    return kept


@cache
def loaded() -> Loaded:
    """Return the process that carries out commands."""
    return Loaded(clusters())


def pgladder(*arguments: object, cwd: Path, env: dict[str, str] | None = None) -> Ended:
    """Run the command to its end, in a process that has loaded it where that makes no difference."""
    command, environment = [str(PGLADDER), *map(str, arguments)], {**os.environ, **(env or {})}
    if loaded().takes(environment):
        with Path(os.devnull).open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            code = loaded().start(command, cwd, environment, (nothing, out, err)).wait(2 * PATIENCE_S)
            return Ended(code, *(stream.seek(0) or stream.read() for stream in (out, err)))
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Climb:
    """A ``pgladder run``, or another question, under way in a directory of its own."""

    def __init__(self, place: Path, *arguments: object, prefix=(), env=None, out="out", question="run") -> None:
        self.place, self.data_dir, self.directory = place, place / "data", RunDirectory(place / out)
        self._streams = (place / "stdout").open("w+"), (place / "stderr").open("w+")
        where = [] if "--dsn" in arguments else ["--data-dir", self.data_dir]
        where += [] if "--resume" in arguments else ["--out", self.directory.path]
        command = [str(PGLADDER), question, *map(str, (*arguments, *where))]
        environment = {**os.environ, **(env or {})}
        with Path(os.devnull).open() as nothing:
            streams = (nothing, *self._streams)
            if not prefix and loaded().takes(environment):
                self.process = loaded().start(command, place, environment, streams)
            else:
                ways = dict(zip(("stdin", "stdout", "stderr"), streams, strict=True))
                self.process = subprocess.Popen([*prefix, *command], cwd=place, env=environment, **ways)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Poll while it runs."""
        wait_for(lambda: condition() or self.process.poll() is not None, what)
        assert condition(), f"ended by {self.process.poll()} before {what}"

    def wait_trial(self, number: int, attempt: int = 1) -> None:
        """Wait until a trial has begun."""
        name = f"{number}.jsonl" if attempt == 1 else f"{number}.{attempt}.jsonl"
        self.wait_for((self.directory.path / "samples" / name).exists, f"trial {number} begins")

    def wait_record(self, number: int) -> None:
        """Wait until so many trials are recorded."""
        self.wait_for(lambda: len(self.records()) >= number, f"{number} trials are recorded")

    def records(self) -> list[Record]:
        """Return what is recorded so far."""
        return self.directory.records()

    def lines(self) -> list[bytes]:
        """Return the journal's lines."""
        path = self.directory.path / "trials.jsonl"
        return path.read_bytes().splitlines() if path.exists() else []

    def texts(self) -> str:
        """Return what it said so far on both streams."""
        return "".join(Path(stream.name).read_text() for stream in self._streams)

    def end(self) -> Ended:
        """Wait for its end; tell it again if asked again."""
        code = self.process.wait(2 * PATIENCE_S)
        for stream in self._streams:
            stream.close()
        return Ended(code, *(Path(stream.name).read_text() for stream in self._streams))

    def clients(self) -> list[psutil.Process]:
        """Return its client processes."""
        return clients_of(self.process.pid)


@contextlib.contextmanager
def climbing(place: Path, *arguments: object, **options) -> Iterator[Climb]:
    """Start a run, and make sure that it ends."""
    climb = Climb(place, *arguments, **options)
    try:
        yield climb
    except BaseException as error:
        error.add_note(climb.texts())
        raise
    finally:
        if climb.process.poll() is None:
            climb.process.kill()
        climb.end()


def clients_of(pid: int) -> list[psutil.Process]:
    """Return the client processes of a run."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(pid).children() if "bench.workload.client" in command_line(child)]
    return []


def command_line(process: psutil.Process) -> str:
    """Return it in one text, empty for a process that is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def processes_in(place: Path) -> list[str]:
    """Return the processes that work in a directory or name it."""

    def there(process: psutil.Process) -> bool:
        try:
            return str(place) in process.cwd() or str(place) in command_line(process)
        except psutil.Error:
            return False

    return [f"{each.pid} {command_line(each)}" for each in psutil.process_iter() if there(each)]


def assert_nothing_left(place: Path) -> None:
    """No process, no data directory, no socket; what a killed server leaves running ends by itself."""
    wait_for(lambda: not processes_in(place), f"nothing runs in {place} any more: {processes_in(place)}")
    left = [*(place / "data").rglob("*")]
    assert not left, left


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def as_owner(*command: object) -> list[str]:
    """Return a command to be run by the user that PostgreSQL runs as here: it refuses root."""
    owner = ordinary_user()
    ids = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--init-groups"]
    return ["setpriv", *(ids if os.geteuid() == 0 else []), "--", *map(str, command)]


def as_user(name: str) -> list[str]:
    """Return the start of a command to be run by an ordinary user, who may read this checkout wherever it lies."""
    user = pwd.getpwnam(name)
    plain = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    try_it = [*plain, "sh", "-c", f"exec {PGLADDER} --version"]  # setpriv itself still may what root may
    if subprocess.run(try_it, capture_output=True, check=False).returncode == 0:
        return plain
    read = "+dac_read_search"
    return [*plain, f"--inh-caps={read}", f"--ambient-caps={read}"]


class Asked:
    """A server that may be asked what is being done in it."""

    def ask(self, statement: str) -> list[tuple]:
        """Execute and return rows."""
        raise NotImplementedError

    def wait_inserting(self) -> None:
        """Wait until rows are being written."""
        wait_for(lambda: self.ask(f"SELECT count(*) {INSERTING}") != [(0,)], "rows are being written")


class Meddler(Asked):
    """Somebody with the server owner's rights on this machine, who lets himself in without a password."""

    def __init__(self, data: Path, database: str = "postgres") -> None:
        self._database = database
        hba = data / "pg_hba.conf"
        text = hba.read_text()
        if not text.startswith("local all all trust\n"):
            hba.write_text(f"local all all trust\n{text}")
        pid, _, _, port, sockets, *_ = (data / "postmaster.pid").read_text().splitlines()
        self.postmaster, self._port, self._sockets = int(pid), port, sockets
        os.kill(self.postmaster, signal.SIGHUP)
        wait_for(self._enters, "the server lets everybody in")

    def _enters(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            self.connection = psycopg2.connect(
                host=self._sockets, port=self._port, user="pgladder", dbname=self._database, application_name="meddler"
            )
            self.connection.autocommit = True
            return True
        return False

    def ask(self, statement: str) -> list[tuple]:
        """Execute and return rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def active(self, like: str) -> bool:
        """Tell whether the run is executing a statement like this."""
        self.ask("SELECT pg_stat_clear_snapshot()")  # inside a transaction it would stay the same
        busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pgladder' AND state = 'active'"
        return bool(self.ask(f"{busy} AND query LIKE '%{like}'"))

    def waiting(self) -> bool:
        """Tell whether the run waits for a lock."""
        self.ask("SELECT pg_stat_clear_snapshot()")
        waits = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pgladder' AND wait_event_type = 'Lock'"
        return bool(self.ask(waits))

    def wait_window(self) -> None:
        """Wait until the window is open: the first time that the server's counters are read while rows are written."""
        self.wait_inserting()
        read = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pgladder' AND query LIKE '%wal.wal_records%'"
        wait_for(lambda: self.ask(read), "the window is open")

    def ask_until(self, statement: str) -> list[tuple]:
        """Ask until there are rows."""
        found: list[tuple] = []
        wait_for(lambda: found.extend(self.ask(statement)) or found, f"an answer to {statement}")
        return found

    def backend(self) -> int:
        """Return the process of one connection that is writing rows right now."""
        return int(self.ask_until(f"SELECT pid {INSERTING} AND state = 'active'")[0][0])

    def server(self) -> list[psutil.Process]:
        """Return the postmaster, lest it bring new backends, and all its children."""
        postmaster = psutil.Process(self.postmaster)
        return [postmaster, *postmaster.children()]

    def leave(self) -> None:
        """Close the connection."""
        self.connection.close()


@contextlib.contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Stop processes, and let them go on."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def meddling(climb: Climb) -> Iterator[Meddler]:
    """Enter the private server of a run, which is there when its first trial has begun."""
    meddler = Meddler(climb.data_dir / "server" / "data")
    try:
        yield meddler
    finally:
        meddler.leave()


class CopiedServer(PrivateServer):
    """A private server, the cluster of which is a copy: for tests of all that comes after."""

    def __init__(self, home: Path, bin_dir: Path) -> None:
        super().__init__(home, bin_dir)
        self._kept = clusters()
        # Also where another process makes it.
        self._reach = replace(self._reach, password=PASSWORD)

    def _initdb(self) -> None:
        copied(self, self._kept, PrivateServer._initdb)


@contextlib.contextmanager
def stock_server(place: Path) -> Iterator[PrivateServer]:
    """Start a private server with the settings of ``stock``; stop and remove it at the end."""
    made = CopiedServer(place / "data", find_binaries())
    try:
        made.create(harness_for(40, tls=False), tls=False)
        made.apply(as_variant("stock", ""))
        yield made
    finally:
        made.close()


class Theirs(Asked):
    """Somebody else's server, with users, a database and data of its own."""

    password = "s3cr't p@ss/w:rd"

    def __init__(self, place: Path, *, max_connections: int = 30, settings: str = "") -> None:
        self.home, self._bin = place / "theirs", find_binaries()
        self.home.mkdir()
        os.chown(self.home, ordinary_user().pw_uid, ordinary_user().pw_gid)
        self.data, self.port = self.home / "data", free_port()
        self._initdb()
        hba = "local all dba trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(hba)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(f"port = {self.port}\nunix_socket_directories = '{self.home}'\n")
            conf.write(f"listen_addresses = '127.0.0.1'\nmax_connections = {max_connections}\n")
            conf.write(f"fsync = off\nautovacuum = off\n{settings}\n")
        self.control("start")
        self._fill()

    def _initdb(self) -> None:
        """As ``loaded.copied``: once, and copied."""
        kept = clusters() / "theirs"
        if kept.exists():
            subprocess.run(as_owner("cp", "-a", kept, self.data), cwd="/", check=True)
            return
        self._owner("initdb", "-D", self.data, "-U", "dba", "--auth=trust", "--no-sync", "--locale=C.UTF-8")
        subprocess.run(as_owner("sh", "-c", KEEP, "sh", self.data, kept), cwd="/", check=True)

    def _owner(self, program: str, *arguments: object) -> str:
        command = as_owner(self._bin / program, *arguments)
        return subprocess.run(command, cwd=self.home, stdout=subprocess.PIPE, text=True, check=True).stdout

    def control(self, word: str) -> None:
        """Start, stop or restart it."""
        self._owner("pg_ctl", word, "-D", self.data, "-w", "-m", "fast", "-l", self.home / "log", "-s")

    def _fill(self) -> None:
        quoted = self.password.replace("'", "''")
        self.ask(f"CREATE ROLE ann LOGIN PASSWORD '{quoted}'")
        self.ask(f"CREATE ROLE eve LOGIN PASSWORD '{quoted}'")
        self.ask("CREATE DATABASE shop")
        self.ask("GRANT CREATE ON DATABASE shop TO ann")
        self.ask("CREATE TABLE events AS SELECT n, md5(n::text) AS word FROM generate_series(1, 1000) AS n", "shop")
        self.ask("CREATE SCHEMA pgladder; CREATE TABLE pgladder.events (theirs text)", "shop")

    def connect(self, database: str = "postgres") -> psycopg2.extensions.connection:
        """Connect as its administrator."""
        connection = psycopg2.connect(host=str(self.home), port=self.port, user="dba", dbname=database)
        connection.autocommit = True
        return connection

    def ask(self, statement: str, database: str = "postgres") -> list[tuple]:
        """Execute as its administrator."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def dump(self) -> str:
        """Return all it holds: roles, databases, rows."""
        text = self._owner("pg_dumpall", "-h", self.home, "-p", self.port, "-U", "dba")
        return "".join(line for line in text.splitlines(True) if "restrict " not in line[:12])  # a new key each time

    def set(self, name: str, value: str) -> None:
        """Change a setting of the whole server, and wait until it holds."""
        self.ask(f"ALTER SYSTEM SET {name} = '{value}'")
        self.ask("SELECT pg_reload_conf()")
        wait_for(lambda: self.ask(f"SHOW {name}") == [(value,)], f"{name} is {value}")

    def schemas(self) -> list[str]:
        """Return the schemas of runs in its database."""
        found = self.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgladder@_%' ESCAPE '@'", "shop")
        return [name for (name,) in found]

    def next_transaction(self) -> int:
        """Return the transaction id that would be given next; asking uses none."""
        return int(self.ask("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])

    def dsn(self, user: str = "ann", database: str = "shop", more: str = "") -> str:
        """Return a connection string without the password, by TCP."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database} {more}"


def passwords(place: Path) -> dict[str, str]:
    """Return an environment in which libpq knows the password, as from a user's ~/.pgpass."""
    file = place / "pgpass"
    escaped = Theirs.password.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"*:*:*:*:{escaped}\n")
    file.chmod(0o600)
    return {"PGPASSFILE": str(file)}


class Pooler:
    """A pgbouncer in front of somebody's server, which lets everybody in."""

    def __init__(self, place: Path, server: Theirs, settings: str) -> None:
        self.port, self._home = free_port(), place
        users = place / "users"
        users.write_text(f'"ann" "{Theirs.password}"\n')
        config = place / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\n{settings}\n"
        )
        self._process = subprocess.Popen(as_owner("/usr/sbin/pgbouncer", "-q", config), stderr=subprocess.DEVNULL)
        wait_for(self._answers, "the pooler answers")

    def _answers(self) -> bool:
        assert self._process.poll() is None, "pgbouncer ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def dsn(self) -> str:
        """Return the connection string of one who comes by it."""
        return f"host=127.0.0.1 port={self.port} user=ann dbname=shop"

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def added_folder(place: Path, files: Mapping[str, str]) -> Path:
    """Lay out a folder of a user's own pieces, which nobody else may write to."""
    place.chmod(0o755)
    for name, text in files.items():
        file = place / name
        file.parent.mkdir(mode=0o755, exist_ok=True)
        file.write_text(text)
        file.chmod(0o644)
    return place
