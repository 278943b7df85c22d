"""A box's cluster while it is provisioned: what was rendered for it comes into force and is proved, all of it or none.

Harness, variant and who may connect (``rendered``) are checked, swapped in and proved as a run's variants are
(``swap``), then kept as ``proved``: what a run begins and ends with, and what is in force again after any failure,
whatever a run that was killed left.
"""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from secrets import token_hex
from typing import NoReturn

import psycopg2
from psycopg2.extensions import encrypt_password, quote_ident

from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.provisioned import ProvisionedServer
from bench.engines.postgresql.session import ServerError, Session, VariantError
from bench.engines.postgresql.staging import Staging
from bench.model.box import ProvisionedCluster
from bench.model.errors import PgladderError
from bench.model.language import later
from bench.store.files import PART, sync_directory, write_whole

FAILURES = (PgladderError, psycopg2.Error, OSError)
ALTERED = "postgresql.auto.conf"
INVALID = "the configuration is not valid"
CHOOSE = ". Choose another postgresql_variant, then run this again"
DAMAGED = "If that stays so, the cluster is damaged: make teardown, then make provision"
PORT_LINE = 3
"""Of postmaster.pid, counted from 0 (PostgreSQL 15, src/include/utils/pidfile.h)."""


class Provisioning(ProvisionedServer):
    """The cluster of a box, for its role's user while no run is under way."""

    for_its_user = later(
        "This box's cluster is configured by its user: sudo -u {user} pgladder box apply </etc/pgladder.toml"
    )

    def __init__(self, cluster: ProvisionedCluster, bin_dir: Path, asked_for: Mapping[str, bytes]) -> None:
        self._was_altered = False
        self._asked_for = asked_for
        """The text of each file, by its name in ``proved``."""
        super().__init__(cluster, bin_dir)

    def _password(self) -> str:
        return ""  # there may be none yet; by the socket the cluster's owner needs none

    def _text(self, file: Path) -> str:
        return self._asked_for[file.name].decode()

    def connect(self) -> Session:
        """See ``Cluster.connect``; the port asked for may be another than that of the server which runs."""
        lines = self._read_lines(self._data / "postmaster.pid")
        if len(lines) > PORT_LINE:
            self._reach = replace(self._reach, port=int(lines[PORT_LINE]))
        return super().connect()

    @staticmethod
    def _read_lines(file: Path) -> list[str]:
        try:
            return file.read_text().splitlines()
        except FileNotFoundError:
            return []

    def write_variant(self, text: str) -> None:  # noqa: ARG002 - of what is asked for, it is one file
        """See ``Cluster.write_variant``; harness and who may connect go with it."""
        self._place(self._asked_for)

    # --- what is asked for into force ---------------------------------------------------------------------------------

    def bring_into_force(self, *, new_password: bool) -> bool:
        """Bring what is asked for into force, prove it and keep it; return whether the box was changed.

        Raises:
            ServerError: that can't be done; says why, and whether what was proved last is in force again.

        """
        before = self.postmaster()
        try:
            self._begin_with_what_is_there()
            self._refuse_strangers()
            changed = self._asked_for != self._in_place()
            self._reset_by_hand()
            self._bring_into_force(self.harness)
            if not self._cluster.replica_of:  # it has its primary's
                self._drop_schema()
                changed |= self._is_given_a_password(new=new_password)
            self._keep(self._asked_for)
        except FAILURES as error:
            self._give_up(error)
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
        return changed or self._was_altered or self.postmaster() != before

    def _begin_with_what_is_there(self) -> None:
        """See that there is something to go back to: of a cluster just made, or an earlier release's (in ``next``)."""
        earlier = self._proved.with_name("next")
        if not self._proved.exists():
            if earlier.is_dir():
                self._keep(self._texts(earlier))
            else:
                self._keep(self._now())
        shutil.rmtree(earlier, ignore_errors=True)

    def _refuse_strangers(self) -> None:
        """A third file would be in force under every variant."""
        found = sorted(self.configuration.glob("*.conf"))
        if strangers := [str(file) for file in found if file.name not in self._live]:
            raise ServerError(
                "pgladder's own cluster has files that are not pgladder's:"
                f" remove {' '.join(strangers)}, then run this again"
            )

    def _reset_by_hand(self) -> None:
        """Take back what somebody changed by ALTER SYSTEM, which overrides every file.

        In the file, for it may be why the server does not start.
        """
        if self._is_altered_by_hand():
            write_whole(self._data / ALTERED, b"")
            self._was_altered = True

    def _is_altered_by_hand(self) -> bool:
        return any(line.strip() and not line.startswith("#") for line in self._read_lines(self._data / ALTERED))

    # --- a check ------------------------------------------------------------------------------------------------------

    def try_out(self) -> bool:
        """Return whether the box would be changed; nothing is.

        Raises:
            ServerError: what is asked for can't be brought into force; says why.

        """
        try:
            self._refuse_strangers()
            staging = Staging(self._staged, self._data, self.configuration, self._bin, Owner())
            staging.check(self.harness, self._provisioned)
        except VariantError as error:
            raise ServerError(f"{INVALID}: {error.why}{CHOOSE}") from error
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)
        return self._asked_for != self._in_place() or self._is_altered_by_hand() or not self.alive()

    def differences(self) -> list[str]:
        """Return what changes in the files, as ``diff -u`` shows it."""
        lines: list[str] = []
        for name, before in self._now().items():
            file = str(self._live[name])
            old, new = before.decode().splitlines(), self._asked_for[name].decode().splitlines()
            lines += unified_diff(old, new, file, file, lineterm="")
        return lines

    # --- files --------------------------------------------------------------------------------------------------------

    def _texts(self, folder: Path) -> dict[str, bytes]:
        return {name: (folder / name).read_bytes() for name in self._live}

    def _in_place(self) -> dict[str, bytes]:
        return {name: live.read_bytes() for name, live in self._live.items() if live.exists()}

    def _now(self) -> dict[str, bytes]:
        """Return what is in place, empty where nothing is yet."""
        return dict.fromkeys(self._live, b"") | self._in_place()

    def _place(self, texts: Mapping[str, bytes]) -> None:
        in_place = self._in_place()
        for name, text in texts.items():
            if in_place.get(name) != text:
                write_whole(self._live[name], text)

    def _keep(self, texts: Mapping[str, bytes]) -> None:
        """Keep this as ``proved``: all of it or none, whenever the power goes."""
        if self._proved.exists() and self._texts(self._proved) == texts:
            return
        directory = self._proved.parent
        kept = Path(tempfile.mkdtemp(prefix="proved.", dir=directory))
        kept.chmod(0o755)
        for name, text in texts.items():
            write_whole(kept / name, text)
        part = self._proved.with_name(self._proved.name + PART)
        part.unlink(missing_ok=True)
        part.symlink_to(kept.name)
        part.replace(self._proved)
        sync_directory(directory)
        for earlier in directory.glob("proved.*"):
            if earlier != kept:
                shutil.rmtree(earlier)

    # --- the way back -------------------------------------------------------------------------------------------------

    def _give_up(self, error: Exception) -> NoReturn:
        """Bring what was proved last into force again."""
        why, advice = str(error), "" if self.alive() else CHOOSE
        try:
            proved = self._texts(self._proved)
        except OSError as gone:
            raise ServerError(f"{why}; what was proved last can't be read ({gone}). {DAMAGED}") from error
        if isinstance(error, VariantError):
            why, advice = f"{INVALID}: {error.why}", CHOOSE
        elif not self.alive() and self._asked_for == proved == self._in_place():
            raise ServerError(f"{why}. {DAMAGED}") from error
        try:
            self._bring_back(proved)
        except FAILURES as failure:
            raise ServerError(f"{why}; nor as it was provisioned last: {failure}. {DAMAGED}") from error
        raise ServerError(f"{why}; it is as it was provisioned last{advice}") from error

    def _bring_back(self, proved: Mapping[str, bytes]) -> None:
        if not self._was_altered and self.alive() and self._in_place() == proved:
            return
        self.stop()
        try:
            self._place(proved)
        finally:
            self.start()

    # --- the password -------------------------------------------------------------------------------------------------

    def _is_given_a_password(self, *, new: bool) -> bool:
        """See that the role can log in over TCP, by a new password where it can't or shall have one; return whether."""
        if not new and self._refusal() is None:
            return False
        file, role, secret = self._cluster.password_file, self._cluster.role, token_hex(24)
        part = file.with_name(file.name + PART)
        part.unlink(missing_ok=True)  # a link would be followed
        Owner().put(part, f"*:*:*:{role}:{secret}\n")
        with closing(self.connect()) as session:
            # Encrypted here: whatever the server logs of its statements, the password is not in it.
            verifier = encrypt_password(secret, role, session.connection, "scram-sha-256")
            named = quote_ident(role, session.connection)
            session.run(f"ALTER ROLE {named} PASSWORD %(verifier)s", {"verifier": verifier})
        Owner().replace(part, file)
        if (refusal := self._refusal()) is not None:
            raise ServerError(f"logging in over TCP does not work: {refusal}")
        return True

    def _refusal(self) -> str | None:
        """Return why the role can't log in over TCP, by the file that clients go by."""
        arguments = self.endpoint("tcp").psycopg2_arguments()
        try:
            psycopg2.connect(**{**arguments, "password": None, "passfile": str(self._cluster.password_file)}).close()
        except psycopg2.OperationalError as error:
            return str(error).strip()
        return None
