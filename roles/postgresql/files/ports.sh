#!/bin/sh
# The ports that other clusters are configured for, running or not: one that is stopped shall be able to start again.
#   ports.sh      (as root; OWN, the name of pgladder's own cluster, in the environment)
# Changes nothing; prints "PORT VERSION/CLUSTER" for each; fails where one can't be known.
set -eu

# What somebody else's files hold is read as their owner.
as_user() {
  user=$1
  shift
  setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- timeout 10 "$@"
}

# PostgreSQL itself reads whatever is included, and what ALTER SYSTEM wrote.
ask_postgres() { # as whom, the folder of the configuration
  as_user "$1" "/usr/lib/postgresql/$(basename "${2%/*}")/bin/postgres" -C port -D "$2"
}

# Where its programs are gone, or the configuration is not valid now.
read_files() {
  as_user "$1" test -r "$2/postgresql.conf" || return 1
  as_user "$1" sh -c 'cat "$1/postgresql.conf" "$1"/conf.d/*.conf' sh "$2" |
    sed -nE "s/^ *port[ =']+([0-9]+).*/\1/p" | tail -n 1 | grep . || echo 5432
}

unknown() { # nothing is guessed: it may be ours
  echo "the port of the cluster ${1#/etc/postgresql/} is unknown: $2 can't read $1;" \
    "give it an owner who can (chown), then run this again" >&2
  exit 1
}

for conf in /etc/postgresql/*/*/postgresql.conf; do
  folder=${conf%/postgresql.conf}
  if [ ! -e "$conf" ] || [ "$folder" = "/etc/postgresql/15/$OWN" ]; then continue; fi
  owner=$(stat -L -c %U "$folder")
  port=$(ask_postgres "$owner" "$folder" 2>/dev/null || read_files "$owner" "$folder" 2>/dev/null) ||
    unknown "$folder" "its owner $owner"
  echo "$port ${folder#/etc/postgresql/}"
done
