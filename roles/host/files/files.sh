#!/bin/sh
# Bring configuration files to their wanted text, all in one call, each atomically; then let systemd take them in.
#   files.sh      (as root; FILES has one a line: mode, owner, path, text in base64; CHECK=yes changes nothing)
# KNOBS_FILE is only written: knobs.sh brings it into force, and names what the kernel refuses.
# Prints a diff of each file that changes, or would. Works in check mode on a bare box too.
set -eu

differs() {
  ! echo "$text" | base64 -d | cmp -s - "$path"
}

show() {
  if [ -e "$path" ]; then old=$path; else old=/dev/null; fi
  echo "changed $path"
  echo "$text" | base64 -d | diff -u --label "$path" --label "$path" "$old" - || test $? = 1
}

write() {
  [ "$CHECK" != yes ] || return 0
  mkdir -p "${path%/*}"
  echo "$text" | base64 -d >"$path.part"
  chmod "$mode" "$path.part"
  chown "$owner:" "$path.part"
  sync -f "$path.part"
  mv "$path.part" "$path"
}

echo "$FILES" | while read -r mode owner path text; do
  if differs; then
    show
    write
  fi
done
if [ "$CHECK" != yes ]; then
  systemctl daemon-reload
  systemd-sysusers
  # shellcheck disable=SC2046 # one word a file
  systemd-tmpfiles --create $(echo "$FILES" | grep -o '/etc/tmpfiles.d/[^ ]*' | grep -vx "$KNOBS_FILE" || echo /dev/null)
fi
