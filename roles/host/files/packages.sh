#!/bin/sh
# Install the packages that are missing, Python among them: so this can't be a module.
#   packages.sh      (as root; STATE, PACKAGES, UNREMOVED, ASKED_BEFORE in the environment; CHECK=yes changes nothing)
# Prints "missing" and their names when there are any, "changed" where it changed apt's marks. What the installation will add is written down before it
# begins, so that teardown.sh knows it wherever the power goes. It changes no package that was there before.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# Of the lines read, those that are (not) in the file, in whatever order it is.
within() { grep -xFf "$1" || test $? = 1; }
without() { grep -vxFf "$1" || test $? = 1; }
apt() { apt-get -qq -o APT::Update::Error-Mode=any --no-install-recommends "$@"; }

missing() { # a package that is held is there too
  for package in $PACKAGES; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^[hi]i' || echo "$package"
  done
}

not_ours() { # of the packages and what would become of them, those that did not come with provisioning
  while read -r package change; do
    grep -qxF "$package" "$STATE/installed-packages" || echo "$package $change"
  done
}

refuse_changes() { # a version in brackets is the one that is there
  changes=$(echo "$planned" |
    sed -nE 's/^Inst ([^ ]+) \[([^]]+)\] \(([^ ]+) .*/\1 (from \2 to \3)/p; s/^Remv ([^ ]+) .*/\1 (removed)/p' | not_ours)
  [ -z "$changes" ] || { echo "not ours to change: $(echo "$changes" | paste -sd, | sed 's/,/, /g')"; exit 1; }
}

write_down_additions() {
  echo "$planned" | sed -n 's/^Inst \([^ ]*\).*/\1/p' | sort -u - "$STATE/installed-packages" |
    without "$STATE/found/packages" >"$STATE/installed-packages.part"
  sync -f "$STATE/installed-packages.part"
  mv "$STATE/installed-packages.part" "$STATE/installed-packages"
}

forget_absent() { # of what was to be added: if it comes later, somebody else brought it
  dpkg-query -W -f '${Package}\n' | within "$STATE/installed-packages" >"$STATE/installed-packages.part"
  mv "$STATE/installed-packages.part" "$STATE/installed-packages"
}

# What provisioning brings is marked as automatic, so that the mark of somebody's wish is somebody's wish, and teardown can
# tell; apt's autoremove leaves it all the same.
leave_unremoved() {
  {
    echo "// These came with pgladder; its teardown removes them."
    echo "APT::NeverAutoRemove {"
    sed 's/[.+]/\\&/g; s/.*/  "^&$";/' "$STATE/installed-packages"
    echo "};"
  } >"$UNREMOVED.part"
  mv "$UNREMOVED.part" "$UNREMOVED"
}

unmark() { # what an earlier release asked for by name, once
  [ -s "$STATE/installed-packages" ] && [ ! -e "$UNREMOVED" ] || return 0
  echo "$ASKED_BEFORE" | tr ' ' '\n' | within "$STATE/installed-packages" | xargs -r apt-mark auto >/dev/null
  leave_unremoved
  echo changed
}

install() { # what apt is given, if that changes no package that was there before
  planned=$(apt -s install "$@")
  refuse_changes
  write_down_additions
  leave_unremoved
  touch "$STATE/installing"
  sync -f "$STATE/installing"
  if ! apt install --mark-auto "$@" >/dev/null; then
    forget_absent
    exit 1
  fi
}

mark() { # apt marks at its end: of what it brought before it was cut off it knows nobody's wish
  [ -e "$STATE/installing" ] || return 0
  dpkg-query -W -f '${Package}\n' | within "$STATE/installed-packages" | xargs -r apt-mark auto >/dev/null
  rm "$STATE/installing"
}

want_again() { # what a teardown was to take away when it was cut off
  dpkg-query -W -f '${db:Status-Want} ${db:Status-Status} ${Package}\n' |
    sed -nE 's/^(purge|deinstall) (installed|unpacked|half-[a-z]+|triggers-[a-z]+) //p' |
    within "$STATE/installed-packages" | sed 's/$/ install/' | dpkg --set-selections
}

if [ "$CHECK" != yes ]; then
  unmark
  mark
fi
needed=$(missing | xargs)
[ -n "$needed" ] || exit 0
echo "missing $needed"
[ "$CHECK" != yes ] || exit 0
dpkg --configure -a || true # what a power cut left half-way; apt sees to what this can't yet
want_again
apt update
[ -z "$(dpkg --audit)" ] || install --fix-broken
# shellcheck disable=SC2086 # one word a package
install $needed
mark
sync # a power cut from here on takes nothing of them with it
