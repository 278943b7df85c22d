#!/bin/sh
# Everything of the role bench off the box, its user last.
#   remove.sh      (as root; BENCH_USER in the environment)
# Prints "changed" when it changed something.
set -eu
[ -e /var/lib/pgladder-found ] || exit 0
for unit in $(systemctl list-units --all --plain --no-legend 'pgladder-run@*' | cut -d' ' -f1); do
  systemctl disable --now --quiet "$unit"
done
rm -rf /opt/pgladder /usr/local/bin/pgladder /etc/pgladder.toml /etc/sudoers.d/pgladder /etc/tmpfiles.d/pgladder-bench.conf \
  /etc/sysusers.d/pgladder.conf \
  /etc/systemd/system/pgladder-run@.service /var/tmp/pgladder-wheels.tar
systemctl daemon-reload
if ! grep -qxF "$BENCH_USER" /var/lib/pgladder-found/found/users && getent passwd "$BENCH_USER" >/dev/null; then
  userdel --remove "$BENCH_USER"
  echo changed
fi
