#!/usr/bin/env bash
# psycopg2-binary 2.9.12 on Python 3.11.2 (Debian 12, python3.11 3.11.2-6+deb12u9, unpacked from its .debs).
#
# A server whose messages are in Latin-1 (lc_messages = de_DE) refuses a connection in that encoding: no client_encoding is
# agreed upon yet. psycopg2 hands the words to PyErr_SetString, which wants UTF-8. On a later Python 3.11 that raises a
# UnicodeDecodeError which holds the words. On 3.11.2 it raises psycopg2.OperationalError without any words, and without
# a context: why the server refused is nowhere to be found.
#
# Seen:
#   in ASCII: OperationalError, with the server's words
#   in Latin-1: OperationalError, args ()
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
version=3.11.2-6+deb12u9
apt-get download python3.11-minimal=$version libpython3.11-minimal=$version libpython3.11-stdlib=$version >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
python3 -m venv pip >/dev/null
pip/bin/pip install --quiet --disable-pip-version-check --no-deps --python-version 3.11 --only-binary :all: --target site \
  psycopg2-binary==2.9.12
cat >refused.py <<'END'
import socket
import struct
import threading

import psycopg2


def refuse(listener, body):
    """Read what a client asks for at its start (not TLS), and refuse it as PostgreSQL does."""
    connection, _ = listener.accept()
    with connection:
        while True:
            [length] = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
            if int.from_bytes(connection.recv(length - 4, socket.MSG_WAITALL)[:4], "big") == 3 << 16:
                break
            connection.sendall(b"N")
        connection.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


for name, words in (("ASCII", "kein Eintrag"), ("Latin-1", "kein Eintrag für diesen Rechner")):
    body = f"SFATAL\0VFATAL\0C28000\0M{words}\0\0".encode("latin-1")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=refuse, args=(listener, body))
        server.start()
        try:
            psycopg2.connect(host="127.0.0.1", port=listener.getsockname()[1], user="ann", connect_timeout=5)
        except Exception as error:
            has_words = words in str(error)
            print(f"in {name}: {type(error).__name__},", "with the server's words" if has_words else f"args {error.args}")
        server.join()
END
PYTHONHOME=$folder/usr PYTHONPATH=$folder/site usr/bin/python3.11 refused.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
