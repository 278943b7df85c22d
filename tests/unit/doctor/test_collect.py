import pytest

from bench.doctor.checks import examine
from bench.doctor.collect import box_of, collect, why
from bench.model.errors import UsageError
from bench.remote.ansible import answers

ANSWER = {"rc": 0, "means": "", "at": 1000.0, "stdout_lines": ["Welcome", "system=Debian", "", "now=1001.5"]}
ANSWER |= {"systems": {"debian 12": {"name": "Debian 12", "tested": True}}, "settings": ["swappiness"]}
ANSWER["processors"] = ["x86_64"]


def test_what_a_shell_greets_programs_with_is_no_fact_and_is_told() -> None:
    box = box_of("box", ANSWER)
    assert box.facts == {"system": "Debian", "now": "1001.5"}
    assert box.clock_offset_s == 1.5
    assert box.greeting == "Welcome"
    assert (list(box.systems), box.settings) == (["debian 12"], ["swappiness"])
    assert box_of("box", ANSWER | {"stdout_lines": ANSWER["stdout_lines"][1:]}).greeting == ""


@pytest.mark.parametrize(
    ("answer", "check", "detail"),
    [
        ({"means": "no sshd listens at 10.0.0.1 port 22"}, "SSH", "no sshd listens at 10.0.0.1 port 22"),
        ({"msg": "Incorrect sudo password"}, "sudo", "sudo did not accept the password given"),
        ({"rc": 2, "msg": "first\nnon-zero return code"}, "SSH", "non-zero return code"),
    ],
)
def test_a_box_that_says_nothing_of_itself_has_one_finding_why(
    answer: dict[str, object], check: str, detail: str
) -> None:
    [finding] = examine(box_of("box", ANSWER | answer), "release")
    assert (finding.check, finding.grade, finding.detail) == (check, "failure", detail)


def test_every_box_is_told_apart_in_what_a_play_prints() -> None:
    printed = (
        'ok: [a]\n\nTASK [Tell] ***\nok: [a] => {\n    "msg": {"rc": 0}\n}\nok: [b:22] => {\n    "msg": {"rc": 1}\n}\n'
    )
    assert list(answers(printed)) == [("a", {"rc": 0}), ("b:22", {"rc": 1})]


def test_where_no_box_fits_it_says_what_ansible_complains_of() -> None:
    warned = "[WARNING]: Could not match supplied host pattern, ignoring: nosuch\n"
    assert why("", warned).endswith(
        "No box matches; name one by HOST= or in inventory/hosts.yml. " + warned[11:].strip()
    )
    assert why('fatal: [localhost]: FAILED! => {"msg": "There are no boxes."}\n', warned) == "There are no boxes."


def test_this_machines_own_address_is_no_box_and_the_way_round_is_told() -> None:
    with pytest.raises(UsageError, match=r"another name, with ansible_host: 127\.0\.0\.1"):
        collect(["-i", "inventory", "-i", "127.0.0.1,", "--limit", "127.0.0.1"])


@pytest.mark.parametrize(
    "environment",
    [
        {"ANSIBLE_STDOUT_CALLBACK": "oneline"},
        {"ANSIBLE_CONFIG": "/dev/null"},
        {"PYTHONIOENCODING": "euc-kr"},
        {"LC_ALL": "POSIX", "LANGUAGE": "de"},
    ],
)
def test_what_a_play_prints_is_read_whatever_the_environment_says(monkeypatch, environment) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=r"another name, with ansible_host: 127\.0\.0\.1"):
        collect(["-i", "inventory", "-i", "127.0.0.1,", "--limit", "127.0.0.1"])
