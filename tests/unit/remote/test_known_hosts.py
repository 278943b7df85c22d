"""Host keys that are recorded: in the place of the box's own, and of nobody else's."""

import os
import stat
import subprocess

import pytest

from bench.model.errors import UsageError
from bench.remote.hostkey import look
from bench.remote.hosts import Host
from bench.remote.known_hosts import holds_another, record

OLD = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFtZyNXC5OFDRNyxkGN4yqNFNjqfCoQUKFWVvU4cGvuD"
NEW = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKWgzPc2UKTMuVVUWmbDZyDmMZgJvnKnWgYIWCE2nBRX"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "known_hosts"


def is_null(file):
    """Tell whether it is the device of /dev/null."""
    status = file.stat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a device")
@pytest.mark.parametrize("linked", [False, True])
def test_a_device_stays_one(file, tmp_path, linked):
    device = tmp_path / "null"
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    file.symlink_to(device)
    with pytest.raises(UsageError, match=r"no regular file: set UserKnownHostsFile .* or known_hosts_file"):
        record(f"box1 {NEW}", file if linked else device)
    assert is_null(device)


def test_a_pipe_and_a_folder_stay_too(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(UsageError, match="no regular file"):
            record(f"box1 {NEW}", tmp_path / name)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "pipe"]


@pytest.mark.parametrize(("said", "words"), [("none", "nowhere"), ("/dev/null", "in /dev/null, which is no regular")])
def test_where_ssh_keeps_no_host_keys_that_is_said_before_the_box_is_asked(tmp_path, said, words):
    (tmp_path / "config").write_text(f"UserKnownHostsFile {said}\n")
    host = Host(name="n100", address="127.0.0.1", port=1, ssh_words=("-F", str(tmp_path / "config")))
    with pytest.raises(UsageError, match=words):
        look(host)


def hashed(name, tmp_path):
    (tmp_path / "plain").write_text(f"{name} {OLD}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", tmp_path / "plain"], check=True, capture_output=True)
    return (tmp_path / "plain").read_text()


def test_its_own_lines_are_replaced_as_they_are_written_or_hashed(file, tmp_path):
    other = f"nas {OLD}\n"
    file.write_text(f"{other}Box1 {OLD}\n{hashed('box1', tmp_path)}{hashed('nas', tmp_path).strip()}")
    assert holds_another(f"box1 {NEW}", file)
    kept = file.read_text().splitlines()[3]
    record(f"box1 {NEW}", file)
    assert file.read_text() == f"{other}box1 {NEW}\n{kept}\n"


def test_a_pattern_stays_behind_the_boxs_own_line(file):
    before, pattern, after = f"nas {OLD}\n", f"*.lab {OLD}\n", f"\n# the end\nbox2 {OLD}\n"
    file.write_text(before + pattern + after)
    assert holds_another(f"box1.lab {NEW}", file)
    record(f"box1.lab {NEW}", file)
    assert file.read_text() == f"{before}box1.lab {NEW}\n{pattern}{after}"
    assert not holds_another(f"box1.lab {NEW}", file)


def test_other_names_of_a_line_stay(file):
    file.write_text(f" box1,nas,[10.0.0.5]:22\t{OLD} both\n")
    record(f"box1 {NEW}", file)
    assert file.read_text() == f"box1 {NEW}\n nas,[10.0.0.5]:22\t{OLD} both\n"


def test_a_carriage_return_ends_no_line(file):
    others = f"# a\rb\x0bc\nnas {OLD}\r\n"
    file.write_bytes(f"{others}box1 {OLD}\n".encode())
    record(f"box1 {NEW}", file)
    assert file.read_bytes() == f"{others}box1 {NEW}\n".encode()


def test_mode_and_owner_stay(file):
    file.write_text(f"nas {OLD}\n")
    file.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(file, 1234, 5678)
    before = file.stat()
    record(f"box1 {NEW}", file)
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
