import re

from tests.readme import CHECKOUT, commands, run_by_tests

SCREEN = 50
"""Lines of a large terminal."""


SLOW = {"make demo"}
"""Run by `make test-slow` alone: it takes six minutes, and a lab of the name that people's have."""


def test_every_command_of_the_readme_is_run_by_a_test():
    assert set(commands()) - run_by_tests() == SLOW


def test_the_readme_is_less_than_three_screens():
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert len(lines) < 3 * SCREEN
    assert max(map(len, lines)) <= 128


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", (CHECKOUT / "README.md").read_text())
    assert links
    assert [link for link in links if "://" not in link and not (CHECKOUT / link).exists()] == []
