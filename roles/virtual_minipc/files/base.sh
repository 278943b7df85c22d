#!/bin/sh
# The base tree that all boxes of one system share: a minimal Debian with systemd, sshd and sudo, without Python.
#   base.sh needed | build      (as root; BASE, SUITE and PACKAGES in the environment)
# Built once by mmdebstrap from this machine's own Debian sources, anew when those or PACKAGES change.
# `needed` prints "needed" where `build` would build it.
set -eu
umask 022

# This machine's Debian sources, each with the suite asked for in place of this machine's own: bookworm-security
# becomes trixie-security. None where this machine is no Debian.
sources() {
  here=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
    sed -n "s/^Debian ${here:-none}\([a-z-]*\) \(.*\) \(.*\)/deb \2 $SUITE\1 \3/p" | sort -u
}

network_settings() { # proxies and the like, without which those sources may not answer
  apt-config dump | grep -E '^Acquire::(http|https|Check|Retries|Force)' || test $? = 1
}

needed() {
  spec=$(echo "$PACKAGES" && sources && network_settings)
  [ -e "$BASE/.spec" ] || return 0
  [ "$(cat "$BASE/.spec")" != "$spec" ] && ! grep -q "lowerdir=$BASE," /proc/mounts # boxes stand on the old one
}

build() {
  mkdir -p "${BASE%/*}"
  (umask 077 && : >>"${BASE%/*}/lock")
  exec 9>"${BASE%/*}/lock" # labs that come up at once share the tree
  flock 9
  needed || exit 0
  rm -rf "$BASE" "$BASE.part"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP # dash runs no EXIT trap when a signal ends it
  sources >"$work/sources.list"
  network_settings >"$work/network.conf"
  [ -s "$work/sources.list" ] || rm "$work/sources.list" # mmdebstrap then takes Debian's own mirrors
  # shellcheck disable=SC2046 # no word when there is no list
  mmdebstrap --quiet --variant=minbase --include="$PACKAGES" --aptopt="$work/network.conf" "$SUITE" "$BASE.part" \
    $(find "$work" -name sources.list)
  rm -f "$BASE.part"/etc/ssh/ssh_host_* # each box has its own
  echo "$spec" >"$BASE.part/.spec"
  mv "$BASE.part" "$BASE"
}

case ${1-} in
  needed) ! needed || echo needed ;;
  build) build ;;
  *) echo "usage: base.sh needed | build" >&2 && exit 1 ;;
esac
