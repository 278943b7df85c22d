"""Servers end with the thread that starts them (prctl(2)), and so start in the one that lives as long as we do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.engines.postgresql.owner import Owner


def test_a_server_is_started_in_no_thread_that_may_end_before_it() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(AssertionError, match="start it in the main thread"):
        pool.submit(Owner().start, "sleep", "60").result()


def test_in_the_main_thread_it_is() -> None:
    with Owner().start("sleep", "60") as process:
        assert process.poll() is None
        process.kill()
