#!/bin/sh
# Everything of the role bench off the box, its user last.
#   remove.sh      (as root)
# Prints "changed" when it changed something.
set -eu
[ -e /var/lib/pgladder-found ] || exit 0
units=/etc/systemd/system/pgladder-run@.service # gone where a removal was cut off: then nothing is enabled or running
for unit in $([ ! -e "$units" ] || systemctl list-units --all --plain --no-legend 'pgladder-run@*' | cut -d' ' -f1); do
  systemctl disable --now "$unit"
done
rm -rf /opt/pgladder /usr/local/bin/pgladder /etc/pgladder.toml /etc/sudoers.d/pgladder /etc/tmpfiles.d/pgladder-bench.conf \
  "$units" /var/lib/pgladder-wheels.tar
systemctl daemon-reload

declared=/etc/sysusers.d/pgladder.conf # names the user as it was made; goes after it
[ -e "$declared" ] || exit 0
user=$(sed -n 's/^u \([^ ]*\) .*/\1/p' "$declared")
if ! grep -qxF "$user" /var/lib/pgladder-found/found/users && getent passwd "$user" >/dev/null; then
  userdel --remove "$user"
fi
rm "$declared"
echo changed
