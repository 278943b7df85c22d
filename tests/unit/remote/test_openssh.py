"""The words that ssh is given, as ssh itself reads them, for a box and for its gateways."""

import os
import subprocess
from pathlib import Path

import pytest

from bench.remote.hosts import Host
from bench.remote.openssh import Way

STRICT = {"stricthostkeychecking true", "nohostauthenticationforlocalhost no", "verifyhostkeydns false"}


@pytest.fixture
def understood(tmp_path):
    """Return what ssh makes of our words, given a configuration and more words."""

    def understand(config, *words, **known):
        (tmp_path / "config").write_text(config)
        words = ("-F", str(tmp_path / "config"), *words)
        way = Way(Host(name="n100", address="127.0.0.1", ssh_words=words, **known))
        try:
            ssh, *words = way.connecting("true")
            done = subprocess.run(
                [ssh, "-G", *words], capture_output=True, text=True, check=False, env=way.environment()
            )
            return done.stdout.splitlines() or done.stderr.splitlines()
        finally:
            way.close()

    return understand


@pytest.fixture
def started(tmp_path):
    """Return the words with which the real ssh is started for each hop, the box's first: no hop is reached."""
    log, real = tmp_path / "log", tmp_path / "real"
    real.write_text(
        f"""#!/bin/bash
case " $* " in *" -G "*) exec /usr/bin/ssh "$@";; esac
echo "$@" >>{log}
exec -a ssh /usr/bin/ssh "$@"
"""
    )
    real.chmod(0o755)

    def start(config, *words):
        (tmp_path / "config").write_text(config)
        way = Way(Host(name="n100", address="127.0.0.1", port=1, ssh_words=(*words, "-F", str(tmp_path / "config"))))
        try:
            env = {**way.environment(), "PGLADDER_SSH": str(real)}
            command = way.connecting("true")
            subprocess.run(command, env=env, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=20)
        finally:
            way.close()
        return log.read_text().splitlines()

    return start


GATEWAY = "Host gw\nHostName 127.0.0.1\nPort 2\n"


@pytest.mark.parametrize(
    "proxy",
    [
        "ProxyJump gw",
        "ProxyJump me@[::1]:2",
        "ProxyJump a@corp.example@127.0.0.1:2",
        "ProxyCommand ssh -W %h:%p gw",
        "ProxyCommand ssh -qW %h:%p gw",
        "ProxyCommand ssh gw -F none -W %h:%p",
        "ProxyCommand ssh gw -o StrictHostKeyChecking=no -W %h:%p",
        "ProxyCommand ssh -F /dev/null -oStrictHostKeyChecking=no -p 2 -W %h:%p 127.0.0.1",
        "ProxyCommand sh -c 'ssh -W %h:%p gw'",
        "ProxyCommand env A=b timeout 20 ssh -W %h:%p gw",
    ],
)
def test_whatever_ssh_is_started_for_a_gateway_asks_for_its_recorded_key(started, proxy):
    box, gateway, *more = started(f"Host 127.0.0.1\nPort 1\n{proxy}\n{GATEWAY}")
    assert more == []
    for words in (box, gateway):
        assert words.startswith("-o StrictHostKeyChecking=yes -o NoHostAuthenticationForLocalhost=no -o VerifyHostKey")


@pytest.mark.parametrize("way", ["ProxyJump gw", "ProxyCommand ssh -F {config} -W %h:%p gw"])
def test_so_does_the_one_for_a_gateways_gateway(started, tmp_path, way):
    way = way.format(config=tmp_path / "config")
    config = f"Host 127.0.0.9\nPort 3\nHost 127.0.0.1\n{way}\nHost gw\nProxyCommand ssh -W %h:%p 127.0.0.9\n"
    hops = started(config)
    assert len(hops) == 3
    assert all(words.startswith("-o StrictHostKeyChecking=yes ") for words in hops)


@pytest.mark.parametrize(
    "proxy",
    [
        "nc %h %p",
        "cloudflared access ssh --hostname %h",
        "nc -U /run/ssh",
        "nc %h ssh",
        "corkscrew gw.ssh.lan 80 %h %p",
    ],
)
def test_a_proxy_command_without_ssh_is_left_as_it_is(understood, proxy):
    assert f"proxycommand {proxy}" in understood(f"ProxyCommand {proxy}\n")


@pytest.mark.parametrize(
    "proxy",
    ["/usr/bin/ssh -W %h:%p gw", '"/usr/bin/ssh" -W %h:%p gw', "timeout 20 /usr/bin/ssh gw", "sh -c '/usr/bin/ssh gw'"],
)
def test_a_ssh_that_is_named_by_its_path_is_refused(understood, proxy):
    [said] = understood(f"ProxyCommand {proxy}\n")
    assert said.startswith("pgladder: a ProxyCommand starts /usr/bin/ssh, which asks for no host key (")
    assert said.endswith("): write ssh alone, or ProxyJump")


@pytest.mark.parametrize("where", ["configuration", "words"])
def test_nothing_switches_the_check_of_host_keys_off(understood, where):
    off = {"StrictHostKeyChecking": "no", "NoHostAuthenticationForLocalhost": "yes", "VerifyHostKeyDNS": "yes"}
    if where == "words":
        said = understood("", *(word for name, value in off.items() for word in ("-o", f"{name}={value}")))
    else:
        said = understood("".join(f"{name} {value}\n" for name, value in off.items()))
    assert set(said) >= STRICT


def test_a_session_is_one_that_answers_whatever_a_configuration_says(understood):
    said = understood("StdinNull yes\nForkAfterAuthentication yes\nSessionType none\n")
    assert {"stdinnull no", "forkafterauthentication no", "sessiontype default"} <= set(said)


def test_a_configuration_is_named_in_one_word_or_two(understood, tmp_path, monkeypatch):
    (tmp_path / "other").write_text("User other\n")
    monkeypatch.chdir(tmp_path)
    for words in ((f"-F{tmp_path}/other",), ("-F", f"{tmp_path}/other"), ("-F", "other")):
        assert "user other" in understood("User one\n", *words)
    assert "user one" not in understood("User one\n", "-Fnone")


def test_a_gateways_key_may_be_recorded_where_the_boxes_are(tmp_path):
    way = Way(Host(name="n100", address="127.0.0.1", known_hosts=tmp_path / "known hosts"))
    try:
        gateway = {**way.environment(), "PGLADDER_HOP": "gateway"}
        said = subprocess.run(
            ["ssh", "-F", "none", "-G", "gw"], env=gateway, capture_output=True, text=True, check=True
        )
    finally:
        way.close()
    [files] = [line for line in said.stdout.splitlines() if line.startswith("userknownhostsfile ")]
    assert files == f"userknownhostsfile {tmp_path}/known hosts {Path.home()}/.ssh/known_hosts"


def test_make_trust_shows_the_boxes_own_key_only():
    way = Way(Host(name="n100", address="127.0.0.1"))
    try:
        env = way.environment(accept_new=True)
    finally:
        way.close()
    for hop, expected in ((env["PGLADDER_HOP"], "accept-new"), ("gateway", "true")):
        said = subprocess.run(
            ["ssh", "-F", "none", "-G", "gw"],
            env={**env, "PGLADDER_HOP": hop},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"stricthostkeychecking {expected}" in said.stdout.splitlines()
    assert env["PATH"].split(os.pathsep)[1:] == os.environ["PATH"].split(os.pathsep)
