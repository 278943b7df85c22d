"""The life of pgladder's own PostgreSQL cluster, by Debian's tools; ``pgladder box apply`` configures it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.pgladder_journal import FOLDER, Journal, write_whole
from ansible.module_utils.pgladder_refused import Refused

DOCUMENTATION = r"""
module: pgladder_cluster
short_description: Make pgladder's own PostgreSQL cluster, or drop it
description:
  - With O(state=present) the cluster is made beside whatever else is there, with the drop-in of its unit and its folder
    below /run. Nothing is changed where the name is another cluster's, where another cluster is configured for the
    port, running or not, or where pgladder has a cluster of another name or version here. One that is there is left
    alone, but for its unit and for the folder beside its data in which its owner makes private servers.
  - With O(state=absent) the cluster that pgladder began is dropped, whatever O(name) and O(version) say.
  - Which cluster was begun, and that it was made, is written down, so that either can be done again after a power cut.
  - With O(primary) it is made as a standby: a copy of that server's, which it follows. One that is there is left alone.
  - In the folders of O(owner) everything is done with the owner's rights; no link put there leads root anywhere.
options:
  state:
    description: Whether the cluster shall be there.
    choices: [present, absent]
    required: true
    type: str
  version:
    description: Major version of PostgreSQL. Needed for O(state=present), as are the options below.
    type: str
  name:
    description: Name of the cluster.
    type: str
  owner:
    description: The system user it runs as.
    type: str
  port:
    description: The port it will listen on.
    type: int
  checksums:
    description: Whether data pages have checksums; chosen when it is made.
    type: bool
    default: true
  primary:
    description: The server that it is made as a standby of; none for a cluster of its own.
    type: dict
    suboptions:
      host:
        description: The address or name at which it is reached.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        required: true
      certificate:
        description: The certificate that it must show, in PEM.
        type: str
        required: true
      password:
        description: Of the role that replicates. Needed where the standby is not made yet.
        type: str
  run:
    description: Folder of its socket and its process id.
    type: path
    default: /run/pgladder
  journal:
    description: Folder of the journal.
    type: path
    default: /var/lib/pgladder-found
author: pgladder
"""
EXAMPLES = r"""
- name: Make the cluster
  pgladder_cluster:
    state: present
    version: 17
    name: pgladder
    owner: pgladder
    port: 5544
"""
RETURN = r"""
cluster:
  description: Version and name of the cluster that is there, or was.
  returned: always
  type: str
"""

BEGUN = "cluster-begun"
"""In the journal: version and name of the cluster, before it is made."""
MADE = "cluster-made"
"""In the journal: it is whole."""
EARLIER_VERSION = "15"
"""Of the clusters of earlier releases, which wrote down the name alone."""
CONFIGURATIONS = Path("/etc/postgresql")
DATA = Path("/var/lib/postgresql")
LOGS = Path("/var/log/postgresql")
UNITS = Path("/etc/systemd/system")
RUNTIME = Path("/etc/tmpfiles.d/pgladder-postgresql.conf")
PROGRAMS = Path("/usr/lib/postgresql")
SOCKETS = Path("/proc/net/unix")
RUN_IS_UNDER_WAY = " @pgladder-run"
SYSTEMCTL = ("timeout", "1200", "systemctl")
"""The unit's own limits come first."""
NO_SUCH_UNIT = 5
"""The exit code of systemctl(1) for a unit that is not loaded: there is nothing to stop."""
READ_S = 10
MAKE_S = 600
COPY_S = 86_400
"""A large primary over a slow network."""
FIRST_WITH_CHECKSUMS = 18
"""From this version on initdb turns data checksums on where it is not told otherwise."""
DEFAULT_PORT = 5432
UNIT = """\
[Unit]
# Variants that need a restart may follow each other fast.
StartLimitIntervalSec=0
[Service]
# Debian's program reads files that the owner may change, and runs what they name: as the owner, never as root.
User={owner}
NoNewPrivileges=yes
PIDFile={run}/{version}-{name}.pid
TimeoutStartSec=15min
TimeoutStopSec=15min
"""
# The owner is not "postgres": it may not write to /run/postgresql, nor make its log.
FOLDERS = """\
d {run} 0755 {owner} {owner} -
f {log} 0640 {owner} {owner} -
"""
ITS_OWN = """
# Where this cluster keeps what is its own.
external_pid_file = '{run}/{version}-{name}.pid'
ssl_cert_file = '{etc}/server.crt'
ssl_key_file = '{etc}/server.key'
"""
STANDBY = "pgladder_standby"
"""Of the role, the slot and the standby itself, as bench/engines/postgresql/following.py has it."""
REACHED = (
    "host={host} port={port} user={standby} application_name={standby} sslmode=verify-ca sslrootcert={etc}/primary.crt"
    " passfile={etc}/primary.pgpass"
)
FOLLOWS = """
# Whom it follows, until it is promoted; it says every second how far it is.
primary_conninfo = '{reached}'
primary_slot_name = '{standby}'
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 1s
"""
PORT_LINE = re.compile(r"^ *port[ =']+([0-9]+)", re.MULTILINE | re.IGNORECASE)


