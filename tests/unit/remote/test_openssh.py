"""The words that ssh is given, as ssh itself reads them."""

import subprocess

import pytest

from bench.remote.errors import NotTrustedError
from bench.remote.hosts import Host
from bench.remote.openssh import Way


@pytest.fixture
def understood(tmp_path):
    """Return what ssh makes of our words, given a configuration and more words."""

    def understand(config, *words):
        (tmp_path / "config").write_text(config)
        way = Way(Host(name="n100", address="127.0.0.1", ssh_words=("-F", str(tmp_path / "config"), *words)))
        try:
            ssh, *words = way.connecting("true")
            said = subprocess.run([ssh, "-G", *words], capture_output=True, text=True, check=True).stdout
            return said.splitlines()
        finally:
            way.close()

    return understand


@pytest.mark.parametrize("proxy", ["ssh -W %h:%p -i ~/.ssh/id gw", "exec  /usr/bin/ssh\t-W %h:%p gw"])
def test_a_ssh_that_a_proxy_command_starts_is_told_of_the_policy(understood, proxy):
    [line] = [line for line in understood(f"Host 127.*\nProxyCommand {proxy}\n") if line.startswith("proxycommand ")]
    assert "ssh -F /" in line
    assert " -o StrictHostKeyChecking=yes " in line.partition(" -W %h:%p")[0]


@pytest.mark.parametrize("proxy", ["nc %h %p", "sshuttle-proxy -i ~/.ssh/id %h", "corkscrew gw.ssh.lan 80 %h %p"])
def test_a_proxy_command_without_ssh_is_left_as_it_is(understood, proxy):
    assert f"proxycommand {proxy}" in understood(f"ProxyCommand {proxy}\n")


@pytest.mark.parametrize(
    "proxy",
    [
        "env ssh -W %h:%p gw",
        "timeout 20 /usr/bin/ssh -W %h:%p gw",
        "sh -c 'ssh -W %h:%p gw'",
        "true;ssh -W %h:%p gw",
        '"/usr/bin/ssh" -W %h:%p gw',
        'ssh -o ProxyCommand="ssh -W %%h:%%p outer" -W %h:%p gw',
    ],
)
def test_a_ssh_that_can_not_be_told_of_the_policy_is_refused(understood, proxy):
    with pytest.raises(NotTrustedError, match=r"n100: its ProxyCommand starts ssh .*: write ProxyJump, or"):
        understood(f"ProxyCommand {proxy}\n")


def test_a_ssh_in_a_proxy_command_names_no_configuration_of_its_own(understood):
    with pytest.raises(NotTrustedError, match=r"n100: its ProxyCommand names a configuration of its own \(-F\): write"):
        understood("ProxyCommand ssh -F /etc/other -W %h:%p gw\n")


@pytest.mark.parametrize("way", ["ProxyJump gw", "ProxyJump a@gw:24,other", "ProxyCommand ssh -W %h:%p gw"])
def test_a_gateway_that_is_reached_by_a_ssh_of_its_own_is_refused(understood, way):
    of_gateway = "Host gw\nProxyCommand ssh -W %h:%p outer\n"
    with pytest.raises(NotTrustedError, match=r"n100: the ProxyCommand of its gateway .*gw.* starts ssh"):
        understood(f"Host 127.0.0.1\n{way}\n{of_gateway}")
    with pytest.raises(NotTrustedError, match=r"n100: the ProxyCommand of its gateway .*(gw|inner).* starts ssh"):
        understood(f"Host 127.0.0.1\nProxyJump inner\nHost inner\n{way}\n{of_gateway}")
    assert understood(f"Host 127.0.0.1\n{way}\nHost gw\nProxyJump outer\n")


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "StrictHostKeyChecking=no"),
        ("-oStrictHostKeyChecking off",),
        ("-4o", "stricthostkeychecking=accept-new"),
        ("-o", "UserKnownHostsFile=/dev/null"),
        ("-o", "NoHostAuthenticationForLocalhost=yes"),
        ("-o", "VerifyHostKeyDNS=yes"),
    ],
)
def test_an_argument_that_switches_the_check_of_host_keys_off_is_refused_by_name(understood, words):
    option = words[-1].removeprefix("-o").replace(" ", "=").partition("=")[0]
    with pytest.raises(NotTrustedError, match=rf"(?i)n100: {option} \(.* switches the check of host keys off"):
        understood("", *words)


def test_a_session_is_one_that_answers_whatever_a_configuration_says(understood):
    said = understood("StdinNull yes\nForkAfterAuthentication yes\nSessionType none\n")
    assert {"stdinnull no", "forkafterauthentication no", "sessiontype default"} <= set(said)


def test_a_configuration_is_named_in_one_word_or_two(understood, tmp_path):
    (tmp_path / "other").write_text("NoHostAuthenticationForLocalhost yes\nUser other\n")
    said = understood("User one\n", f"-F{tmp_path}/other")
    assert "user other" in said
    assert "nohostauthenticationforlocalhost no" in said
    assert "user other" in understood("User one\n", "-F", f"{tmp_path}/other")
    assert "user one" not in understood("User one\n", "-Fnone")
