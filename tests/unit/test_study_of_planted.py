"""The page of planted limits says what its journal says: how many were found, and which were not."""

from tests.planted.catalogue import CASES, Case
from tests.planted.page import page

PLANTED = {
    "a pool": Case(right=frozenset({"pool"}), innocents=frozenset({"index", "locks"})),
    "a lock": Case(right=frozenset({"locks"})),
    "control": Case(right=frozenset(), innocents=frozenset({"tls"})),
}


def a_line(case: str, first: str, *proved: str, repeat: int = 1, tried: str = "pool") -> dict:
    about = {"host": f"a box, ext4, {repeat:,} fdatasync/s (1 to 9); PostgreSQL", "trials": 10, "not_valid": 1}
    named = {"case": case, "repeat": repeat, "first": first, "proved": list(proved)}
    return named | about | {"experiments": [{"name": tried}]}


def test_it_says_how_many_were_named_first_and_which_were_not():
    lines = [a_line("a pool", "pool", "pool"), a_line("a pool", "locks", repeat=2), a_line("a lock", "locks")]
    text = page(lines, PLANTED)
    assert "In 2 of 3 explanations of 2 planted limits the planted one was named first (67% [21%, 94%]" in text
    assert "In less than 80%: a pool." in text
    assert "Of 4 innocents none was convicted." in text
    assert "| a pool | `pool` | 2 | `pool` 1, `locks` 1 | `pool` 1 |" in text
    assert "- a pool, 2: `locks` came first." in text
    assert "3 explanations of one rung each; of their 30 trials 3 were suspect or void." in text
    assert text.count("a box, ext4; PostgreSQL") == 1


def test_an_innocent_that_was_proved_is_counted_and_named():
    lines = [a_line("a pool", "pool", "index", "pool", tried="index"), a_line("control", "client-cpu")]
    text = page(lines, PLANTED)
    assert "Of 3 innocents 1 was convicted." in text
    assert "; 1 of them were taken away in an experiment" in text
    assert "- a pool, 1: `index` was proved, which cannot be its limit." in text
    assert "| control | nothing is planted | 1 | `client-cpu` 1 | nothing |" in text


def test_without_a_journal_nothing_is_claimed():
    assert "**Nothing was measured yet.**" in page([], PLANTED)


def test_what_is_right_is_not_innocent():
    for name, case in CASES.items():
        assert not case.right & case.innocents, name
