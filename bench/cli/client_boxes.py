"""Steps of ``pgladder box`` for client boxes, on either side of them; what they do is ``bench.box``'s."""

import argparse
import sys
from typing import Protocol, TypeVar

import msgspec

from bench.cli.box import DONE, Step, address, answer
from bench.model.box import AdmittedClient, Provisioned
from bench.model.codec import DAMAGED
from bench.model.errors import DataError, UsageError

T = TypeVar("T")


class Add(Protocol):
    """Adds a step, and returns what takes its words."""

    def __call__(self, name: str, step: Step, meaning: str) -> argparse.ArgumentParser:
        """Add it."""
        ...


def add_client_steps(add: Add) -> None:
    """Add them."""
    meaning = "let in the clients of another box, described in JSON on standard input (as the cluster's user)"
    there = add("client-box", _client_box, meaning)
    how = there.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="change nothing: could one be let in?")
    how.add_argument("--list", action="store_true", help="print the names of those that are, in JSON")
    how.add_argument("--try", dest="try_out", type=address, metavar="ADDRESS", help="does a client start there?")
    how.add_argument("--remove", type=address, metavar="ADDRESS", help="let it in no more, and leave nothing of it")
    meaning = "let another box start clients here, described in JSON on standard input (as the measuring user)"
    of = add("client-of", _client_of, meaning)
    of.add_argument("--remove", action="store_true", help="let it no more, and leave nothing of it")
    add("client", _client, "be a client process of another box's run: all that its key may do here")


def _client_box(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.client_box import admit, dismiss, look, try_out
    from bench.engines.postgresql.client_boxes import admitted_clients

    if options.check:
        look(box)
        return DONE
    if options.list:
        names = [client.name for client in admitted_clients(box.cluster)]
        return answer(msgspec.json.encode(names).decode())
    if options.remove:
        return answer("changed") if dismiss(box, options.remove) else DONE
    if options.try_out:
        try_out(box, options.try_out)
        return DONE
    return answer(msgspec.json.encode(admit(box, _told(AdmittedClient))).decode())


def _client_of(box: Provisioned, options: argparse.Namespace) -> int:
    from bench.box.client_of import Authorised, authorise, withdraw

    changed = withdraw(box) if options.remove else authorise(box, _told(Authorised))
    return answer("changed") if changed else DONE


def _client(box: Provisioned, _: argparse.Namespace) -> int:
    from bench.box.client import client

    client(box)
    return DONE


def _told(kind: type[T]) -> T:
    """Read what a control machine says of one thing, in JSON on standard input."""
    if sys.stdin.isatty():
        raise UsageError("It reads what it is to do from standard input, in JSON, as make provision sends it.")
    try:
        # Not strict: of some Ansibles a number is a text.
        return msgspec.json.decode(sys.stdin.buffer.read(), type=kind, strict=False)
    except DAMAGED as error:
        raise DataError(f"standard input is not what it should be: {error}") from error
