"""The cluster of a provisioned box: pgladder's own, made by the role ``postgresql``, run by systemd.

The agent is its owner: it reads its log and writes its variant's file without further rights, and starts and stops its
unit by sudo. What provisioning put in force stays beside it (``proved``), so it can be put back however a run ended;
how it comes into force is ``provisioning``'s business.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import psycopg2

from bench.engines.engine import ClusterServer, Standby
from bench.engines.postgresql.admitted import AdmittedStandby, admitted, told_in
from bench.engines.postgresql.client_boxes import client_boxes
from bench.engines.postgresql.conf import read_conf
from bench.engines.postgresql.following import Followed
from bench.engines.postgresql.managed import BESIDE, ManagedPostgreSQL, Reach
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import ServerError
from bench.engines.postgresql.staging import Staging
from bench.engines.postgresql.swap import Swapping
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.box import ProvisionedCluster
from bench.model.errors import HostError, UsageError
from bench.model.language import later, tr
from bench.model.plan import ASYNC, Plan, Variant
from bench.model.table import quoted
from bench.model.values import Replica
from bench.store.files import write_whole
from bench.workload.client_boxes import ClientBox

ANSWER_TIMEOUT_S, CHANGE_TIMEOUT_S = 60, 1200
"""Of systemd: what a unit is, and until it has started or stopped; the unit's own limits of 900 s come first."""
AS_PROVISIONED = "as-provisioned"
MADE_BESIDE = "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname::text, %(begins)s)"


def made_for_cluster(plan: Plan) -> bool:
    """Return whether a plan's harness is a provisioned cluster's: a private server is told its port otherwise."""
    return "port" in read_conf(plan.harness.text, "The harness")


