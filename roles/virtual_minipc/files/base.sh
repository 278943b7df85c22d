#!/bin/sh
# The base tree all boxes share: a minimal Debian 12 with systemd, sshd and sudo, without Python.
#   base.sh      (as root; BASE, STATE and PACKAGES in the environment)
# Built once by mmdebstrap from this machine's own Debian sources, anew when those or PACKAGES change.
# Prints "changed" when it built one.
set -eu
umask 022
mkdir -p "$STATE" "${BASE%/*}"
(umask 077 && : >>"${BASE%/*}/lock")
exec 9>"${BASE%/*}/lock" # labs that come up at once share the tree
flock 9

sources() { # those of this machine's configured sources that are Debian 12's; none where it is no Debian 12
  apt-get indextargets --format '$(ORIGIN) $(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^Debian bookworm[a-z-]* //p' | sort -u
}

network_settings() { # proxies and the like, without which those sources may not answer
  apt-config dump | grep -E '^Acquire::(http|https|Check|Retries|Force)' || test $? = 1
}

spec=$(echo "$PACKAGES" && sources && network_settings)
if [ -e "$BASE/.spec" ] && [ "$(cat "$BASE/.spec")" = "$spec" ]; then exit 0; fi
if [ -e "$BASE/.spec" ] && grep -q "lowerdir=$BASE," /proc/mounts; then exit 0; fi # boxes stand on the old one

rm -rf "$BASE" "$BASE.part"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP # dash runs no EXIT trap when a signal ends it
sources >"$work/sources.list"
network_settings >"$work/network.conf"
[ -s "$work/sources.list" ] || rm "$work/sources.list" # mmdebstrap then takes Debian's own mirrors
mirrors=$(find "$work" -name sources.list)
# shellcheck disable=SC2086 # no word when there is no list
mmdebstrap --quiet --variant=minbase --include="$PACKAGES" --aptopt="$work/network.conf" bookworm "$BASE.part" $mirrors
rm -f "$BASE.part"/etc/ssh/ssh_host_* # each box has its own
echo "$spec" >"$BASE.part/.spec"
mv "$BASE.part" "$BASE"
echo changed
