#!/bin/sh
# The kernel's knobs, read back. KNOBS has one a line: name, wanted value, files (globs), separated by "|".
#   knobs.sh read     prints each as JSON; its state is "set", "differs", "unreadable: reason" or "not applicable: reason"
#   knobs.sh set      (as root; KNOBS_FILE too) sets all, and fails naming those that do not have their value afterwards
set -eu
export LC_ALL=C
container=${CONTAINER:-$(systemd-detect-virt --container || test $? = 1)}

in_force() { # of "always [madvise] never" the chosen one
  sed 's/.*\[\(.*\)\].*/\1/' "$1" 2>&1
}

core_off() { # the core that a file belongs to, where it is switched off
  core=$(echo "$1" | grep -o '^.*/cpu[0-9][0-9]*') && [ "$(cat "$core/online" 2>/dev/null)" = 0 ] && echo "${core##*/}"
}

read_file() { # name, wanted, file; prints name|file|wanted|found|state
  if ! found=$(in_force "$3"); then
    if core=$(core_off "$3"); then
      echo "$1 of $core||$2||not applicable: $core is switched off"
    else
      echo "$1|$3|$2||unreadable: ${found##*: }"
    fi
  elif [ "$found" = "$2" ]; then
    echo "$1|$3|$2|$found|set"
  else
    echo "$1|$3|$2|$found|differs"
  fi
}

read_one() { # name, wanted, files; prints as read_file does
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
    for file in "$@"; do read_file "$name" "$wanted" "$file"; done
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

not_in_force() {
  read_all | while IFS='|' read -r name file wanted found state; do
    case $state in
      differs) echo "$name could not be set: $file was given \"$wanted\" and reads \"$found\"" ;;
      unreadable*) echo "$name could not be proved: $file was given \"$wanted\" and can't be read (${state#*: })" ;;
    esac
  done
}

prove() { # whatever systemd-tmpfiles made of it
  ! read_all | grep -q '|differs$' || echo changed
  systemd-tmpfiles --create "$KNOBS_FILE" 2>/dev/null || true
  wrong=$(not_in_force)
  [ -n "$wrong" ] || return 0
  rm -f /etc/pgladder-host.json # what it says is no longer so
  echo "$wrong" | paste -sd ';' | sed 's/;/; /g'
  exit 1
}

case ${1-} in
  read) read_all | as_json ;;
  set) prove ;;
  *) echo "usage: knobs.sh read | set" >&2 && exit 1 ;;
esac