class Cluster:
    """A cluster by its version and name, and where Debian keeps what belongs to it."""

    def __init__(self, version: str, name: str) -> None:
        self.version, self.name = version, name
        self.etc = CONFIGURATIONS / version / name
        self.data = DATA / version / name
        self.private = DATA / version / f"{name}-private"
        self.log = LOGS / f"postgresql-{version}-{name}.log"
        self.unit = f"postgresql@{version}-{name}.service"
        self.drop_in = UNITS / f"{self.unit}.d/pgladder.conf"

    def __str__(self) -> str:
        return f"{self.version}/{self.name}"

    def is_there(self) -> bool:
        """Return whether anything of it is."""
        return self.etc.exists() or self.data.exists()

    def check(self) -> None:
        """See that nobody took away what was made."""
        for file in (self.etc / "postgresql.conf", self.data / "PG_VERSION"):
            if not os.path.lexists(file):
                raise Refused(f"pgladder's cluster {self} has no {file} any more: make teardown, then make provision")


def begun(journal: Journal) -> Cluster | None:
    """Return the cluster that was begun here, if one was."""
    lines = journal.read(BEGUN)
    if lines is None:
        return None
    if lines:
        version, _, name = lines[0].rpartition("/")
        return Cluster(version or EARLIER_VERSION, name)
    # An old marker names none; its drop-in does.
    for drop_in in UNITS.glob("postgresql@*.service.d/pgladder.conf"):
        version, _, name = drop_in.parent.name.removeprefix("postgresql@").partition("-")
        return Cluster(version, name.removesuffix(".service.d"))
    return None


# --- other clusters -------------------------------------------------------------------------------------------------


def others(own: Cluster | None) -> Iterator[Cluster]:
    """Yield the clusters that are not our own."""
    for file in sorted(CONFIGURATIONS.glob("*/*/postgresql.conf")):
        cluster = Cluster(file.parent.parent.name, file.parent.name)
        if str(cluster) != str(own):
            yield cluster


def port_of(cluster: Cluster) -> int:
    """Return the port a cluster is configured for; one that is stopped shall be able to start again."""
    uid = cluster.etc.stat().st_uid
    try:
        owner = pwd.getpwuid(uid)
        return _asked(cluster, owner) or _read(cluster, owner)
    except (KeyError, OSError, subprocess.SubprocessError) as error:
        # Nothing is guessed: it may be ours.
        raise Refused(
            f"the port of the cluster {cluster} is unknown: its owner (user id {uid}) can't read {cluster.etc};"
            " give it an owner who can (chown), then run this again"
        ) from error


