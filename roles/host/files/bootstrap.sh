#!/bin/sh
# Python on a box that has none, and off it again: what no module can do. Python comes first and goes last.
#   bootstrap.sh install | mend | remove JOURNAL UNREMOVED PACKAGE...      (as root; prints "changed" when it changed something)
# "install" begins the journal and writes down what apt will add before it begins, so "remove" knows it wherever the power
# goes; it changes no package that was there. "mend" installs only where something is left that a module must undo.
set -eu
umask 022
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# Of the lines read, those that are (not) in the file, in whatever order it is.
within() { grep -xFf "$1" || test $? = 1; }
without() { grep -vxFf "$1" || test $? = 1; }
apt() { apt-get -qq -o APT::Update::Error-Mode=any --no-install-recommends "$@"; }
ours() { dpkg-query -W -f '${Package}\n' | within "$STATE/installed-packages"; } # and still here, whole or as configuration

begin() { # the packages that are there; the module pgladder_found adds the rest
  [ ! -d "$STATE" ] || return 0
  rm -rf "$STATE.part"
  mkdir -m 700 "$STATE.part" "$STATE.part/found"
  cd "$STATE.part/found"
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' >states
  sed -n 's/^config-files //p' states >configuration # removed, not purged
  sed '/^config-files\|^not-installed/d; s/.* //' states >packages
  apt-mark showmanual >manual-packages
  find /var/cache/apt/archives -name '*.deb' >archives # downloaded by somebody else
  touch ../installed-packages
  sync -f .
  mv "$STATE.part" "$STATE"
  sync -f "$STATE"
  touch "$UNREMOVED" # pgladder_packages fills it; where there is none, an earlier release was here
}

install() {
  begin
  dpkg --configure -a || true # what a power cut left half-way; apt sees to what this can't yet
  apt update || [ "$verb" = mend ] # what was downloaded is there still
  planned=$(apt -s install --fix-broken "$@")
  others=$(echo "$planned" | sed -nE 's/^Inst ([^ ]+) \[.*/\1/p; s/^Remv ([^ ]+).*/\1/p' | without "$STATE/installed-packages")
  [ -z "$others" ] || { echo "not ours to change: $(echo "$others" | paste -sd, | sed 's/,/, /g')"; exit 1; }
  # The names go to "installing" too: the module pgladder_packages marks them as automatic.
  echo "$planned" | sed -n 's/^Inst \([^ ]*\).*/\1/p' >>"$STATE/installing"
  sort -u "$STATE/installing" "$STATE/installed-packages" | without "$STATE/found/packages" >"$STATE/installed-packages.part"
  sync -f "$STATE"
  mv "$STATE/installed-packages.part" "$STATE/installed-packages"
  if ! apt install --fix-broken "$@" >/dev/null; then
    ours >"$STATE/installed-packages.part" # what is absent now somebody else will have brought
    mv "$STATE/installed-packages.part" "$STATE/installed-packages"
    exit 1
  fi
  sync
  echo changed
}

# Nothing is left to undo before the first package came, but what earlier releases wrote before it.
mend() {
  if [ -n "$(ours)" ] || [ -e /etc/postgresql-common/createcluster.d/pgladder.conf ]; then install "$@"; fi
}

remove() { # but what pgladder_packages wrote down as kept; and what was downloaded, and the journal
  touch "$STATE/kept" "$STATE/found/configuration" "$STATE/found/archives" # a journal of old has none
  ours | without "$STATE/kept" >"$STATE/going"
  within "$STATE/found/configuration" <"$STATE/going" | xargs -r apt-get -qq remove >/dev/null
  without "$STATE/found/configuration" <"$STATE/going" | xargs -r apt-get -qq purge >/dev/null
  while read -r package; do
    find /var/cache/apt/archives -name "${package}_*.deb"
  done <"$STATE/installed-packages" | without "$STATE/found/archives" | xargs -r rm
  rm -rf "$UNREMOVED" /run/pgladder-ansible "$STATE"
  timeout 60 systemctl reset-failed 'pgladder-*'
  echo changed
}

verb=$1 STATE=$2 UNREMOVED=$3
shift 3
[ "$verb" = install ] || [ -d "$STATE" ] || { rm -rf "$STATE.part" && exit 0; }
"$verb" "$@"
