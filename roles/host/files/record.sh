#!/bin/sh
# Write down what is found, before the first change: once, whole, synced. teardown.sh restores it.
#   record.sh      (as root; STATE, KNOBS and FOLDERS in the environment)
# Prints "changed" when it wrote.
set -eu
export LC_ALL=C.UTF-8
[ ! -d "$STATE/found" ] || exit 0
part=$STATE/found.part
rm -rf "$part"
mkdir -p -m 700 "$STATE" "$part"
dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sort >"$part/states"
sed -n 's/^config-files //p' "$part/states" >"$part/configuration" # removed, not purged
sed '/^config-files\|^not-installed/d; s/.* //' "$part/states" >"$part/packages"
rm "$part/states"
apt-mark showmanual | sort >"$part/manual-packages"
cut -d: -f1 /etc/passwd | sort >"$part/users"
cut -d: -f1 /etc/group | sort >"$part/groups"
systemctl list-unit-files --plain --no-legend systemd-timesyncd.service | awk '{print $2}' >"$part/time-synchronisation"
for file in $KNOBS; do
  [ ! -r "$file" ] || echo "$file $(sed 's/.*\[\(.*\)\].*/\1/' "$file")"
done >"$part/knobs"
for folder in $FOLDERS; do
  [ ! -d "$folder" ] || echo "$folder"
done >"$part/folders"
touch "$STATE/installed-packages"
sync -f "$part"
mv "$part" "$STATE/found"
sync -f "$STATE"
echo changed
