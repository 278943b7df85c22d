#!/bin/sh
# What could stop or spoil a run on this box: facts as key=value lines. Needs neither Python nor root, changes nothing.
export LC_ALL=C
first() { for file in "$@"; do [ ! -r "$file" ] || { cat "$file" && return; }; done; }

. /etc/os-release
echo "system=$PRETTY_NAME"
echo "system_id=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
echo "sudo=$(sudo -n true 2>&1 && echo free)"
echo "sudo_group=$(id -nG | tr ' ' '\n' | grep -xE 'sudo|root|wheel')"
echo "free_mb=$(df --output=avail -BM /var | sed '1d; s/[^0-9]//g')"
echo "memory_kb=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
echo "container=$(systemd-detect-virt --container)"
echo "governor=$(first /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor)"
echo "throttled=$(cat /sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_count 2>/dev/null | sort -n | tail -n 1)"
echo "release=$(sed -n 's/^release = "\(.*\)"/\1/p' /etc/pgladder.toml 2>/dev/null)"

# Rewriting the blocks of one file, each write on the disk before the next: what PostgreSQL's commits do.
file=$(mktemp /var/tmp/pgladder-doctor.XXXXXX)
dd if=/dev/zero of="$file" bs=8k count=200 conv=fsync 2>/dev/null
echo "fsync=$(dd if=/dev/zero of="$file" bs=8k count=200 oflag=dsync conv=notrunc 2>&1 | tail -n 1)"
rm -f "$file"
echo "now=$(date +%s.%N)"
