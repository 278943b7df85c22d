"""What Jinja calls a newline in a role is one: only in double-quoted YAML Ansible lets it be (ansible-core 2.19)."""

import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
FILES = [path for folder in ("roles", "playbooks") for path in sorted((CHECKOUT / folder).rglob("*.yml"))]
IN_AN_EXPRESSION = re.compile(r"(?:\{\{|\{%)(?:(?!\}\}|%\}).)*\\n", re.DOTALL)


def texts(node):
    """Every text of a YAML document."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from texts(name)
            yield from texts(value)
    elif isinstance(node, list):
        for each in node:
            yield from texts(each)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_expression_holds_a_backslash_and_an_n(path):
    found = [text for text in texts(yaml.safe_load(path.read_text())) if IN_AN_EXPRESSION.search(text)]
    assert found == []


def test_that_would_be_seen_in_folded_text_and_not_in_double_quotes():
    folded = yaml.safe_load(">-\n  {{ text | split('\\n') }}")
    quoted = yaml.safe_load(""" "{{ text | split('\\n') }}" """)
    assert [bool(IN_AN_EXPRESSION.search(text)) for text in (folded, quoted)] == [True, False]
