#!/bin/sh
# Bring configuration files to their wanted text, mode and owner, all in one call, each atomically; then let systemd take them in.
#   files.sh      (as root; FILES has one a line: mode, owner, path, text in base64; CHECK=yes changes nothing)
# KNOBS_FILE is only written: knobs.sh brings it into force, and names what the kernel refuses.
# Prints a diff of each file that changes, or would. Works in check mode on a bare box too.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP # dash runs no EXIT trap when a signal ends it

# What is in a folder of another owner is read and written by that owner: a link put there leads no further than its rights.
as_owner() {
  if [ "$owner" = root ]; then "$@"; else setpriv --reuid="$owner" --regid="$owner" --init-groups -- "$@"; fi
}

differs() {
  as_owner cat "$path" >"$work/old" 2>/dev/null || : # none yet
  echo "$text" | base64 -d >"$work/new"
  wanted="${mode#0} $owner:$owner"
  found=$(as_owner stat -c '%a %U:%G' "$path" 2>/dev/null || echo none)
  [ "$found" != "$wanted" ] || ! cmp -s "$work/new" "$work/old"
}

show() {
  echo "changed $path"
  [ "$found" = none ] || [ "$found" = "$wanted" ] || echo "mode and owner were $found, shall be $wanted"
  diff -u --label "$path" --label "$path" "$work/old" "$work/new" || test $? = 1
}

write() {
  [ "$CHECK" != yes ] || return 0
  [ "$owner" != root ] || [ -d "${path%/*}" ] || install -d -m 755 "${path%/*}"
  as_owner rm -f "$path.part"
  as_owner sh -c 'umask 077 && cat >"$1" && chmod "$2" "$1" && sync -f "$1" && mv -T "$1" "$3"' sh \
    "$path.part" "$mode" "$path" <"$work/new"
}

printf '%s\n' "$FILES" | while read -r mode owner path text; do
  if differs; then
    show
    write
  fi
done
[ "$CHECK" != yes ] || exit 0
# Also where nothing changed: the call that wrote them may have ended before it came to this.
paths=$(printf '%s\n' "$FILES" | cut -d ' ' -f 3)
case $paths in */etc/systemd/*) timeout 300 systemctl daemon-reload ;; esac
case $paths in */etc/sysusers.d/*) systemd-sysusers ;; esac
echo "$paths" | grep '^/etc/tmpfiles.d/' | grep -vx "$KNOBS_FILE" | xargs -r systemd-tmpfiles --create
