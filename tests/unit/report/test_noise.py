"""A box's noise for people, and the warning before hours are spent."""

import io
from dataclasses import replace

from rich.console import Console

from bench.analysis.noise import BoxNoise, box_noise
from bench.model.plan import UntilDecided
from bench.plan.rule import alpha_each
from bench.report.noise import show_noise, too_noisy_lines
from bench.stats.planning import MANY_BLOCKS
from bench.stats.sequential import LAST_LOOK
from tests.builders import again, compared_run

ONE = [100.0, 103, 98, 101, 99, 102]
KNOWN = box_noise(again(compared_run({"stock": ONE, "stock-again": ONE[::-1]})))
PLAN = compared_run({"stock": ONE, "fast": ONE}).plan


def test_it_fits_80_columns_and_tells_spread_drift_and_what_blocks_detect():
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_noise(out, KNOWN, detail=True)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "ratio" in text
    told = " ".join(text.split())
    assert "10 blocks detect" in told
    assert "False alarms: 0 of 2 comparisons of 3 blocks, a rate of 0–66 % (95 % interval)." in told


def test_without_detail_it_fits_80_columns():
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_noise(out, KNOWN)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "10 blocks detect" in " ".join(text.split())
    assert "interval  " not in text


def test_a_false_alarm_is_one_by_the_p_value_adjusted_over_all_cells():
    barely = [rate * wobble for rate, wobble in zip(ONE, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    run = again(compared_run({"stock": ONE, "stock-again": barely}))
    [one] = box_noise(run).floors
    for floors, says in (((one,), "faster: a false alarm"), ((one, *KNOWN.floors * 7), "undecided*")):
        out = Console(file=io.StringIO(), width=100, color_system=None)
        show_noise(out, BoxNoise(host=KNOWN.host, floors=floors))
        assert says in out.file.getvalue()


def test_a_box_too_noisy_for_the_margin_says_so_with_the_blocks_and_the_time_that_would_do():
    need = KNOWN.floors[0].floor.blocks_for(0.02)
    [line] = too_noisy_lines(PLAN, KNOWN, 0.02)
    assert line.startswith(
        f"By its noise this box needs {need} blocks to tell 2.0 % in 2-C plain tcp, and 6 are planned"
    )
    assert f"--blocks {need} takes about" in line


def test_a_run_until_decided_is_told_the_blocks_that_its_share_of_alpha_takes_in_the_words_that_ask_for_them():
    three = compared_run({"stock": ONE, "fast": ONE, "faster": ONE}).plan
    plan = replace(three, until_decided=UntilDecided(margin=0.02, alpha=0.05))
    need = KNOWN.floors[0].floor.blocks_for(0.02, alpha_each(plan))
    assert need > KNOWN.floors[0].floor.blocks_for(0.02)
    [line] = too_noisy_lines(plan, KNOWN, 0.02)
    assert f"needs {need} blocks to tell 2.0 % in 2-C plain tcp, and 6 are planned: --max-blocks {need} takes" in line
    [line] = too_noisy_lines(plan, KNOWN, 0.02, by_make=True)
    assert f": MAX_BLOCKS={need} takes at most about" in line


def test_a_run_until_decided_is_not_told_to_ask_for_more_blocks_than_it_may_have():
    plan = replace(PLAN, until_decided=UntilDecided(margin=0.002, alpha=0.05))
    assert LAST_LOOK < KNOWN.floors[0].floor.blocks_for(0.002) < MANY_BLOCKS
    [line] = too_noisy_lines(plan, KNOWN, 0.002, by_make=True)
    assert line.endswith("more blocks to tell 0.2 % in 2-C plain tcp than can be run; ask for a longer WINDOW=.")
    [line] = too_noisy_lines(PLAN, KNOWN, 0.002, by_make=True)
    assert ": BLOCKS=" in line


def test_what_no_number_of_blocks_would_tell_asks_for_a_longer_window():
    [line] = too_noisy_lines(PLAN, KNOWN, 1e-9)
    assert line.endswith("ask for a longer --window.")


def test_a_box_quiet_enough_or_unknown_is_told_nothing():
    assert list(too_noisy_lines(PLAN, KNOWN, 0.5)) == []
    assert list(too_noisy_lines(PLAN, None, 0.02)) == []


def test_an_a_a_plan_is_told_nothing_as_it_is_what_measures_noise():
    plan = again(compared_run({"stock": ONE, "stock-again": ONE})).plan
    assert list(too_noisy_lines(plan, KNOWN, 0.02)) == []