class ProvisionedServer(ManagedPostgreSQL, ClusterServer):
    """The cluster of ``/etc/pgladder.toml``, for its role's user only."""

    start_timeout_s = 600
    for_its_user = later(
        "This box's cluster is measured by its user: sudo -u {user} pgladder run … (or measure a private server on a"
        " disk you name by --data-dir)."
    )

    def __init__(self, cluster: ProvisionedCluster, bin_dir: Path, sessions: type[TrialSession] = TrialSession) -> None:
        if pwd.getpwuid(os.geteuid()).pw_name != cluster.role:
            raise UsageError(tr(self.for_its_user, user=cluster.role))
        self._cluster = cluster
        self.version = cluster.version
        directory = cluster.configuration_directory
        self._proved = directory / "proved"
        self._live = {
            cluster.harness_file.name: cluster.harness_file,
            cluster.variant_file.name: cluster.variant_file,
            "pg_hba": directory / "pg_hba.conf",
        }
        """Where each file of ``proved`` belongs."""
        reach = Reach(
            sockets=cluster.socket_directory,
            port=cluster.port,
            user=cluster.role,
            password=self._password(),
            database=cluster.database,
            certificate=Path(cluster.root_certificate),
        )
        super().__init__(bin_dir, reach, cluster.data_directory, cluster.log_file, sessions)
        self._provisioned = as_variant(AS_PROVISIONED, self._text(self._proved / cluster.variant_file.name))
        self.harness = as_variant("harness", self._text(cluster.harness_file))
        """A plan's must be the same."""
        self._standby = self._admitted()
        self._staged = cluster.password_file.with_name("staged")
        """In our home, as /tmp is everybody's; what an agent that was killed left there is replaced."""

    def _admitted(self) -> AdmittedStandby | None:
        """Return the standby on another box, if one is let in."""
        if not admitted(self._cluster):
            return None
        followed = Followed(
            connect=self.connect,
            endpoint=self.endpoint,
            reload=self._reload,
            write=lambda text: write_whole(told_in(self._cluster), text.encode()),
        )
        return AdmittedStandby(followed, told_in(self._cluster))

    def _reload(self) -> None:
        self.swapping.reload()

    def _password(self) -> str:
        return _read(self._cluster.password_file).strip().rpartition(":")[2]  # of its one line

    def _text(self, file: Path) -> str:
        """Return what is to be in force."""
        return _read(file)

    @property
    def what(self) -> str:
        """See ``ManagedPostgreSQL.what``."""
        return tr("the cluster {name} of this box", name=self._cluster.name)

    def check_plan(self, plan: Plan, connections: int) -> None:
        """See that the plan and the cluster are made for each other.

        Raises:
            HostError: they are not; the message names what to do.

        """
        if connections > (most := self._cluster.max_connections):
            raise HostError(
                tr(
                    "The plan needs {needed} connections and this box's cluster takes {most}: raise"
                    " postgresql_max_connections and provision again, or ask for a smaller --pool-max.",
                    needed=connections,
                    most=most,
                )
            )
        if not self._cluster.root_certificate and any(trial.transport == "tls" for trial in plan.trials):
            raise HostError(tr("This box's cluster offers no TLS: set postgresql_tls and provision again."))
        if plan.harness.text != self.harness.text:
            raise HostError(
                tr(
                    "Plan {run} was made for another harness than {file}: make the plan anew, or provision this box as"
                    " it was then.",
                    run=plan.run,
                    file=self._cluster.harness_file,
                )
            )

    # --- a run's beginning and end -----------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:  # noqa: ARG002 - provisioning decided on TLS
        """Prove that the cluster is as it was provisioned; where it is not, bring it so."""
        try:
            self._refuse_what_was_not_proved()
            self._bring_into_force(harness)
        except (ServerError, psycopg2.Error) as error:
            raise self._spoilt(error) from error

    def _refuse_what_was_not_proved(self) -> None:
        """A provisioning that was killed may have left harness or pg_hba.conf behind: a run does not change these."""
        for name, live in self._live.items():
            if live != self._cluster.variant_file and _read(live) != _read(self._proved / name):
                raise ServerError(tr("{file} is not the one that was proved last", file=live))

    def _bring_into_force(self, harness: Variant) -> None:
        staging = Staging(self._staged, self._data, self.configuration, self._bin, Owner())
        self._swapping = Swapping(self, staging, harness, writes=not self._cluster.replica_of)
        if self.alive():
            self._wait_ready()  # it may still recover from a power cut
        self._swapping.adopt(self._provisioned)
        self._wait_for_nobody()

    def _wait_for_nobody(self) -> None:
        """Have commits wait for no standby, whatever was before."""
        if self._standby is not None:
            self._standby.tell(ASYNC)

    def close(self) -> None:
        """Put back what provisioning had put in force, and drop what the run made.

        Raises:
            ServerError: that can't be done; the message names what to do.

        """
        try:
            if self._swapping is not None:
                self._put_back(self._swapping)
        except (ServerError, psycopg2.Error) as error:
            raise self._spoilt(error) from error
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)

    def _put_back(self, swapping: Swapping) -> None:
        try:
            # Swapped in as any variant, which proves it; where that fails its file is written all the same.
            if swapping.in_force:
                swapping.apply(self._provisioned)
        finally:
            if not self.alive() or self._cluster.variant_file.read_text() != self._provisioned.text:
                self.stop()
                self.write_variant(self._provisioned.text)
                self.start()
            self._wait_for_nobody()
            self._drop_schema()

    def _drop_schema(self) -> None:
        """Drop what runs made, also what one left that was killed."""
        with closing(self.connect()) as session:
            session.run(session.qualified("DROP SCHEMA IF EXISTS {schema} CASCADE"))
            for (name,) in session.rows(MADE_BESIDE, {"begins": BESIDE}):
                session.run(f"DROP DATABASE {quoted(name)}")

    def _spoilt(self, error: Exception) -> ServerError:
        return ServerError(
            tr(
                "{what} is not as it was provisioned: {error}; provision this box again.",
                what=self.what,
                error=error,
            )
        )

    # --- its standby -------------------------------------------------------------------------------------------------

    def replicate(self, level: Replica) -> Standby | None:
        """See ``Server.replicate``."""
        if self._standby is None:
            return super().replicate(level)
        self._standby.follow(level)
        return self._standby

    def client_boxes(self, count: int) -> Sequence[ClientBox]:
        """See ``Server.client_boxes``."""
        return client_boxes(self._cluster, self.endpoint("tls"), count)

    # --- Cluster -----------------------------------------------------------------------------------------------------

    @property
    def configuration(self) -> Path:
        """See ``Cluster.configuration``."""
        return self._cluster.variant_file.parent

    def write_variant(self, text: str) -> None:
        """See ``Cluster.write_variant``; synced: whenever the power goes, the next start is on one or the other."""
        write_whole(self._cluster.variant_file, text.encode())

    def alive(self) -> bool:
        """See ``Cluster.alive``."""
        return self.postmaster() is not None

    def start(self) -> None:
        """See ``Cluster.start``."""
        self._log_before = self._log.stat().st_size if self._log.exists() else 0
        output = self._systemctl("start")
        if output and not self.alive():
            raise ServerError(f"PostgreSQL did not start: {self._complaint()} ({output})")
        self._wait_ready()

    def stop(self) -> None:
        """See ``Cluster.stop``."""
        if output := self._systemctl("stop"):
            raise ServerError(f"PostgreSQL could not be stopped: {output}")

    def _systemctl(self, verb: str) -> str:
        """Return what systemctl complains of; empty when it did it.

        An interruption waits until it has: a unit that is told to stop while it starts may leave a server that
        systemd does not know.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            done = _run(["sudo", "-n", "systemctl", verb, self._cluster.unit], CHANGE_TIMEOUT_S)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``; systemd knows it by the cluster's pid file."""
        unit = self._cluster.unit
        shown = _run(["systemctl", "show", "--property=MainPID", "--value", unit], ANSWER_TIMEOUT_S)
        if shown.returncode:
            raise ServerError(f"systemd can't say whether {unit} runs: {shown.stderr.strip()}; look at the box.")
        return int(shown.stdout) or None


def _run(command: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run as ourselves, who own the cluster.

    Raises:
        ServerError: it has not ended in time. It is left alone where it is sudo's, which only root may end.

    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")
    try:
        output, complaint = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()
        with suppress(PermissionError):
            process.kill()
            process.wait()
        raise ServerError(f"{' '.join(command)} has not ended in {timeout_s:g} s; restart the box.") from error
    return subprocess.CompletedProcess(command, process.returncode, output, complaint)


def _read(file: Path) -> str:
    """Return the text of a file that provisioning wrote."""
    try:
        return file.read_text()
    except OSError as error:
        raise HostError(
            tr("{file} can't be read ({why}); provision this box again.", file=file, why=error.strerror)
        ) from error
