"""The policy of host keys, whoever starts ssh: every hop's key is one that was recorded, whatever is configured.

Words in, words out; ``ssh -G`` is asked what a configuration means. ``openssh`` goes by it for the remote verbs,
``ansible_ssh`` for Ansible's own ssh: so it is quick to load, and needs nothing of pgladder's.
"""

import getopt
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

OWN_CONFIG, SYSTEM_CONFIG = "~/.ssh/config", "/etc/ssh/ssh_config"
OPTIONS = {"StrictHostKeyChecking": "yes", "NoHostAuthenticationForLocalhost": "no", "VerifyHostKeyDNS": "no"}
"""What counts for every hop; as playbooks/ssh_config, which is for Ansible's own ssh."""
FIRST = tuple(word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}"))
"""The same in words: of several on a matter ssh takes the first."""
LETTERS = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy"
"""ssh's options, as OpenSSH 9.2's ssh.c has them; a colon: a value follows."""
SWITCHED_OFF: Mapping[str, Sequence[str]] = {
    "StrictHostKeyChecking": ("false", "off", "no", "accept-new"),
    "NoHostAuthenticationForLocalhost": ("true", "yes"),
    "VerifyHostKeyDNS": ("true", "yes"),
    "UserKnownHostsFile": ("/dev/null",),
}
"""Options by which a host key would do that nobody recorded, with values as ``ssh -G`` prints them."""
SSH = re.compile(r"(?<![\w.-])ssh(?![\w./-])")
"""The word in a shell's line, also at the end of a path."""
INSTEAD = "write ProxyJump, or a ProxyCommand that begins with ssh and has no other and no -F in it"


class PolicyError(Exception):
    """Words that the policy can't be kept with; says what to write instead."""


def split(words: Sequence[str]) -> tuple[list[str], Sequence[str], list[str]]:
    """Return ssh's options without those that name a configuration, the configurations that count, and what follows.

    Raises:
        PolicyError: ssh has no such option.

    """
    try:
        options, rest = getopt.getopt(list(words), LETTERS)
    except getopt.GetoptError as error:
        raise PolicyError(f"ssh does not take its arguments in the inventory ({error})") from error
    named = [value for option, value in options if option == "-F"]
    left = [word for option, value in options if option != "-F" for word in (option, value) if word]
    if not named:
        return left, (OWN_CONFIG, SYSTEM_CONFIG), rest
    return left, () if named[-1] == "none" else (named[-1],), rest


def configuration(files: Sequence[str], known_hosts: str = "") -> str:
    """Return the configuration by which ssh keeps to the policy, and goes by these files in all else."""
    policy = "".join(f"{name} {value}\n" for name, value in OPTIONS.items())
    known = f'UserKnownHostsFile "{known_hosts}" ~/.ssh/known_hosts\n' if known_hosts else ""
    return policy + known + "".join(f'Include "{file}"\n' for file in files)


def resolved(words: Sequence[str]) -> dict[str, str]:
    """Return what ssh itself makes of its words (``ssh -G``): lower-case option to value.

    Raises:
        PolicyError: there is no ssh.

    """
    try:
        done = subprocess.run(["ssh", "-G", *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise PolicyError("there is no ssh on this machine: install openssh-client") from error
    lines = done.stdout.decode(errors="surrogateescape").splitlines()
    pairs = [line.split(" ", 1) for line in lines if " " in line]
    return dict(reversed(pairs))  # of several the first counts


def check(options: Sequence[str]) -> None:
    """Refuse options of the inventory that would switch the check of host keys off.

    Raises:
        PolicyError: one does; it is named.

    """
    found = resolved(["-F", "none", *options, "--", "box"])
    for option, values in SWITCHED_OFF.items():
        if (value := found.get(option.lower(), "")) in values:
            raise PolicyError(
                f"{option} ({value}) in ssh's arguments in the inventory switches the check of host keys off: "
                "leave it out, and record the key by make trust"
            )


def first_words(config: Path, options: Sequence[str], address: str) -> list[str]:
    """Return what ssh must be given before its options so that every hop up to an address keeps to the policy.

    Args:
        config: the file of ``configuration``.
        options: ssh's, without ``-F``.
        address: where to.

    Raises:
        PolicyError: a ssh on the way can't be told of it.

    """
    found = resolved(["-F", str(config), *FIRST, *options, "--", address])
    command = found.get("proxycommand", "none").strip().removeprefix("exec ").lstrip()
    program, *more = command.split(maxsplit=1) or [""]
    rest = " ".join(more)
    is_ssh = PurePath(program).name == "ssh"
    if SSH.search(rest if is_ssh else command):
        raise PolicyError(f"its ProxyCommand starts ssh where no host key is asked for ({command}): {INSTEAD}")
    if not is_ssh:
        _check_gateways(config, found)
        return ["-F", str(config), *FIRST]
    _check_inner(config, rest)
    told = shlex.join(["-F", str(config), *FIRST]).replace("%", "%%")
    return ["-F", str(config), *FIRST, "-o", f"ProxyCommand={program} {told} {rest}"]


def _check_inner(config: Path, rest: str) -> None:
    """Check the way to the gateway that a ssh in a ProxyCommand goes to."""
    words = re.sub(r"-W\s*\S+", "", rest)  # %h:%p is nothing yet that ssh takes
    try:
        options, files, to = split(shlex.split(words))
    except (ValueError, PolicyError) as error:
        raise PolicyError(f"its ProxyCommand can't be read ({error}): {INSTEAD}") from error
    if files != (OWN_CONFIG, SYSTEM_CONFIG):
        raise PolicyError(f"its ProxyCommand names a configuration of its own (-F): {INSTEAD}")
    _check_gateway(config, [*options, "--", *to[:1]])


def _check_gateways(config: Path, found: Mapping[str, str]) -> None:
    """Check the way to the first gateway of a ProxyJump: from there on ssh itself names the way to the next."""
    first = found.get("proxyjump", "none").split(",")[0]
    if first != "none":
        _check_gateway(config, ["--", first if first.startswith("ssh://") else f"ssh://{first}"])


def _check_gateway(config: Path, words: Sequence[str]) -> None:
    found = resolved(["-F", str(config), *words])
    if not found:
        raise PolicyError(f"ssh can't read the way to its gateway {words[-1]}: write ProxyJump")
    if SSH.search(command := found.get("proxycommand", "none")):
        raise PolicyError(
            f"the ProxyCommand of its gateway {words[-1]} starts ssh where no host key is asked for "
            f"({command}): write ProxyJump"
        )
    _check_gateways(config, found)
