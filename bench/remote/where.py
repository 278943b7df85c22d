"""Which boxes and how to log in: the words of the front door as Ansible's arguments.

``python -m bench.remote.where [--host=… --limit=… --user-name=… --port=… --key=… …] -- COMMAND…`` runs a command of
Ansible's with them. A value is handed on as it was typed, whatever characters it holds.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.model.errors import UsageError
from bench.model.language import speak, tr

NAMES = {
    "user_name": ("ansible_user", "ansible_ssh_user"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "key": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "fingerprint": ("trust_fingerprint",),
    "roles": ("host_roles",),
    "replica_of": ("replica_of",),
    "client_of": ("client_of",),
}
"""Ansible's variables for a word: of several names it takes the last, so an inventory may not have the last word."""
SSH = {
    "ansible_ssh_executable": str(Path(__file__).with_name("ansible_ssh")),
    "ansible_ssh_transfer_method": "piped",
}
"""As inventory/group_vars/all.yml, where no variable of a box may say otherwise: files take the same way."""
TEMPLATE = ("{{", "{%", "{#")


def target(*, host: str = "", limit: str = "", **words: str | int) -> list[str]:
    """Return Ansible's arguments for the words of the front door.

    Args:
        host: the address of one box.
        limit: a pattern of the inventory.
        words: by the names of ``NAMES``; one that is empty was not given.

    Raises:
        UsageError: a word is a template, which Ansible would carry out; or it is not said which box is the standby, or
            the client box.

    """
    primary, server = words.get("replica_of"), words.get("client_of")
    if primary and not (host or limit):
        raise UsageError(
            tr("Which box shall be the standby of {primary}? Name it by HOST= or LIMIT=.", primary=primary)
        )
    if server and not (host or limit):
        raise UsageError(
            tr("Which box shall be the client box of {server}? Name it by HOST= or LIMIT=.", server=server)
        )
    _refuse_templates({"host": host, "limit": limit, **words})
    variables: dict[str, str] = {}
    for word, value in words.items():
        if value:
            variables |= dict.fromkeys(NAMES[word], str(value))
    arguments = []
    # A further inventory of one host: an address need not be listed, and one that is keeps its variables.
    for named in filter(None, (host, primary, server)):
        arguments += ["-i", "inventory", "-i", f"{named},"]
    if host:
        arguments += ["--limit", host]
    if limit:
        arguments += ["--limit", limit]
    if variables:
        arguments += ["-e", json.dumps(variables)]
    return arguments


def _refuse_templates(words: Mapping[str, str | int]) -> None:
    for word, value in words.items():
        if is_template(str(value)):
            raise UsageError(
                tr(
                    "{word} is taken as it is written, and can't be a template: {value!r}.",
                    word=word.upper(),
                    value=value,
                )
            )


def check_key(key: str) -> None:
    """Refuse a key that was typed and is not there; of those that are configured, ssh takes what there is.

    Raises:
        UsageError: there is no such file.

    """
    if key and not Path(key).expanduser().is_file():
        raise UsageError(tr("There is no SSH key {key}; name yours by KEY=.", key=key))


def is_template(text: str) -> bool:
    """Return whether Ansible would carry out what is written in it."""
    return any(mark in text for mark in TEMPLATE)


def main() -> None:
    """Become the command, its arguments added; exit code 2 for words that can't be."""
    speak()
    parser = argparse.ArgumentParser(prog="pgladder", allow_abbrev=False)
    for word in ("host", "limit", *NAMES):
        parser.add_argument(f"--{word.replace('_', '-')}", default="")
    parser.add_argument("command", nargs="+")
    given = vars(parser.parse_args())
    command = given.pop("command")
    try:
        arguments = target(**given)
        check_key(given["key"])
    except UsageError as error:
        print(f"pgladder: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    # env, so that the command may begin with what is set for it.
    words = ["env", *command, *arguments, "-e", json.dumps(SSH)]
    os.execvp(words[0], words)  # noqa: S606 - a list of words: no shell reads it


if __name__ == "__main__":
    main()
