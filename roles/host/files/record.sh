#!/bin/sh
# Write down what is found, before the first change: once, whole, synced. teardown.sh restores it.
# A knob that a later run is the first to touch (of another disk) is added to it.
#   record.sh      (as root; STATE, KNOBS and FOLDERS in the environment)
# Prints "changed" when it wrote.
set -eu
export LC_ALL=C.UTF-8

values() { # of the knobs, those in force; of a core that is off there is none
  for file in $KNOBS; do
    value=$(sed 's/.*\[\(.*\)\].*/\1/' "$file" 2>/dev/null) && [ -n "$value" ] || continue
    echo "$file $value"
  done
}

add_knobs() {
  known=$STATE/found/knobs
  added=$(values | awk 'FILENAME != "-" { known[$1]; next } !($1 in known)' "$known" -)
  [ -n "$added" ] || exit 0
  { cat "$known" && echo "$added"; } >"$known.part"
  sync -f "$known.part"
  mv "$known.part" "$known"
  sync -f "$STATE"
  echo changed
}

if [ -d "$STATE/found" ]; then
  add_knobs
  exit 0
fi
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
timeout 60 systemctl list-unit-files --plain --no-legend systemd-timesyncd.service | awk '{print $2}' >"$part/time-synchronisation"
values >"$part/knobs"
find /var/cache/apt/archives -name '*.deb' >"$part/archives" # downloaded by somebody else
for folder in $FOLDERS; do
  [ ! -d "$folder" ] || echo "$folder"
done >"$part/folders"
touch "$STATE/installed-packages"
sync -f "$part"
mv "$part" "$STATE/found"
sync -f "$STATE"
echo changed
