#!/bin/sh
# Restore what record.sh wrote down: knobs, packages, their marks, users and groups. Needs no Python, which may go too.
#   teardown.sh      (as root; the upper-case names come from the environment)
# Prints "changed" when it changed something. A package that somebody asked apt for meanwhile, or that something else
# came to need, stays, and is named: another package, or a cluster that somebody made.
set -eu
# Of the lines read, those that are (not) in the file, in whatever order it is.
within() { grep -xFf "$1" || test $? = 1; }
without() { grep -vxFf "$1" || test $? = 1; }
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
systemctl() { timeout 600 systemctl "$@"; } # the units' own limits come first
[ -d "$STATE/found" ] || exit 0
touch "$STATE/found/configuration" "$STATE/found/archives" # a record of old has none

restore_knobs() { # where the kernel refuses, all else is restored, and told in the end
  refused=
  [ "$CONTAINER" = none ] || return 0
  while read -r file value; do
    # A limit of dirty memory is in bytes or in per cent; the one that is 0 is not the one that counts. A record of old
    # has no value where a core was off.
    case $file in */dirty_*) [ "$value" != 0 ] || continue ;; esac
    [ -e "$file" ] && [ -n "$value" ] || continue
    if ! now=$(sed 's/.*\[\(.*\)\].*/\1/' "$file" 2>/dev/null); then
      echo "kept, because it can't be read (is its core off?), until the next boot: $file, which was $value"
    elif [ "$now" != "$value" ]; then
      echo "$value" >"$file" || refused="$refused $file ($value)"
    fi
  done <"$STATE/found/knobs"
}

ours() { # packages that came with provisioning and are still here, whole or as configuration
  dpkg-query -W -f '${Package}\n' | within "$STATE/installed-packages"
}

clusters() { # pgladder's own is gone by now: these are somebody else's
  [ ! -d /etc/postgresql ] || find /etc/postgresql -mindepth 2 -maxdepth 2 -printf '%P\n' | sort
}

needs() { # everything installed that these can't do without, themselves among them
  apt-cache depends --recurse --important --installed "$@"
}

keep() { # packages of ours, one a line, and for whose sake
  [ -z "$1" ] || echo "kept, because $2: $(echo "$1" | xargs)"
  echo "$1" >>"$STATE/kept"
}

asked_for() { # of ours, those that somebody asked apt for; provisioning marks what it brings as automatic, in the end
  [ ! -e "$STATE/installing" ] || return 0
  [ -e "$UNREMOVED" ] || before=$ASKED_BEFORE # an earlier release did not
  apt-mark showmanual | within "$STATE/installed-packages" | grep -vxF "$(echo "${before-}" | tr ' ' '\n')" || test $? = 1
}

keep_asked_for() {
  asked=$(asked_for)
  [ -n "$asked" ] || return 0
  # shellcheck disable=SC2086
  keep "$(needs $asked | within "$STATE/installed-packages")" "somebody asked apt for $(echo "$asked" | xargs)"
}

keep_for_clusters() { # purging PostgreSQL would take their data along, and so would apt's autoremove
  servers=$(clusters | sed 's,/.*,,; s/^/postgresql-/' | sort -u | within "$STATE/installed-packages")
  [ -n "$servers" ] || return 0
  # shellcheck disable=SC2086
  apt-mark manual $servers >/dev/null
  # shellcheck disable=SC2086 # one word a package
  keep "$(needs $servers | within "$STATE/installed-packages")" "other clusters ($(clusters | xargs)) need them"
}

needed_by() { # whose they are; all where apt's simulation knows of a need that its list of dependencies does not
  # shellcheck disable=SC2086
  needs $1 | within "$STATE/going" | grep . || cat "$STATE/going"
}

needing_ours() { # what else would go with them
  # shellcheck disable=SC2086
  apt-get -qq -s purge $going | sed -n 's/^\(Remv\|Purg\) \([^ ]*\).*/\2/p' | sort -u | without "$STATE/going" | xargs
}

