#!/usr/bin/env bash
# psutil 7.2.2 on Linux, /proc mounted with hidepid=1 (an administrator's choice that hides other users' processes). Root.
#
# Process().children() of one's OWN process raises AccessDenied for somebody else's process number, though all that was
# asked of is one's own and readable: psutil first reads /proc/PID/stat of every process of the machine, and one that it
# may not read ends the whole. Everything else of one's own process still answers. A program that adds up the CPU time of
# its own children must read /proc itself.
#
# Seen by an ordinary user with one child:
#   hidepid=0: children 1, cpu_times answers
#   hidepid=1: children AccessDenied, cpu_times answers
script=$(realpath "$0")
set -euo pipefail
[[ $EUID == 0 ]] || { echo "mounting another /proc needs root" >&2; exit 2; }
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
/usr/bin/python3 -m venv --copies venv
venv/bin/pip install --quiet psutil==7.2.2
cat >look.py <<'PYTHON'
import subprocess, sys
import psutil

child = subprocess.Popen(["sleep", "60"])
try:
    me = psutil.Process()
    try:
        seen = str(len(me.children()))
    except psutil.AccessDenied as error:
        seen = type(error).__name__
    answers = "answers" if me.cpu_times().user >= 0 else "does not"
    print(f"{sys.argv[1]}: children {seen}, cpu_times {answers}")
finally:
    child.kill()
    child.wait()
PYTHON
look() { # in a mount namespace of its own
  unshare -m sh -euc 'mount -t proc -o "$1" proc /proc; exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- \
    venv/bin/python look.py "$1"' look "$1"
}
{ look hidepid=0; look hidepid=1; } | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
