"""Debian packages for tests: an apt with folders of its own, and a repository that is signed with a key made here."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

ARCHIVE_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Keys:
    """A keyring of the test's own."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self._home = home
        self._gpg("--quick-gen-key", "the tests", "ed25519", "sign", "never")

    def _gpg(self, *words: str | Path, text: str = "") -> str:
        command = ["gpg", "--batch", "--quiet", "--homedir", self._home, "--passphrase", "", *words]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout

    def public(self, file: Path) -> Path:
        """Write the public key in armor."""
        file.write_text(self._gpg("--armor", "--export"))
        return file

    def signed(self, text: str) -> str:
        return self._gpg("--clearsign", text=text)

    def close(self) -> None:
        """End what gpg started."""
        subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=True)


class Apt:
    """apt with folders of its own: nothing of this machine's packages is read or changed."""

    def __init__(self, place: Path) -> None:
        self.sources = place / "apt/sources"
        for folder in (self.sources, place / "apt/state/lists/partial", place / "apt/cache/archives/partial"):
            folder.mkdir(parents=True)
        (place / "apt/status").touch()
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": self.sources,
            "Dir::Etc::Trusted": "/dev/null",
            "Dir::Etc::TrustedParts": "/dev/null/none",
            "Dir::State": place / "apt/state",
            "Dir::State::Status": place / "apt/status",
            "Dir::Cache": place / "apt/cache",
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
        }
        self._options = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def do(self, program: str, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [program, *self._options, *words]
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=folder)

    def download(self, suite: str, packages: Sequence[str], folder: Path) -> None:
        """Download packages of a Debian suite."""
        line = f"deb [signed-by={ARCHIVE_KEYS}] http://deb.debian.org/debian {suite} main\n"
        (self.sources / "debian.list").write_text(line)
        for words in (["-qq", "update"], ["-qq", "download", *packages]):
            done = self.do("apt-get", *words, folder=folder)
            assert done.returncode == 0, done.stderr


def sign_repository(root: Path, suite: str, keys: Keys) -> None:
    """Have the packages in a folder listed and signed as apt has it, for this suite."""
    lists = root / f"dists/{suite}/main/binary-amd64"
    lists.mkdir(parents=True)
    listed = "\n".join(_listed(package) for package in sorted(root.glob("*.deb")))
    (lists / "Packages").write_text(listed)
    digest = hashlib.sha256(listed.encode()).hexdigest()
    release = (
        f"Suite: {suite}\nCodename: {suite}\nComponents: main\nArchitectures: amd64\n"
        f"SHA256:\n {digest} {len(listed.encode())} main/binary-amd64/Packages\n"
    )
    (lists.parents[1] / "InRelease").write_text(keys.signed(release))


def _listed(package: Path) -> str:
    about = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    content = package.read_bytes()
    sums = f"Size: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
    return f"{about}Filename: {package.name}\n{sums}"
