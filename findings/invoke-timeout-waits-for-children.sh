#!/usr/bin/env bash
# invoke 2.2.1 (Fabric's runner of local commands).
#
# "Cause the runner to submit an interrupt to the subprocess and raise CommandTimedOut, if the command takes longer than
# timeout seconds" (run's documentation). It kills the shell, and then reads the command's output until its end: as long as a
# child of that shell lives and has the pipe. A single program replaces the shell (exec), so it ends in time. Two commands
# in a line do not: CommandTimedOut is raised only once the child is done, and what it was to stop has run to its end. The
# timeout of subprocess.run leaves the child alone too, but comes back in time.
#
# Seen, each with a timeout of 1 s:
#   invoke, sleep 6: CommandTimedOut in time
#   invoke, sleep 6; true: CommandTimedOut when the command had ended
#   subprocess, sleep 6; true: TimeoutExpired in time
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet invoke==2.2.1
cat >look.py <<'PYTHON'
import subprocess, time
import invoke

WAYS = {
    "invoke": lambda command: invoke.run(command, timeout=1, hide=True, in_stream=False),
    "subprocess": lambda command: subprocess.run(command, shell=True, timeout=1, capture_output=True),
}
for way, command in (("invoke", "sleep 6"), ("invoke", "sleep 6; true"), ("subprocess", "sleep 6; true")):
    began = time.monotonic()
    try:
        WAYS[way](command)
        seen = "no error"
    except (invoke.CommandTimedOut, subprocess.TimeoutExpired) as error:
        seen = type(error).__name__
    print(f"{way}, {command}: {seen} {'in time' if time.monotonic() - began < 5 else 'when the command had ended'}")
PYTHON
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
