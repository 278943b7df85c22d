"""How many WAL files lie ready when a trial starts: the same for every arm, as far as box and variant allow."""

from hypothesis import given
from hypothesis import strategies as st

from bench.engines.postgresql.wal import BETWEEN_CHECKPOINTS, DISK_SHARE, FEWEST, FILE_BYTES, files_wanted

GB = 1 << 30
SIZES = st.integers(64 << 20, 200 * GB)


def test_variants_from_1_to_104_gb_start_alike_where_a_trial_writes_less_than_the_smaller_keeps():
    assert {files_wanted(7, None, size * GB, 500 * GB) for size in (1, 4, 16, 104)} == {26}


def test_what_the_hungriest_trial_of_the_kind_wrote_tells_what_the_next_one_needs():
    assert files_wanted(7, 40 * FILE_BYTES, 16 * GB, 500 * GB) == 50


def test_a_small_max_wal_size_keeps_no_more_than_its_checkpoints_leave():
    assert files_wanted(120, None, GB, 500 * GB) == GB // BETWEEN_CHECKPOINTS // FILE_BYTES == 32


def test_a_full_disk_is_not_filled_with_wal():
    assert files_wanted(120, None, 104 * GB, 4 * GB) == 4 * GB // DISK_SHARE // FILE_BYTES == 64


@given(st.floats(0, 1e5), st.none() | SIZES, SIZES, st.none() | SIZES)
def test_it_is_never_below_the_least_nor_beyond_its_limits(span, used, most, free):
    files = files_wanted(span, used, most, free)
    assert files >= FEWEST
    assert files == FEWEST or files * FILE_BYTES <= most / BETWEEN_CHECKPOINTS
    assert files == FEWEST or free is None or files * FILE_BYTES <= free / DISK_SHARE
