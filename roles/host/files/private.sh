#!/bin/sh
# The folder for Ansible's own files on the box: nobody's but the user's who logs in. Below /run, where only root makes folders.
#   private.sh make | remove      (as root; FOLDER and LOGIN in the environment)
# Changes nothing else; `make` stops at one that is not as it made it.
set -eu

see() { # a folder, its mode and its owner
  [ -e "$1" ] || [ -L "$1" ] || install -d -m "$2" -o "$3" "$1"
  found=$(stat -c '%F, mode %a, of %U' "$1")
  [ "$found" = "directory, mode $2, of $3" ] || {
    echo "$1 is a $found, and shall be a directory, mode $2, of $3; remove it, then run this again"
    exit 1
  }
}

make() {
  see "${FOLDER%/*}" 755 root
  see "$FOLDER" 700 "$LOGIN"
}

remove() { rm -rf "${FOLDER%/*}"; }

case ${1-} in make | remove) "$1" ;; *) echo "usage: private.sh make | remove" >&2 && exit 1 ;; esac
