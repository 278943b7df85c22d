#!/bin/sh
# What a box is, one key=value a line: what plays must know before they touch it, and what make doctor judges.
#   probe.sh [flushes]      with "flushes" the disk of the data is measured too
# Needs neither Python nor root, and changes nothing; root only for flushes where the data lie on a disk of their own.
export LC_ALL=C
. /etc/os-release
config=/etc/pgladder.toml # written last: a box that has it is provisioned
configured() { sed -n "s/^$1 = \"\(.*\)\"/\1/p" $config 2>/dev/null; }

# Where the cluster's data are, or will be.
data=$(configured data_directory)
data=${data:-/var/lib/postgresql}
while [ ! -e "$data" ]; do data=${data%/*}; done
disk=$(findmnt -n -v -o SOURCE -T "$data")

sudo=$(sudo -n true 2>&1 >/dev/null) && sudo=free
if [ "$(id -u)" = 0 ] && [ "${SUDO_USER:-root}" != root ]; then sudo=given; fi

runs() { # the processes of those begun by hand
  grep -alsP '/pgladder\x00(run|noise|reproduce)\x00' /proc/[0-9]*/cmdline | cut -d/ -f3
}
offered() { if [ -r "$1" ]; then tr -d '[]' <"$1" | xargs | tr ' ' ,; fi; } # what may be chosen, commas between
first() { [ -r "$1" ] && cat "$1"; }
free_mb() { df --output=avail -BM "$1" | sed '1d; s/[^0-9]//g'; }
is_active() { if [ -n "$1" ]; then timeout 20 systemctl is-active "$1"; fi; }

groups=/sys/fs/cgroup
cpu=/sys/devices/system/cpu/cpu0/cpufreq
clocks="chrony.service ntpsec.service openntpd.service systemd-timesyncd.service"
echo "system=$ID $VERSION_ID"
echo "system_name=$PRETTY_NAME"
echo "architecture=$(uname -m)"
echo "container=$(systemd-detect-virt --container)"
echo "suite=${VERSION_CODENAME-}"
# Where the power went while Python was unpacked a part of it runs: it must have what modules need.
needs="base64, json, os, runpy, shutil, subprocess, sys, tempfile, zipfile"
echo "python=$(/usr/bin/python3 -c "import $needs; print('%d.%d' % sys.version_info[:2])" 2>/dev/null)"
echo "python_apt=$(/usr/bin/python3 -c 'import apt_pkg' 2>/dev/null && echo yes)"
echo "journal=$([ -d /var/lib/pgladder-found ] && echo whole || [ ! -d /var/lib/pgladder-found.part ] || echo begun)"
echo "homes=$(cut -d: -f1,6 /etc/passwd | xargs)"
echo "login=$(id -un)"
echo "folder=$(stat -c '%F, mode %a, of %U' "/run/pgladder-ansible/$(id -un)" 2>/dev/null)"
echo "sudo=$(echo "$sudo" | tail -n 1)"
echo "sudo_group=$(id -nG | tr ' ' '\n' | grep -xE 'sudo|root|wheel')"
echo "free_mb=$(free_mb /var)"
echo "data=$data"
echo "data_free_mb=$(free_mb "$data")"
# What the control group of a container leaves of memory and processors, as it is written there: version 2, then 1.
echo "memory_limit=$(first $groups/memory.max || first $groups/memory/memory.limit_in_bytes)"
echo "cpu_limit=$(first $groups/cpu.max || cat $groups/cpu/cpu.cfs_quota_us $groups/cpu/cpu.cfs_period_us 2>/dev/null | xargs)"
echo "cpus=$(nproc)"
echo "memory_kb=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
echo "disks=$([ ! -b "$disk" ] || lsblk -nrso NAME,TYPE "$disk" | sed -n 's/ disk$//p' | xargs)"
echo "governor=$(first $cpu/scaling_governor)"
echo "governors=$(offered $cpu/scaling_available_governors)"
echo "preferences=$(offered $cpu/energy_performance_available_preferences)"
echo "schedulers=$(for each in /sys/block/*; do echo "${each##*/}:$(offered "$each/queue/scheduler")"; done | xargs)"
echo "throttled=$(cat /sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_count 2>/dev/null | sort -n | tail -n 1)"
echo "listening=$(ss -Hltn 2>/dev/null | awk '{ sub(".*:", "", $4); print $4 }' | sort -nu | xargs)"
# pgladder's own cluster is known by its socket, whoever asks.
echo "own_ports=$(find /run/pgladder -name '.s.PGSQL.*' ! -name '*.lock' -printf '%f\n' 2>/dev/null | sed 's/.*[.]//' | xargs)"
echo "cluster=$(is_active "$(configured unit)")"
echo "release=$(readlink /opt/pgladder/current)"
echo "provisioned=$(configured release)"
# shellcheck disable=SC2086 # one word a unit
echo "clock=$(timeout 60 systemctl list-units --plain --no-legend --state=active $clocks 2>/dev/null | cut -d' ' -f1 | xargs)"

run=$(timeout 60 systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*' 2>/dev/null | cut -d' ' -f1 | xargs)
# Whoever began it, a run holds the lock of bench/agent/lock.py, an abstract socket.
if [ -z "$run" ] && grep -q ' @pgladder-run$' /proc/net/unix; then
  process=$(runs | head -n 1)
  run="a run begun by hand${process:+ (process $process of user $(stat -c %U "/proc/$process"))}"
fi
echo "run=$run"

# Rewriting the blocks of one file, each write on the disk before the next: what PostgreSQL's commits do.
rewrite='file=$(mktemp "$0/pgladder-doctor.XXXXXX") || exit; trap "rm -f \"$file\"" EXIT; trap "exit 1" INT TERM HUP
dd if=/dev/zero of="$file" bs=8k count=200 conv=fsync 2>/dev/null
dd if=/dev/zero of="$file" bs=8k count=200 oflag=dsync conv=notrunc 2>&1 | tail -n 1'
flushes() {
  mount=$(df --output=target "$data" | sed 1d)
  if [ "$mount" = "$(df --output=target /var/tmp | sed 1d)" ]; then
    sh -c "$rewrite" /var/tmp 2>&1
  elif [ "$sudo" = free ] || [ "$sudo" = given ]; then # as the owner: whose folder it is could swap the file for a link
    sudo -n -u "$(stat -c %U "$mount")" sh -c "$rewrite" "$mount" 2>&1
  else
    echo "not measured: only root may write to $mount, where the data lie; SUDO=1 asks for the sudo password"
  fi
}
[ "${1-}" != flushes ] || echo "fsync=$(flushes)"
echo "now=$(date +%s.%N)"
