"""``fab``: the remote verbs over the hosts of the inventory; what they do is ``bench.campaign``'s."""

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

from fabric import task
from invoke import Context, Exit

from bench.campaign import verbs
from bench.campaign.verbs import Boxes

WHERE = {
    "host": "one box by its address; no inventory entry needed",
    "limit": "boxes of the inventory, by name, group or pattern; default: all",
    "user_name": "log in as",
    "port": "of its sshd",
    "key": "private key file",
}
WHAT = {
    "phases": "names, separated by blanks; default: all",
    "variants": "as in `pgladder variants`; default: stock",
    "layouts": "default: plain",
    "transports": "default: tcp",
    "profile": "quick, standard or thorough; default: quick",
    "blocks": "repetitions, each in a random order",
    "warm_up": "seconds before the window",
    "window": "seconds measured",
    "seed": "of the order and the payloads",
}
RUN = {"run": "which; default: the one under way"}
Action = Callable[[Boxes, dict[str, str]], bool | None]


def verb(words: Mapping[str, str]) -> Callable[[Action], Any]:
    """Make a task of an action; its options are these words and those that say where."""

    def made(action: Action) -> Any:
        def body(context: Context, **given: str) -> None:
            where = {name: given.pop(name) for name in WHERE}
            if code := verbs.carry_out(where, context.config, lambda boxes: action(boxes, given)):
                raise Exit(code=code)

        options = [Parameter(name, Parameter.KEYWORD_ONLY, default="") for name in words | WHERE]
        body.__signature__ = Signature([Parameter("context", Parameter.POSITIONAL_ONLY), *options])  # type: ignore[attr-defined]
        body.__name__, body.__doc__ = action.__name__, action.__doc__
        return task(help=dict(words | WHERE), auto_shortflags=False)(body)

    return made


@verb(WHAT | {"run": "its name; one that is there is gone on with"})
def ladder(boxes: Boxes, given: dict[str, str]) -> bool:
    """Launch, follow, pull, print the ladder of each box, write the page."""
    return verbs.ladder(boxes, given)


@verb(WHAT | {"run": "its name; one that is there is gone on with"})
def launch(boxes: Boxes, given: dict[str, str]) -> None:
    """Start a run on each box."""
    verbs.launch(boxes, given)


@verb(RUN)
def follow(boxes: Boxes, given: dict[str, str]) -> None:
    """Show a run until it ends; Ctrl-C stops the following, not the run."""
    boxes.failures += verbs.follow(boxes, given["run"])


@verb({"json": "1: for programs"})
def status(boxes: Boxes, given: dict[str, str]) -> None:
    """Show what each box is doing."""
    verbs.status(boxes, json=bool(given["json"]))


@verb({"run": "which"})
def pull(boxes: Boxes, given: dict[str, str]) -> None:
    """Bring what is new of a run, verified, to results/<run>/<host>."""
    verbs.pull(boxes, given["run"])


@verb(RUN)
def cancel(boxes: Boxes, given: dict[str, str]) -> None:
    """End a run; the trial under way is void, records are kept."""
    verbs.cancel(boxes, given["run"])
