#!/bin/sh
# The kernel's knobs, read back. KNOBS has one a line: name, wanted value, files (globs), separated by "|".
#   knobs.sh read     prints each as JSON; its state is "set", "differs" or "not applicable: reason"
#   knobs.sh set      (as root; KNOBS_FILE too) fails naming the first one that does not have its value afterwards
set -eu
container=${CONTAINER:-$(systemd-detect-virt --container || test $? = 1)}

in_force() { # of "always [madvise] never" the chosen one
  sed 's/.*\[\(.*\)\].*/\1/' "$1"
}

read_one() { # prints name|file|wanted|found|state
  name=$1 wanted=$2
  shift 2
  if [ -z "$wanted" ]; then
    return 0
  elif [ "$container" != none ]; then
    echo "$name||$wanted||not applicable: shared kernel ($container)"
  elif [ $# = 0 ]; then
    echo "$name||$wanted||not applicable: the disk of the data is unknown; name it by host_disks"
  elif [ ! -e "$1" ]; then
    echo "$name||$wanted||not applicable: this machine has no $1"
  else
    for file in "$@"; do
      found=$(in_force "$file")
      if [ "$found" = "$wanted" ]; then state=set; else state=differs; fi
      echo "$name|$file|$wanted|$found|$state"
    done
  fi
}

read_all() {
  echo "$KNOBS" | while IFS='|' read -r name wanted files; do
    # shellcheck disable=SC2086 # globs
    read_one "$name" "$wanted" $files
  done
}

as_json() {
  sed -E 's/^(.*)\|(.*)\|(.*)\|(.*)\|(.*)$/{"name": "\1", "file": "\2", "wanted": "\3", "found": "\4", "state": "\5"}/'
}

prove() { # whatever systemd-tmpfiles made of it
  ! read_all | grep -q '|differs$' || echo changed
  systemd-tmpfiles --create "$KNOBS_FILE" 2>/dev/null || true
  read_all | while IFS='|' read -r name file wanted found state; do
    if [ "$state" = differs ]; then
      echo "$name could not be set: $file was given \"$wanted\" and reads \"$found\""
      rm -f /etc/pgladder-host.json # what it says is no longer so
      exit 1
    fi
  done
}

case ${1-} in
  read) read_all | as_json ;;
  set) prove ;;
  *) echo "usage: knobs.sh read | set" >&2 && exit 1 ;;
esac
