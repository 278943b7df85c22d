"""Configuration files are read as PostgreSQL reads them."""

import pytest

from bench.engines.postgresql.conf import Given, read_conf, refuse_owned
from bench.model.errors import DataError


@pytest.mark.parametrize(
    ("line", "name", "text", "words"),
    [
        ("work_mem = 64MB", "work_mem", "64MB", ""),
        ("work_mem=64MB# beside", "work_mem", "64MB", "beside"),
        ("  Work_Mem   64MB  #  beside # it ", "work_mem", "64MB", "beside # it"),
        ("random_page_cost = 1.1", "random_page_cost", "1.1", ""),
        ("wal_buffers = -1", "wal_buffers", "-1", ""),
        ("timescaledb.max_background_workers = 16", "timescaledb.max_background_workers", "16", ""),
        ("cluster_name = 'it''s # a \\'box\\''  # why", "cluster_name", "it's # a 'box'", "why"),
        (r"log_line_prefix = '\t\101\\'", "log_line_prefix", "\tA\\", ""),
        ("cluster_name 'a'", "cluster_name", "a", ""),
        ("cluster_name'a'", "cluster_name", "a", ""),
        ("log_timezone = Etc/UTC", "log_timezone", "Etc/UTC", ""),
    ],
)
def test_a_line_is_read(line, name, text, words):
    assert read_conf(line, "x") == {name: Given(text, words)}


def test_without_words_beside_it_a_setting_has_those_of_the_lines_above():
    text = "# The file.\n\n# Why\n# so.\njit = off\nwork_mem = 4MB\n# Mine.\nfsync = off  # beside\n"
    assert {name: given.words for name, given in read_conf(text, "x").items()} == {
        "jit": "Why so.",
        "work_mem": "",
        "fsync": "beside",
    }


@pytest.mark.parametrize("line", ["work_mem", "= 3", "3 = 3", "work_mem = 'a", "a = b c", "a = b, c", "a.b.c = 3"])
def test_a_line_that_is_none_is_refused_with_its_number(line):
    with pytest.raises(DataError, match=r"x, line 2: .* is not name = value"):
        read_conf(f"\n{line}", "x")


@pytest.mark.parametrize("name", ["port", "data_directory", "hba_file", "max_connections"])
def test_what_the_harness_owns_is_not_a_variants(name):
    with pytest.raises(DataError, match=f"Variant x sets {name}, which the harness owns"):
        refuse_owned({"jit": "off", name: "1"}, {"max_connections"}, "Variant x")
    refuse_owned({"jit": "off"}, {"max_connections"}, "Variant x")
