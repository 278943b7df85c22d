"""``fab``: the remote verbs over the hosts of the inventory; what they do is ``bench.targets``'s."""

from collections.abc import Mapping
from inspect import Parameter, Signature
from typing import Any

from fabric import Connection, task
from invoke import Context, Exit

from bench.model.errors import UsageError
from bench.plan.options import OPTIONS
from bench.remote.hosts import ask_ansible
from bench.remote.where import check_key, target

WHERE = {
    "host": "one box by its address; no inventory entry needed",
    "limit": "boxes of the inventory, by name, group or pattern; default: all",
    "user_name": "log in as",
    "port": "of its sshd",
    "key": "private key file",
}
WHAT = {option.name: option.help for option in OPTIONS}
RUN = {"run": "which; default: the one under way"}
AGAIN = {"run": "the one that was pulled", "margin": WHAT["margin"]}
ID = {"run": "its name; one that is there is gone on with"}
JSON = {"json": "1: for programs, on standard output; all else goes to standard error"}


def verb(name: str, does: str, words: Mapping[str, str]) -> Any:
    """Make a task of a verb; its options are these words and those that say where."""

    def body(context: Context, **given: str) -> None:
        if isinstance(context, Connection):  # Fabric's own -H calls this once a host
            raise Exit("-H is Fabric's own, and not asked here: say --host= or --limit=", code=2)
        where = {word: given.pop(word) for word in WHERE}
        try:
            arguments = target(**where)
            check_key(where["key"])
            asked = ask_ansible(arguments)
        except UsageError as error:
            raise Exit(f"fab: {error} (exit code 2)", code=2) from error
        from bench.cli import fab as command

        if code := command.carry_out(name, asked, context.config, given, where):
            raise Exit(code=code)

    options = [Parameter(word, Parameter.KEYWORD_ONLY, default="") for word in words | WHERE]
    body.__signature__ = Signature([Parameter("context", Parameter.POSITIONAL_ONLY), *options])  # type: ignore[attr-defined]
    body.__name__, body.__doc__ = name, does
    return task(help=dict(words | WHERE), auto_shortflags=False)(body)


ladder = verb("ladder", "Launch, follow, pull, print the ladder of each box, write the page.", WHAT | ID | JSON)
compare = verb("compare", "The same for two or more variants: which is faster?", WHAT | ID | JSON)
compare_hosts = verb("compare_hosts", "The same plan on two or more boxes: which is faster?", WHAT | ID | JSON)
noise = verb("noise", "One variant against itself: what can this box tell at all?", WHAT | ID)
reproduce = verb("reproduce", "A pulled run's plan again on the boxes it came from: is it the same?", AGAIN)
launch = verb("launch", "Start a run on each box.", WHAT | ID)
follow = verb("follow", "Show a run until it ends; Ctrl-C stops the following, not the run.", RUN)
status = verb("status", "Show what each box is doing.", JSON)
pull = verb("pull", "Bring what is new of a run, verified, to results/<run>/<host>.", {"run": "which"})
cancel = verb("cancel", "End a run; the trial under way is void, records are kept.", RUN)
