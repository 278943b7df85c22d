# End a run for good, cleanly: the trial under way is recorded as void. As root.
#   cancel.sh USER [RUN]  USER that runs belong to; without RUN: whichever has not ended
# Says which were ended, a line each, RUN also where it was cancelled before; exit code 12: no such run.
set -eu
user=$1 run=${2-}
runs=/var/lib/pgladder/runs
wanted=/etc/systemd/system/multi-user.target.wants
[ -z "$run" ] || [ -d "$runs/$run" ] || exit 12

umask 022
own=/run/pgladder-launch # root's alone
mkdir -p -m 700 $own
exec 9>$own/lock
flock -w 20 9 || { echo "another control machine is launching there" >&2; exit 75; }

systemctl() { timeout 600 systemctl "$@"; } # the unit's own limits come first
active=$(systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*.service')
unended() {
  for link in "$wanted"/pgladder-run@*.service; do
    name=${link##*/pgladder-run@}
    if [ -L "$link" ] && [ ! -e "$runs/${name%.service}/SHA256SUMS" ]; then echo "${link##*/}"; fi
  done
  echo "$active" | cut -d ' ' -f 1
}

ended=
for unit in $(unended | sort -u); do
  [ -z "$run" ] || [ "$unit" = "pgladder-run@$run.service" ] || continue
  name=${unit#pgladder-run@}
  name=${name%.service}
  # First, so that it is there when the run has ended; where a full disk has no room for it, the run ends all the same.
  runuser -u "$user" -- touch "$runs/$name/cancelled" || true
  systemctl disable --now --quiet "$unit" 9>&-
  systemctl reset-failed --quiet "$unit" 2>/dev/null || true # it may not be loaded any more
  sync -f "$wanted"
  echo "$name"
  ended=yes
done
if [ -z "$ended" ] && [ -n "$run" ] && [ -e "$runs/$run/cancelled" ] && [ ! -e "$runs/$run/SHA256SUMS" ]; then
  echo "$run"
fi
