"""The ways of reading a file, and the words for each way it fails."""

import errno
from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.probes.source import (
    all_known,
    chosen,
    field,
    first_known,
    flag,
    read_common,
    read_each,
    read_fact,
    refusal,
    word,
)


def reason(text: str) -> Unreadable:
    return Unreadable(unreadable=text)


def test_an_absent_file_gives_the_reason_the_probe_names(tmp_path):
    assert read_fact(tmp_path, "sys/none", int, "no such kernel") == reason("no such kernel")


def test_a_file_where_a_directory_should_be_counts_as_absent(tmp_path):
    (tmp_path / "sys").write_text("")
    assert read_fact(tmp_path, "sys/none", int, "no such kernel") == reason("no such kernel")


def test_content_that_is_not_understood_is_said_not_raised(tmp_path):
    (tmp_path / "ratio").write_text("lots\n")
    fact = read_fact(tmp_path, "ratio", int, "absent")
    assert isinstance(fact, Unreadable)
    assert "ratio has unexpected content" in fact.unreadable


def test_bytes_that_are_no_text_are_said_not_raised(tmp_path):
    (tmp_path / "model").write_bytes(b"\xff\xfe")
    assert isinstance(read_fact(tmp_path, "model", word, "absent"), Unreadable)


def test_a_file_that_is_the_kernels_to_root_alone_is_named_so():
    kernel_log = Path("/proc/kmsg")
    if kernel_log.stat().st_uid != 0:
        pytest.skip("root is mapped to another user here")
    assert refusal(PermissionError(errno.EACCES, ""), kernel_log, "absent") == reason("readable by root only")


def test_any_other_refusal_of_permission_is_named_so(tmp_path):
    assert refusal(PermissionError(errno.EACCES, ""), tmp_path / "gone", "absent") == reason("permission denied")


def test_other_errors_are_given_in_the_systems_words():
    error = OSError(errno.ENODATA, "")
    assert refusal(error, Path("/sys/limit"), "absent") == reason("limit: No data available")


def test_files_of_cores_that_agree_give_one_value(tmp_path):
    for core in range(12):
        (tmp_path / f"policy{core}").write_text("800000\n")
    assert read_common(tmp_path, "policy*", int, "absent") == 800000


def test_files_of_cores_that_differ_give_the_list_in_natural_order(tmp_path):
    for core in range(12):
        (tmp_path / f"policy{core}").write_text(f"{core}\n")
    assert read_common(tmp_path, "policy*", int, "absent") == list(range(12))


def test_no_file_that_matches_counts_as_absent(tmp_path):
    assert read_each(tmp_path, "policy*", int, "no cpufreq") == reason("no cpufreq")


def test_one_unreadable_of_several_that_belong_together_speaks_for_all():
    assert all_known([1, reason("gone"), 2]) == reason("gone")


def test_the_first_known_fact_wins_and_later_sources_are_not_touched():
    def sources():
        yield reason("absent")
        yield 5
        raise AssertionError("touched in vain")

    assert first_known(sources()) == 5


def test_without_any_known_fact_the_last_reason_stands():
    assert first_known([reason("a"), reason("b")]) == reason("b")


@pytest.mark.parametrize(("text", "expected"), [("0\n", False), ("1\n", True)])
def test_a_flag_is_0_or_1(text, expected):
    assert flag(text) is expected


def test_any_other_flag_is_refused():
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        flag("2\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("always [madvise] never\n", "madvise"), ("[none] mq-deadline \n", "none"), ("none\n", "none")],
)
def test_the_choice_is_what_stands_in_brackets_or_alone(text, expected):
    assert chosen(text) == expected


def test_a_field_is_the_first_of_its_name_and_not_of_a_longer_one():
    text = "model name\t: Intel(R) N100\nmodel\t\t: 190\nmodel\t\t: 191\n"
    assert field("model")(text) == "190"


def test_a_field_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no 'microcode' line"):
        field("microcode")("model: 190\n")
