"""How a box that can't be reached is told of."""

import errno
import os
import socket

import paramiko
import pytest
from paramiko.ssh_exception import NoValidConnectionsError

from bench.remote.errors import UnreachableError
from bench.remote.hosts import Host
from bench.remote.link import Link
from bench.remote.secrets import Secrets


def a_host(tmp_path, address="127.0.0.1", port=22):
    return Host(
        name="n100",
        address=address,
        port=port,
        user="me",
        key_file=None,
        known_hosts=tmp_path / "known_hosts",
        agent_user="pgladder",
        password=None,
        sudo_password=None,
    )


def os_error(number):
    return OSError(number, os.strerror(number))


def throw(error):
    raise error


def said_of(host):
    with pytest.raises(UnreachableError) as refused:
        Link(host, Secrets()).run("true")
    return str(refused.value)


def test_a_port_where_nobody_listens(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        said = said_of(a_host(tmp_path, port=taken.getsockname()[1]))
    assert said == ("n100: can't be reached at 127.0.0.1 (it refuses connections to that port: is its sshd running?)")


def test_a_name_nobody_knows(tmp_path):
    said = said_of(a_host(tmp_path, address="no-such-box.invalid"))
    assert said == "n100: can't be reached at no-such-box.invalid (no address is known for that name)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (os_error(errno.EHOSTUNREACH), "no way leads there: is it switched on, and on this network?"),
        (os_error(errno.ENETUNREACH), "no way leads there: is it switched on, and on this network?"),
        (os_error(errno.ETIMEDOUT), "no answer in time"),
        (os_error(errno.ECONNRESET), "it hung up"),
        (os_error(errno.EACCES), "Permission denied"),
        (TimeoutError(), "no answer in time"),
        (paramiko.SSHException("Error reading SSH protocol banner"), "Error reading SSH protocol banner"),
    ],
)
def test_why_is_told_in_words(tmp_path, monkeypatch, error, words):
    wrapped = (
        NoValidConnectionsError({("10.0.0.5", 22): error}) if isinstance(error, OSError) and error.errno else error
    )
    monkeypatch.setattr(Link, "_attempt", lambda *_: throw(wrapped))
    said = said_of(a_host(tmp_path, address="10.0.0.5"))
    assert words in said
    assert "Errno" not in said