def _asked(cluster: Cluster, owner: pwd.struct_passwd) -> int | None:
    """Ask PostgreSQL itself, which reads what is included and what ALTER SYSTEM wrote.

    None where its programs are gone, or the configuration is not valid now.
    """
    postgres = PROGRAMS / cluster.version / "bin/postgres"
    if not postgres.exists():
        return None
    done = as_user(owner, str(postgres), "-C", "port", "-D", str(cluster.etc))
    return int(done.stdout) if done.returncode == 0 else None


def _read(cluster: Cluster, owner: pwd.struct_passwd) -> int:
    texts = []
    for file in (cluster.etc / "postgresql.conf", *sorted((cluster.etc / "conf.d").glob("*.conf"))):
        done = as_user(owner, "cat", "--", str(file))
        if done.returncode and file.name == "postgresql.conf":
            raise OSError(done.stderr)
        texts.append(done.stdout)
    ports = PORT_LINE.findall("\n".join(texts))
    return int(ports[-1]) if ports else DEFAULT_PORT


def as_user(
    user: pwd.struct_passwd, *words: str, text: str = "", limit_s: int = READ_S
) -> subprocess.CompletedProcess[str]:
    """Run a program with the rights of a user, whose are the files that it reads and writes."""
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
    as_whom = ["setpriv", *ids, "--"] if os.geteuid() == 0 else []
    return subprocess.run(
        ["timeout", str(limit_s), *as_whom, *words],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={**os.environ, "HOME": user.pw_dir},
    )


# --- making and dropping ----------------------------------------------------------------------------------------------


