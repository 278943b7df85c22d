"""ssh's question, handed to the pgladder that started it, and its answer, printed; exit code 1 where there is none.

Run by ``askpass.sh`` for every question: so it is a program by itself, and loads nothing of pgladder's.
"""

import json
import os
import socket
import sys

MOST_BYTES = 1 << 14


def main() -> int:
    """Ask at the socket that ``PGLADDER_ASKPASS`` names."""
    question = {
        "prompt": " ".join(sys.argv[1:])[:MOST_BYTES],
        "kind": os.environ.get("SSH_ASKPASS_PROMPT", ""),
        "asks": os.getppid(),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["PGLADDER_ASKPASS"])
        connection.sendall(json.dumps(question).encode() + b"\n")
        answer = connection.makefile("rb").readline(MOST_BYTES)
    if not answer.endswith(b"\n"):
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
