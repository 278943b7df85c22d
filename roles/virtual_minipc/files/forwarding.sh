#!/bin/sh
# Forwarding between networks is on while any lab is up: each leaves a note, the last one puts back what the first found.
#   forwarding.sh on | off      (as root; LAB in the environment)
# Prints "changed" when it changed something.
set -eu
umask 022
forwarding=/proc/sys/net/ipv4/ip_forward
notes=/run/pgladder-labs
alone() { exec 9>"$notes/.lock" && flock 9; }

turn() { # 1: on, 0: off
  [ "$(cat $forwarding)" != "$1" ] || return 0
  echo "$1" >$forwarding
  echo changed
}

on() {
  mkdir -p -m 700 "$notes"
  alone
  [ -e "$notes/.found" ] || cat $forwarding >"$notes/.found"
  touch "$notes/$LAB"
  turn 1
}

off() {
  [ -e "$notes/$LAB" ] || return 0
  alone
  rm "$notes/$LAB"
  [ -z "$(ls "$notes")" ] || return 0
  [ "$(cat "$notes/.found")" != 0 ] || turn 0
  rm -r "$notes"
}

case ${1-} in on | off) "$1" ;; *) echo "usage: forwarding.sh on | off" >&2; exit 1 ;; esac
