#!/bin/sh
# What could stop or spoil a run on this box: facts as key=value lines. Needs no Python, changes nothing; root only where
# the data lie on a disk of their own.
export LC_ALL=C
first() { for file in "$@"; do [ ! -r "$file" ] || { cat "$file" && return; }; done; }

# Where the cluster's data are, or will be.
data=$(sed -n 's/^data_directory = "\(.*\)"/\1/p' /etc/pgladder.toml 2>/dev/null)
data=${data:-/var/lib/postgresql/15}
while [ ! -e "$data" ]; do data=${data%/*}; done

sudo=$(sudo -n true 2>&1 >/dev/null) && sudo=free
if [ "$(id -u)" = 0 ] && [ "${SUDO_USER:-root}" != root ]; then sudo=given; fi

. /etc/os-release
echo "system=$PRETTY_NAME"
echo "system_id=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
echo "sudo=$(echo "$sudo" | tail -n 1)"
echo "sudo_group=$(id -nG | tr ' ' '\n' | grep -xE 'sudo|root|wheel')"
echo "data=$data"
echo "free_mb=$(df --output=avail -BM "$data" | sed '1d; s/[^0-9]//g')"
echo "memory_kb=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
echo "container=$(systemd-detect-virt --container)"
echo "governor=$(first /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor)"
echo "throttled=$(cat /sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_count 2>/dev/null | sort -n | tail -n 1)"
echo "release=$(sed -n 's/^release = "\(.*\)"/\1/p' /etc/pgladder.toml 2>/dev/null)"

unit=$(sed -n 's/^unit = "\(.*\)"/\1/p' /etc/pgladder.toml 2>/dev/null)
echo "cluster=${unit:+$(timeout 20 systemctl is-active "$unit")}"

# Rewriting the blocks of one file, each write on the disk before the next: what PostgreSQL's commits do.
flushes='file=$(mktemp "$0/pgladder-doctor.XXXXXX") || exit; trap "rm -f \"$file\"" EXIT; trap "exit 1" INT TERM HUP
dd if=/dev/zero of="$file" bs=8k count=200 conv=fsync 2>/dev/null
dd if=/dev/zero of="$file" bs=8k count=200 oflag=dsync conv=notrunc 2>&1 | tail -n 1'
mount=$(df --output=target "$data" | sed 1d)
if [ "$mount" = "$(df --output=target /var/tmp | sed 1d)" ]; then
  echo "fsync=$(sh -c "$flushes" /var/tmp 2>&1)"
elif [ "$sudo" = free ] || [ "$sudo" = given ]; then # as the owner: whose folder it is could swap the file for a link
  echo "fsync=$(sudo -n -u "$(stat -c %U "$mount")" sh -c "$flushes" "$mount" 2>&1)"
else
  echo "fsync=not measured: only root may write to $mount, where the data lie; SUDO=1 asks for the sudo password"
fi
echo "now=$(date +%s.%N)"
