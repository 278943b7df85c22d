"""The documentation holds together: its links lead somewhere, and programs are called one way throughout."""

import re

import pytest

from tests.readme import CHECKOUT

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
PLACES = ("*.md", "docs/**/*.md", "roles/*/README.md")
PAGES = sorted(
    str(path.relative_to(CHECKOUT)) for place in PLACES for path in CHECKOUT.glob(place) if path.name != "CHANGELOG.md"
)
ACTIVATION = ". .venv/bin/activate"
"""What somebody types once in a shell, as the README says; then every program has its bare name."""


def prose_of(page):
    return FENCE.sub("", page.read_text())


def anchors(page):
    """Where links may lead within a page: its headings as GitHub names them, and the anchors that are set."""
    text = prose_of(page)
    names = re.findall(r'<a id="([^"]+)">', text)
    for heading in re.findall(r"^#+ (.*)", text, re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        names.append(re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-"))
    return names


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    path = CHECKOUT / page
    for place, anchor in LINK.findall(prose_of(path)):
        if "://" in place:
            continue
        target = path.parent / place if place else path
        assert target.exists(), f"{page} links to {place}, which is not there."
        if anchor:
            assert anchor in anchors(target), (
                f"{page} links to #{anchor} of {place or page}, which has no such heading."
            )


@pytest.mark.parametrize("page", PAGES)
def test_programs_are_called_as_in_a_shell_that_has_the_environment_activated(page):
    text = (CHECKOUT / page).read_text().replace(ACTIVATION, "")
    assert re.findall(r".*\.venv/bin/.*", text) == []


def test_help_and_messages_name_programs_likewise():
    shown = "\n".join(re.findall(r"#(?:#| ---) .*", (CHECKOUT / "Makefile").read_text()))
    for path in (*CHECKOUT.glob("bench/**/*.py"), CHECKOUT / "fabfile.py"):
        shown += path.read_text()
    assert ".venv/bin/" not in shown


def test_the_readme_says_how_to_activate_it_right_after_it_is_made():
    for name in ("README.md", "README.ko.md", "CONTRIBUTING.md"):
        text = (CHECKOUT / name).read_text()
        assert text.count(ACTIVATION) == 1
        assert re.search(rf"^make setup.*\n{re.escape(ACTIVATION)}", text, re.MULTILINE)
