#!/bin/sh
# The lab's network: a bridge with the gateway's address, masquerading behind this machine, forwarding on.
#   network.sh up | down      (as root; BRIDGE, TABLE, SUBNET, GATEWAY, STATE in the environment)
# Prints "changed" when it changed something. minipc.sh connects boxes to the bridge.
set -eu
umask 022
die() { echo "$*" >&2; exit 1; }
changed() { echo changed; }

refuse_overlap() {
  for route in "match $SUBNET" "root $SUBNET"; do
    # shellcheck disable=SC2086 # two words
    clash=$(ip -4 route show $route | grep -v -e '^default' -e " dev $BRIDGE " || test $? = 1)
    [ -z "$clash" ] || die "the lab's subnet $SUBNET overlaps with this machine's route \"$clash\": choose another by virtual_minipc_subnet"
  done
}

# Forwarding is on while any lab is up: each leaves a note, the last one puts back what the first one found.
forwarding=/proc/sys/net/ipv4/ip_forward
notes=/run/pgladder-labs

need_forwarding() {
  mkdir -p -m 700 "$notes"
  exec 9>"$notes/.lock"
  flock 9
  [ -e "$notes/.found" ] || cat $forwarding >"$notes/.found"
  touch "$notes/$TABLE"
  [ "$(cat $forwarding)" = 0 ] || return 0
  echo 1 >$forwarding
  changed
}

need_no_forwarding() {
  [ -e "$notes/$TABLE" ] || return 0
  exec 9>"$notes/.lock"
  flock 9
  rm "$notes/$TABLE"
  [ -z "$(ls "$notes")" ] || return 0
  if [ "$(cat "$notes/.found")" = 0 ]; then
    echo 0 >$forwarding
    changed
  fi
  rm -r "$notes"
}

up() {
  refuse_overlap
  if [ ! -e "/sys/class/net/$BRIDGE" ]; then
    ip link add "$BRIDGE" type bridge
    changed
  fi
  if ! ip -4 -o address show dev "$BRIDGE" | grep -q " $GATEWAY/"; then
    ip address add "$GATEWAY/${SUBNET#*/}" dev "$BRIDGE"
    changed
  fi
  ip link set "$BRIDGE" up
  need_forwarding
  if ! nft list table ip "$TABLE" >/dev/null 2>&1; then
    nft -f - <<NFT
table ip $TABLE {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr $SUBNET oifname != "$BRIDGE" masquerade
  }
}
NFT
    changed
  fi
}

down() {
  if [ -e "/sys/class/net/$BRIDGE" ]; then
    ip link delete "$BRIDGE"
    changed
  fi
  if nft list table ip "$TABLE" >/dev/null 2>&1; then
    nft delete table ip "$TABLE"
    changed
  fi
  need_no_forwarding
}

case ${1-} in up | down) "$1" ;; *) die "usage: network.sh up | down" ;; esac
