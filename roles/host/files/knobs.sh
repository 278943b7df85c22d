#!/bin/sh
# The kernel's knobs, read back. KNOBS has one a line: name, wanted value, files (globs), separated by "|".
#   knobs.sh read     prints name|file|wanted|value in force; without a file: name||wanted|not applicable: reason
#   knobs.sh apply    has systemd-tmpfiles set them (as root; CONFIGURATION names its file), then reads back and
#                     fails naming the knob that did not take its value
set -eu
container=${CONTAINER:-$(systemd-detect-virt --container || test $? = 1)}

in_force() { # of "always [madvise] never" the chosen one
  sed 's/.*\[\(.*\)\].*/\1/' "$1"
}

read_one() {
  name=$1 wanted=$2
  shift 2
  if [ "$container" != none ]; then
    echo "$name||$wanted|not applicable: shared kernel ($container)"
  elif [ ! -e "$1" ]; then
    echo "$name||$wanted|not applicable: this machine has none"
  else
    for file in "$@"; do echo "$name|$file|$wanted|$(in_force "$file")"; done
  fi
}

read_all() {
  echo "$KNOBS" | while IFS='|' read -r name wanted files; do
    # shellcheck disable=SC2086 # globs
    read_one "$name" "$wanted" $files
  done
}

prove() {
  read_all | while IFS='|' read -r name file wanted value; do
    if [ -n "$file" ] && [ "$value" != "$wanted" ]; then
      echo "$name could not be set: $file was given \"$wanted\" and reads \"$value\"" >&2
      exit 1
    fi
  done
}

case ${1-} in
  read) read_all ;;
  apply) systemd-tmpfiles --create "$CONFIGURATION" && prove ;;
  *) echo "usage: knobs.sh read | apply" >&2 && exit 1 ;;
esac
