"""What goes wrong in a conversation names the box, however the conversation is held."""

from contextlib import closing

import pytest

from bench.remote.conversation import Conversation
from bench.remote.errors import TooMuchOutputError
from bench.remote.hosts import Host
from bench.remote.link import Link
from bench.remote.secrets import Secrets
from bench.remote.session import Session


def test_a_box_that_prints_without_end_is_named():
    link = Link(Host(name="n1", address="192.0.2.1"), Secrets())
    with closing(Session(["cat", "/dev/zero"])) as session, pytest.raises(TooMuchOutputError, match="n1: it sends"):
        Conversation(link, session, "power").next(60)
