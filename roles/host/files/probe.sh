#!/bin/sh
# What a play must know before it touches a box, one key=value a line; needs neither Python nor root.
. /etc/os-release
data=/var/lib/postgresql/15 # where the cluster's data are, or will be
while [ ! -e "$data" ]; do data=${data%/*}; done
disk=$(findmnt -n -v -o SOURCE -T "$data")

runs() { # the processes of those begun by hand
  grep -alsP '/pgladder\x00(run|noise|reproduce)\x00' /proc/[0-9]*/cmdline | cut -d/ -f3
}
offered() { if [ -r "$1" ]; then tr -d '[]' <"$1" | xargs | tr ' ' ,; fi; } # what may be chosen, commas between

cpu=/sys/devices/system/cpu/cpu0/cpufreq
clocks="chrony.service ntpsec.service openntpd.service systemd-timesyncd.service"
echo "system=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
echo "release=$(readlink /opt/pgladder/current)"
echo "python=$(command -v python3)"
echo "homes=$(cut -d: -f1,6 /etc/passwd | xargs)"
echo "login=$(id -un)"
echo "sudo=$(sudo -n true 2>/dev/null && echo free)"
echo "free_mb=$(df --output=avail -BM /var | sed '1d; s/[^0-9]//g')"
echo "container=$(systemd-detect-virt --container)"
echo "disks=$([ ! -b "$disk" ] || lsblk -nrso NAME,TYPE "$disk" | sed -n 's/ disk$//p' | xargs)"
echo "governors=$(offered $cpu/scaling_available_governors)"
echo "preferences=$(offered $cpu/energy_performance_available_preferences)"
echo "schedulers=$(for each in /sys/block/*; do echo "${each##*/}:$(offered "$each/queue/scheduler")"; done | xargs)"
echo "listening=$(ss -Hltn 2>/dev/null | awk '{ sub(".*:", "", $4); print $4 }' | sort -nu | xargs)"
# pgladder's own cluster is known by its socket and by the drop-in of its unit, whoever asks.
echo "own_ports=$(find /run/pgladder -name '.s.PGSQL.*' ! -name '*.lock' -printf '%f\n' 2>/dev/null | sed 's/.*[.]//' | xargs)"
echo "own_cluster=$(find /etc/systemd/system -path '*/postgresql@15-*.service.d/pgladder.conf' | sed 's/.*@15-\(.*\)[.]service[.]d.*/\1/' | xargs)"
echo "clusters=$(find /etc/postgresql/15 -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | xargs)"
# shellcheck disable=SC2086 # one word a unit
echo "clock=$(timeout 60 systemctl list-units --plain --no-legend --state=active $clocks | cut -d' ' -f1 | xargs)"

run=$(timeout 60 systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*' | cut -d' ' -f1 | xargs)
# Whoever began it, a run holds the lock of bench/agent/lock.py, an abstract socket.
if [ -z "$run" ] && grep -q ' @pgladder-run$' /proc/net/unix; then
  process=$(runs | head -n 1)
  run="a run begun by hand${process:+ (process $process of user $(stat -c %U "/proc/$process"))}"
fi
echo "run=$run"
exit 0
