"""How a box that can't be reached is told of: by what ssh says."""

import socket

import pytest

from bench.remote.complaints import lost, meaning
from bench.remote.errors import NotAdmittedError, NotTrustedError, RemoteError, UnreachableError
from bench.remote.hosts import Host
from bench.remote.link import Link
from bench.remote.secrets import Secrets

NAMES = {"10.0.0.5", "[10.0.0.5]:2222", "lab"}


def a_host(address="127.0.0.1", port=22):
    return Host(name="n100", address=address, port=port, user="me", ssh_words=("-F", "none"))


def said_of(host):
    with pytest.raises(UnreachableError) as refused:
        Link(host, Secrets()).run("true")
    return str(refused.value)


def test_a_port_where_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        said = said_of(a_host(port=taken.getsockname()[1]))
    assert said == ("n100: can't be reached at 127.0.0.1 (it refuses connections to that port: is its sshd running?)")


def test_a_name_nobody_knows():
    said = said_of(a_host(address="no-such-box.invalid"))
    assert said == "n100: can't be reached at no-such-box.invalid (no address is known for that name)"


def test_a_machine_without_ssh(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RemoteError, match="n100: there is no ssh on this machine: install openssh-client"):
        Link(a_host(), Secrets()).run("true")


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            "ssh: connect to host 10.0.0.5 port 22: No route to host",
            UnreachableError,
            "at 10.0.0.5 (there is no route",
        ),
        ("ssh: connect to host 10.0.0.5 port 22: Network is unreachable", UnreachableError, "there is no route to it"),
        ("ssh: connect to host 10.0.0.5 port 22: Connection timed out", UnreachableError, "no answer in time"),
        ("ssh: connect to host gw port 22: Connection refused", UnreachableError, "by its gateway gw (it refuses"),
        ("Connection timed out during banner exchange", UnreachableError, "no answer in time"),
        ("kex_exchange_identification: read: Connection reset by peer", UnreachableError, "it hung up"),
        ("what\nno one expected", UnreachableError, "(no one expected)"),
        ("", UnreachableError, "(ssh does not say why)"),
        (
            "No RSA host key is known for lab and you have requested strict",
            NotTrustedError,
            "its host key is",
        ),
        ("No RSA host key is known for gw and you have requested strict", NotTrustedError, "make trust HOST=gw"),
        ("Host key for [10.0.0.5]:2222 has changed and", NotTrustedError, "its host key is not the one recorded"),
        ("The ED25519 host key for lab is marked as revoked.", NotTrustedError, "its host key was revoked"),
        ("me@10.0.0.5: Permission denied (publickey).", NotAdmittedError, "sshd does not accept me at 10.0.0.5"),
        ("you@gw: Permission denied (publickey).", NotAdmittedError, "its gateway does not let in you@gw"),
        ("Too many authentication failures", NotAdmittedError, "name yours by KEY="),
    ],
)
def test_what_ssh_says_is_told_in_words(said, kind, words):
    told = meaning(a_host("10.0.0.5"), NAMES, said)
    assert type(told) is kind
    assert str(told).startswith("n100: ")
    assert words in str(told)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Timeout, server 10.0.0.5 not responding.", "no answer in time"),
        ("Connection to 10.0.0.5 closed by remote host.", "it hung up"),
        ("client_loop: send disconnect: Broken pipe", "it hung up"),
        ("", "it hung up"),
    ],
)
def test_why_a_connection_was_lost_is_told_in_words(said, words):
    assert lost(said) == words
