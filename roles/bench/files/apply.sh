#!/bin/sh
# Have pgladder bring what was rendered for the cluster into force, with the rights of its owner.
#   apply.sh      (as root; OWNER, BOX and OPTIONS in the environment: /etc/pgladder.toml as it shall be)
# Prints "changed" when that changed something.
set -eu
cd /
printf '%s\n' "$BOX" | setpriv --reuid="$OWNER" --regid="$OWNER" --init-groups --reset-env -- /usr/local/bin/pgladder box apply $OPTIONS
