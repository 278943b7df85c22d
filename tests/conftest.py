import os
import signal

# The tests are often a goal of make's. What they call would take itself for one too, and name another command.
for name in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS"):
    os.environ.pop(name, None)

# Python compiles what it runs once, as for users, and not in each of thousands of clients and hundreds of plays.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Who works in another language is still tested in English, and so is whatever the tests start.
os.environ["LANGUAGE"] = "en"

# A shell that runs the tests in the background has it ignored, and so would the commands that are to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # likewise under nohup, which we stay under ourselves
    signal.signal(signal.SIGHUP, lambda *_: None)
