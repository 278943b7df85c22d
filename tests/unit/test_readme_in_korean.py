"""Both READMEs hold the same: what is done, shown and linked is not another in another language."""

import re
from collections import Counter

import pytest

from tests.readme import CHECKOUT, without_comments

README, KOREAN = ((CHECKOUT / name).read_text() for name in ("README.md", "README.ko.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPELT = {"about six minutes": "about 6 minutes"}
"""A number that English writes as a word."""


def blocks(text):
    """Return the blocks of a README with their language; of commands the comments are people's language."""
    return [(language, shown if language else without_comments(shown)) for language, shown in FENCE.findall(text)]


def links(text):
    return [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("README")]


def code(text):
    return re.findall(r"`[^`\n]+`", FENCE.sub("", text))


def figures(text):
    for words, number in SPELT.items():
        text = text.replace(words, number)
    return re.findall(r"\d[\d,.]*\d|\d", text)


def headings(text):
    return re.findall(r"^#+ ", FENCE.sub("", text), re.MULTILINE)


def test_they_show_the_same_commands_and_the_same_output():
    assert blocks(README) == blocks(KOREAN)


@pytest.mark.parametrize("part", [links, code, figures, headings])
def test_they_have_the_same_links_names_numbers_and_headings(part):
    assert Counter(part(README)) == Counter(part(KOREAN))


def test_each_leads_to_the_other_in_its_first_lines():
    assert "](README.ko.md)" in README[:100]
    assert "](README.md)" in KOREAN[:100]


def test_the_korean_one_is_in_korean_and_as_short_as_the_other():
    prose = re.sub(r"`[^`]*`|\([^)]*\)", "", FENCE.sub("", KOREAN))
    assert len(re.findall("[가-힣]", prose)) > len(re.findall("[A-Za-z]", prose))
    assert abs(len(KOREAN.splitlines()) - len(README.splitlines())) <= 10
    assert max(map(len, KOREAN.splitlines())) <= 128