class Steps:
    """What is done to the box, each step whole or done again."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._given = module.params
        self._journal = Journal(self._given["journal"])
        self.begun = begun(self._journal)

    def present(self) -> tuple[str, bool]:
        """See that the cluster is there; return which, and whether anything changed."""
        wanted = Cluster(self._given["version"], self._given["name"])
        self._refuse(wanted)
        if self._journal.read(MADE) is not None:
            wanted.check()
            changed = self._write_unit(wanted)
            return str(wanted), self._make_private(wanted) or changed
        if not self._module.check_mode:
            self._make(wanted)
        return str(wanted), True

    def _refuse(self, wanted: Cluster) -> None:
        """Before anything is changed."""
        if self.begun and str(self.begun) != str(wanted):
            raise Refused(
                f"pgladder's cluster here is {self.begun}, not {wanted}; set postgresql_version to {self.begun.version}"
                f" and postgresql_cluster to {self.begun.name}, or run make teardown first, then run this again"
            )
        why: list[str] = []
        if not self.begun and wanted.is_there():
            why += [
                f"There is a cluster {wanted} that pgladder did not make; choose another name by postgresql_cluster"
            ]
        port = self._given["port"]
        for other in others(self.begun):
            if port_of(other) == port:
                configured = f"The cluster {other} is configured for port {port}, whether it runs now or not"
                why += [f"{configured}; choose another by postgresql_port"]
        if why:
            raise Refused(f"{'. '.join(why)}, then run this again")

    def _make(self, cluster: Cluster) -> None:
        if cluster.is_there():
            self._remove(cluster)  # what an interruption left
        self._journal.write(BEGUN, [str(cluster)])
        self._write_unit(cluster)
        self._make_folders(cluster)
        self._create(cluster)
        self._certify(cluster)
        own = ITS_OWN.format(**self._names(cluster))
        self._as_owner("tee", "-a", f"{cluster.etc}/postgresql.conf", text=own)
        if self._given["primary"]:
            self._copy(cluster, self._given["primary"])
        self._run("/usr/share/postgresql-common/pg_updateaptconfig")
        self._run(*SYSTEMCTL, "daemon-reload")  # Debian's generator has it started at boot
        self._run("sync")
        self._journal.write(MADE, [])

    def _names(self, cluster: Cluster) -> dict[str, str]:
        return {
            "owner": self._given["owner"],
            "run": self._given["run"],
            "version": cluster.version,
            "name": cluster.name,
            "etc": str(cluster.etc),
            "log": str(cluster.log),
        }

    def _write_unit(self, cluster: Cluster) -> bool:
        """Write the unit's drop-in and what makes its folder at boot; return whether they were others."""
        wanted = {
            RUNTIME: FOLDERS.format(**self._names(cluster)),
            cluster.drop_in: UNIT.format(**self._names(cluster)),
        }
        changed = [file for file, text in wanted.items() if not file.exists() or file.read_text() != text]
        if changed and not self._module.check_mode:
            cluster.drop_in.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            for file in changed:
                write_whole(file, wanted[file])
        if not self._module.check_mode:
            # Also where nothing changed: whoever wrote them may have been cut off before this.
            self._run("systemd-tmpfiles", "--create", str(RUNTIME))
            if changed or self._is_outdated(cluster):
                self._run(*SYSTEMCTL, "daemon-reload")
        return bool(changed)

    def _is_outdated(self, cluster: Cluster) -> bool:
        shown = self._run(*SYSTEMCTL, "show", "--property=NeedDaemonReload", "--value", cluster.unit)
        return shown.strip() == "yes"

    def _make_folders(self, cluster: Cluster) -> None:
        """Those above it as Debian has them."""
        for folder in (cluster.etc.parent, cluster.data.parent):
            if not folder.is_dir():
                folder.mkdir(mode=0o755, parents=True)
                shutil.chown(folder, "postgres", "postgres")
        owner = self._given["owner"]
        for folder, mode in ((cluster.etc, 0o755), (cluster.data, 0o700)):
            folder.mkdir(mode=mode)
            shutil.chown(folder, owner, owner)
        self._make_private(cluster)

    def _make_private(self, cluster: Cluster) -> bool:
        """Make the folder for private servers, which earlier releases did not; return whether it was missing."""
        owner = self._given["owner"]
        if cluster.private.is_dir() and cluster.private.owner() == owner:
            return False
        if not self._module.check_mode:
            cluster.private.mkdir(mode=0o700, exist_ok=True)
            shutil.chown(cluster.private, owner, owner)
        return True

    def _create(self, cluster: Cluster) -> None:
        owner, run, port = self._given["owner"], self._given["run"], self._given["port"]
        options = [f"--user={owner}", f"--port={port}", f"--socketdir={run}", "--start-conf=auto"]
        options += ["--encoding=UTF8", "--locale=C.UTF-8"]
        initdb = ["--auth-local=peer", "--auth-host=scram-sha-256"]
        if self._given["checksums"]:
            initdb.append("--data-checksums")
        elif int(cluster.version) >= FIRST_WITH_CHECKSUMS:
            initdb.append("--no-data-checksums")
        self._as_owner("pg_createcluster", cluster.version, cluster.name, *options, "--", *initdb)

    def _certify(self, cluster: Cluster) -> None:
        """Sign a certificate with its own key: the transport "tls" is measured, not trusted."""
        key, certificate = f"{cluster.etc}/server.key", f"{cluster.etc}/server.crt"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"]
        self._as_owner("openssl", "req", "-x509", *kind, "-subj", "/CN=localhost", "-keyout", key, "-out", certificate)

    def _copy(self, cluster: Cluster, primary: Mapping[str, Any]) -> None:
        """Have the primary's data instead of its own, and follow from then on."""
        self._put(f"{cluster.etc}/primary.crt", primary["certificate"])
        self._put(f"{cluster.etc}/primary.pgpass", f"*:*:*:{STANDBY}:{primary['password']}\n")
        reached = REACHED.format(host=primary["host"], port=primary["port"], standby=STANDBY, etc=cluster.etc)
        self._as_owner("find", str(cluster.data), "-mindepth", "1", "-delete")
        options = ["--no-password", "--checkpoint=fast", "--wal-method=stream", f"--slot={STANDBY}"]
        program = f"{PROGRAMS}/{cluster.version}/bin/pg_basebackup"
        self._as_owner(program, f"--dbname={reached}", f"--pgdata={cluster.data}", *options, limit_s=COPY_S)
        self._as_owner("touch", f"{cluster.data}/standby.signal")
        follows = FOLLOWS.format(reached=reached, standby=STANDBY)
        self._as_owner("tee", "-a", f"{cluster.etc}/postgresql.conf", text=follows)

    def _put(self, file: str, text: str) -> None:
        """Write a file that its owner alone may read."""
        self._as_owner("install", "-m", "600", "/dev/null", file)
        self._as_owner("tee", file, text=text)

    # --- dropping -----------------------------------------------------------------------------------------------------

    def absent(self) -> tuple[str, bool]:
        """See that the cluster which was begun is gone; return which, and whether anything changed."""
        if any(line.endswith(RUN_IS_UNDER_WAY) for line in SOCKETS.read_text().splitlines()):
            raise Refused("a run is under way; wait until it is done, or end it, then run this again")
        if self._journal.read(BEGUN) is None:
            return "", False
        if not self._module.check_mode:
            if self.begun:
                self._remove(self.begun)
            for marker in (MADE, BEGUN):
                self._journal.remove(marker)
        return str(self.begun or ""), True

    def _remove(self, cluster: Cluster) -> None:
        self._run(*SYSTEMCTL, "stop", cluster.unit, may_end_with=(NO_SUCH_UNIT,))
        for folder in (cluster.etc, cluster.data, cluster.private, cluster.drop_in.parent, Path(self._given["run"])):
            if folder.is_dir():
                shutil.rmtree(folder)
        for file in (RUNTIME, *LOGS.glob(f"{cluster.log.name}*")):
            file.unlink(missing_ok=True)
        self._run(*SYSTEMCTL, "daemon-reload")
        # Not loaded any more, where it did not fail.
        self._run(*SYSTEMCTL, "reset-failed", cluster.unit, may_end_with=(1, NO_SUCH_UNIT))

    # --- programs -----------------------------------------------------------------------------------------------------

    def _run(self, *words: str, may_end_with: Sequence[int] = ()) -> str:
        code, out, err = self._module.run_command(list(words), environ_update={"LC_ALL": "C.UTF-8"})
        if code and code not in may_end_with:
            self._give_up(words, str(err), code)
        return str(out)

    def _as_owner(self, *words: str, text: str = "", limit_s: int = MAKE_S) -> None:
        done = as_user(pwd.getpwnam(self._given["owner"]), *words, text=text, limit_s=limit_s)
        if done.returncode:
            self._give_up(words, done.stderr, done.returncode)

    @staticmethod
    def _give_up(words: Sequence[str], complaint: str, code: int) -> NoReturn:
        program = next(word for word in words if word != "timeout" and not word.isdecimal())
        last = complaint.strip().rpartition("\n")[2]
        raise Refused(f"{program} failed: {last or f'exit code {code}'}")


PRIMARY = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "certificate": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
}
"""Options of the server that a standby is made of."""


def main() -> None:
    """Do what ``state`` says."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "version": {"type": "str"},
            "name": {"type": "str"},
            "owner": {"type": "str"},
            "port": {"type": "int"},
            "checksums": {"type": "bool", "default": True},
            "primary": {"type": "dict", "options": PRIMARY},
            "run": {"type": "path", "default": "/run/pgladder"},
            "journal": {"type": "path", "default": FOLDER},
        },
        required_if=[("state", "present", ("version", "name", "owner", "port"))],
        supports_check_mode=True,
    )
    os.umask(0o022)
    steps = Steps(module)
    before = str(steps.begun or "")
    try:
        cluster, changed = steps.present() if module.params["state"] == "present" else steps.absent()
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    after = cluster if module.params["state"] == "present" else ""
    module.exit_json(changed=changed, cluster=cluster, diff={"before": f"{before}\n", "after": f"{after}\n"})


if __name__ == "__main__":
    main()
