"""Of several hosts one was reached: its address goes with it."""

import pytest

from bench.engines.postgresql.dsn import _address, one_line


@pytest.mark.parametrize(
    ("given", "host", "address"),
    [
        ({"host": "db.example"}, "db.example", None),
        ({"host": "db.example", "hostaddr": "192.0.2.1"}, "db.example", "192.0.2.1"),
        ({"host": "a,b", "hostaddr": "192.0.2.1,192.0.2.2", "port": "5432"}, "b", "192.0.2.2"),
        ({"host": "a,a", "hostaddr": "192.0.2.1,192.0.2.2", "port": "5431,5432"}, "a", "192.0.2.2"),
        ({"host": "a,b", "hostaddr": ",192.0.2.2", "port": "5432"}, "a", None),
        ({"hostaddr": "192.0.2.1,192.0.2.2", "port": "5432"}, "192.0.2.2", "192.0.2.2"),
    ],
)
def test_the_address_is_that_of_the_host_that_was_reached(given, host, address):
    assert _address(given, host, "5432") == address


def test_what_a_server_says_in_an_encoding_of_its_own_is_a_sentence_all_the_same():
    said = "FATAL: Passwort-Authentifizierung für Benutzer fehlgeschlagen".encode("latin-1")
    with pytest.raises(UnicodeDecodeError) as raised:
        said.decode()
    assert one_line(raised.value).startswith("FATAL: Passwort-Authentifizierung f")
