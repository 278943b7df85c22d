"""A real browser, a window for each file of tests."""

import pytest

from tests.integration.report.browser import opened_browser


@pytest.fixture(scope="module")
def browser():
    with opened_browser() as opened:
        yield opened
