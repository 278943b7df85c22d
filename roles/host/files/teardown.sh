#!/bin/sh
# Restore what record.sh wrote down: knobs, packages, their marks, users and groups. Needs no Python, which may go too.
#   teardown.sh      (as root; STATE, CONTAINER and FOLDERS in the environment)
# Prints "changed" when it changed something. A package that something else came to need stays, and is named:
# another package, or a cluster that somebody made meanwhile.
set -eu
# Of the lines read, those that are (not) in the file, in whatever order it is.
within() { grep -xFf "$1" || test $? = 1; }
without() { grep -vxFf "$1" || test $? = 1; }
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt() { apt-get -qq "$@"; }
[ -d "$STATE/found" ] || exit 0

restore_knobs() {
  [ "$CONTAINER" = none ] || return 0
  while read -r file value; do
    [ -e "$file" ] && [ "$(sed 's/.*\[\(.*\)\].*/\1/' "$file")" != "$value" ] || continue
    echo "$value" >"$file"
  done <"$STATE/found/knobs"
}

ours() { # packages that came with provisioning and are still here, whole or as configuration
  dpkg-query -W -f '${Package}\n' | within "$STATE/installed-packages"
}

clusters() { # pgladder's own is gone by now: these are somebody else's
  [ ! -d /etc/postgresql ] || find /etc/postgresql -mindepth 2 -maxdepth 2 -printf '%P\n' | sort
}

needed_by_clusters() { # purging PostgreSQL would take their data along
  servers=$(clusters | sed 's,/.*,,; s/^/postgresql-/' | sort -u | within "$STATE/installed-packages")
  [ -n "$servers" ] || return 0
  # shellcheck disable=SC2086 # one word a package
  needed=$(apt-cache depends --recurse --important --installed $servers)
  echo "$needed" | within "$STATE/installed-packages"
}

needed_by_others() { # what else would go with them
  # shellcheck disable=SC2086
  apt -s purge $going | sed -n 's/^\(Remv\|Purg\) \([^ ]*\).*/\2/p' | sort -u | without "$STATE/going"
}

remove_packages() {
  [ -z "$(dpkg --audit)" ] || dpkg --configure -a
  needed_by_clusters >"$STATE/kept"
  [ ! -s "$STATE/kept" ] || echo "kept, because other clusters need them: $(xargs <"$STATE/kept"); they are $(clusters | xargs)"
  ours | without "$STATE/kept" >"$STATE/going"
  going=$(xargs <"$STATE/going")
  [ -n "$going" ] || return 0
  others=$(needed_by_others)
  if [ -n "$others" ]; then
    echo "kept, because other packages came to need them: $going; they are $(echo "$others" | xargs)"
    return 0
  fi
  # shellcheck disable=SC2086
  apt purge $going >/dev/null
}

restore_marks() {
  apt-mark showmanual | without "$STATE/found/manual-packages" | within "$STATE/found/packages" |
    xargs -r apt-mark auto >/dev/null
}

gone() { # of the accounts named, those that were not there before and whose package is no longer here
  dpkg-query -W -f '${db:Status-Abbrev}' postgresql-common 2>/dev/null | grep -q '^i' || printf '%s\n' postgres ssl-cert | without "$1"
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

rm -f /etc/tmpfiles.d/pgladder-host.conf /etc/pgladder-host.json /etc/systemd/system/pgladder-quiet.service
systemctl daemon-reload
restore_knobs
[ "$(cat "$STATE/found/time-synchronisation")" != disabled ] || systemctl disable --now --quiet systemd-timesyncd.service
if [ -e "$STATE/installed-packages" ]; then remove_packages; fi
restore_marks
remove_accounts
remove_folders
rm -rf "$STATE"
echo changed
