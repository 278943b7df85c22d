"""An Ansible that gets no more fixes is named, once: at setup and by doctor."""

import subprocess
import sys

import pytest

from bench.remote import ansible


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ("2.19.14", "ansible-core 2.19.14, the last for Python 3.11, has been out of support since November 2026;"),
        ("2.21.5", ""),
    ],
)
def test_an_ansible_out_of_support_is_named_with_what_takes_another(monkeypatch, capsys, installed, told):
    monkeypatch.setattr(ansible, "version", {"ansible-core": installed}.__getitem__)
    ansible.warn_unsupported()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert err.count("\n") == bool(told)


def test_doctor_says_it_on_standard_error(capsys):
    ansible.warn_unsupported()
    expected = capsys.readouterr().err
    command = [sys.executable, "-m", "bench.cli.doctor", "--json", "--limit", "nosuch"]
    ended = subprocess.run(command, cwd=ansible.CHECKOUT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"{expected}doctor: ")
