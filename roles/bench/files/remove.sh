#!/bin/sh
# Everything of the role bench off the box, its user last.
#   remove.sh      (as root)
# Prints "changed" when it changed something.
set -eu
systemctl() { timeout 600 systemctl "$@"; } # the unit's own limits come first
[ -e /var/lib/pgladder-found ] || exit 0
units=/etc/systemd/system/pgladder-run@.service # gone where a removal was cut off: then nothing is enabled or running
for unit in $([ ! -e "$units" ] || systemctl list-units --all --plain --no-legend 'pgladder-run@*' | cut -d' ' -f1); do
  systemctl disable --now "$unit"
done
rm -rf /opt/pgladder /usr/local/bin/pgladder /etc/pgladder.toml /etc/sudoers.d/pgladder /etc/tmpfiles.d/pgladder-bench.conf \
  "$units" /var/lib/pgladder-wheels.tar
systemctl daemon-reload
systemctl reset-failed 'pgladder-run@*'

remove_user() { # and what its runs left where everybody may write, by its own rights: no link leads further than those
  uid=$(id -u "$user")
  gid=$(id -g "$user")
  rm -f "/run/sudo/ts/$user" # what sudo remembers of it
  userdel --remove "$user"
  rm -f "/var/spool/cron/crontabs/$user"
  setpriv --reuid="$uid" --regid="$gid" --clear-groups \
    find /tmp /var/tmp /dev/shm -xdev -depth -mindepth 1 -uid "$uid" -delete 2>/dev/null || true # some are others' folders
}

declared=/etc/sysusers.d/pgladder.conf # names the user as it was made; goes after it
[ -e "$declared" ] || exit 0
user=$(sed -n 's/^u \([^ ]*\) .*/\1/p' "$declared")
if ! grep -qxF "$user" /var/lib/pgladder-found/found/users && getent passwd "$user" >/dev/null; then
  remove_user
fi
rm "$declared"
echo changed
