#!/bin/sh
# Before the first change: write down what is found. Then see to Python, without which no play goes on.
#   prepare.sh      (as root; STATE, PACKAGES, KNOBS in the environment)
# Prints "changed" when it changed something. teardown.sh restores what is written here.
#
# found/ is written once, whole, synced. installed-packages grows before each installation by what it will add, so
# that it is complete wherever the power goes.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt() { apt-get -qq -o DPkg::Lock::Timeout=10 -o APT::Update::Error-Mode=any "$@"; }

write_down() {
  part=$STATE/found.part
  rm -rf "$part" && mkdir -p -m 700 "$part"
  dpkg-query -W -f '${Package}\n' | sort >"$part/packages"
  apt-mark showmanual | sort >"$part/manual-packages"
  cut -d: -f1 /etc/passwd | sort >"$part/users"
  cut -d: -f1 /etc/group | sort >"$part/groups"
  systemctl is-enabled systemd-timesyncd.service >"$part/time-synchronisation" 2>&1 || true
  for file in $KNOBS; do
    [ ! -r "$file" ] || echo "$file $(sed 's/.*\[\(.*\)\].*/\1/' "$file")"
  done >"$part/knobs"
  sync -f "$part"
  mv "$part" "$STATE/found"
  sync -f "$STATE"
  echo changed
}

missing() {
  for package in $PACKAGES; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
  done
}

write_down_additions() {
  touch "$STATE/installed-packages"
  # shellcheck disable=SC2086 # one word a package
  apt -s --no-install-recommends install $1 | sed -n 's/^Inst \([^ ]*\).*/\1/p' |
    sort -u - "$STATE/installed-packages" | comm -23 - "$STATE/found/packages" >"$STATE/installed-packages.part"
  mv "$STATE/installed-packages.part" "$STATE/installed-packages"
  sync -f "$STATE"
}

mkdir -p -m 700 "$STATE"
[ -d "$STATE/found" ] || write_down
needed=$(missing)
if [ -n "$needed" ]; then
  echo missing
  dpkg --configure -a # what a power cut left half-way
  apt update
  write_down_additions "$needed"
fi
if ! python3 -c 'import apt' 2>/dev/null; then
  apt --no-install-recommends install python3 python3-apt >/dev/null
  echo changed
fi
