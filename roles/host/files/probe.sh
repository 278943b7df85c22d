#!/bin/sh
# What a play must know before it touches a box, one key=value a line; needs neither Python nor root.
. /etc/os-release
echo "system=$ID $VERSION_ID"
echo "architecture=$(uname -m)"
echo "python=$(python3 -c 'import apt' 2>/dev/null && echo present)"
echo "sudo=$(sudo -n true 2>/dev/null && echo free)"
echo "free_mb=$(df --output=avail -BM /var | sed '1d; s/[^0-9]//g')"
echo "container=$(systemd-detect-virt --container)"
echo "disks=$(lsblk -nso NAME,TYPE "$(findmnt -no SOURCE -T /var)" 2>/dev/null | sed -n "s/[^a-z]*\([a-z0-9]*\) *disk$/\1/p" | xargs)"
exit 0