choose_going() {
  : >"$STATE/kept"
  keep_asked_for
  keep_for_clusters
  others=first
  while [ -n "$others" ]; do
    ours | without "$STATE/kept" >"$STATE/going"
    going=$(xargs <"$STATE/going")
    [ -n "$going" ] || return 0
    others=$(needing_ours)
    [ -z "$others" ] || keep "$(needed_by "$others")" "other packages ($others) came to need them"
  done
}

half_unpacked() { # when the power went
  dpkg-query -W -f '${db:Status-Eflag} ${Package}\n' | sed -n 's/^reinstreq //p' | within "$STATE/installed-packages"
}

unpack_again() { # of a package that was just being unpacked dpkg does not know the files, and would leave them
  for package in $(half_unpacked); do
    dpkg --force-depends --unpack "/var/cache/apt/archives/${package}_"*.deb >/dev/null 2>&1 || fetch "$package"
  done
}

fetch() { # and unpack a package whose archive went with the power too
  apt-get -qq update
  (cd "$(mktemp -d)" && apt-get -qq download "$1" && dpkg --force-depends --unpack ./*.deb >/dev/null && rm -r "$PWD")
}

remove_packages() { # those that were there as mere configuration before are so again
  dpkg --configure -a || true # what needs a package that never came can't be, and goes anyway
  unpack_again
  choose_going
  within "$STATE/found/configuration" <"$STATE/going" | xargs -r apt-get -qq remove >/dev/null
  without "$STATE/found/configuration" <"$STATE/going" | xargs -r apt-get -qq purge >/dev/null
}

remove_archives() { # that were downloaded for it
  while read -r package; do
    find /var/cache/apt/archives -name "${package}_*.deb"
  done <"$STATE/installed-packages" | without "$STATE/found/archives" | xargs -r rm
}

restore_marks() {
  apt-mark showmanual | without "$STATE/found/manual-packages" | within "$STATE/found/packages" |
    xargs -r apt-mark auto >/dev/null
}

gone() { # of the accounts that packages make, those that were not there before and whose package is no longer here
  printf '%s\n' 'postgres postgresql-common' 'ssl-cert ssl-cert' | while read -r account package; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^[hi]' || echo "$account"
  done | without "$1"
}

remove_accounts() { # Debian leaves them behind
  for user in $(gone "$STATE/found/users"); do ! getent passwd "$user" >/dev/null || userdel "$user"; done
  for group in $(gone "$STATE/found/groups"); do ! getent group "$group" >/dev/null || groupdel "$group"; done
}

remove_folders() { # that were not there before, if nobody else put something into them
  for folder in $FOLDERS; do
    if [ -d "$folder" ] && ! grep -qxF "$folder" "$STATE/found/folders"; then
      rmdir --ignore-fail-on-non-empty "$folder"
    fi
  done
}

remove_traces() { # of runs and plays that lasted until the next boot
  rm -rf "${PRIVATE%/*}" /run/pgladder-launch /run/pgladder-launched /run/lock/pgladder-launch
  setpriv --reuid="$LOGIN" --regid="$(id -g "$LOGIN")" --init-groups rmdir "/tmp/ansible-$LOGIN" 2>/dev/null || true
}

systemctl stop pgladder-quiet.service 2>/dev/null || true # timers that it holds off start again
rm -f /etc/tmpfiles.d/pgladder-host.conf /etc/pgladder-host.json /etc/systemd/system/pgladder-quiet.service
systemctl daemon-reload
systemctl reset-failed 'pgladder-*'
restore_knobs
[ "$(cat "$STATE/found/time-synchronisation")" != disabled ] || systemctl disable --now --quiet systemd-timesyncd.service
if [ -e "$STATE/installed-packages" ]; then
  remove_packages
  remove_archives
fi
rm -f "$UNREMOVED"
restore_marks
remove_accounts
remove_folders
remove_traces
[ -z "$refused" ] || { echo "the kernel does not take back what was found:$refused; restart the box, then run this again"; exit 1; }
rm -rf "$STATE"
echo changed
