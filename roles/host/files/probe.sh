#!/bin/sh
# What a play must know before it touches a box, one key=value a line; needs neither Python nor root.
. /etc/os-release
data=/var/lib/postgresql/15 # where the cluster's data are, or will be
while [ ! -e "$data" ]; do data=${data%/*}; done
disk=$(findmnt -n -o SOURCE -T "$data")
clocks="chrony.service ntpsec.service openntpd.service systemd-timesyncd.service"
echo "system=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
echo "python=$(command -v python3)"
echo "homes=$(cut -d: -f1,6 /etc/passwd | xargs)"
echo "sudo=$(sudo -n true 2>/dev/null && echo free)"
echo "free_mb=$(df --output=avail -BM /var | sed '1d; s/[^0-9]//g')"
echo "container=$(systemd-detect-virt --container)"
echo "disks=$([ ! -b "$disk" ] || lsblk -nrso NAME,TYPE "$disk" | sed -n 's/ disk$//p' | xargs)"
# shellcheck disable=SC2086 # one word a unit
echo "clock=$(systemctl list-units --plain --no-legend --state=active $clocks | cut -d' ' -f1 | xargs)"

run=$(systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*' | cut -d' ' -f1 | xargs)
# Whoever began it, a run holds the lock of bench/agent/lock.py, an abstract socket.
if [ -z "$run" ] && grep -q ' @pgladder-run$' /proc/net/unix; then
  process=$(grep -alsP '/pgladder\x00run\x00' /proc/[0-9]*/cmdline | head -n 1 | cut -d/ -f3)
  run="a run begun by hand (process ${process:-unknown} of user $(stat -c %U "/proc/$process"))"
fi
echo "run=$run"
exit 0
