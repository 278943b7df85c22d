# End a run for good, cleanly: the trial under way is recorded as void. As root.
#   cancel.sh [RUN]       without RUN: whichever has not ended
# Says which were ended, a line each; exit code 12: no such run.
set -eu
run=${1-}
wanted=/etc/systemd/system/multi-user.target.wants
[ -z "$run" ] || [ -d "/var/lib/pgladder/runs/$run" ] || exit 12

exec 9>/run/lock/pgladder-launch
flock -w 20 9 || { echo "another control machine is launching there" >&2; exit 75; }

unended() {
  for link in "$wanted"/pgladder-run@*.service; do
    name=${link##*/pgladder-run@}
    if [ -L "$link" ] && [ ! -e "/var/lib/pgladder/runs/${name%.service}/SHA256SUMS" ]; then echo "${link##*/}"; fi
  done
  systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*.service' |
    cut -d ' ' -f 1
}

for unit in $(unended | sort -u); do
  [ -z "$run" ] || [ "$unit" = "pgladder-run@$run.service" ] || continue
  systemctl disable --now --quiet "$unit" 9>&-
  systemctl reset-failed --quiet "$unit" 2>/dev/null || true # it may not be loaded any more
  sync -f "$wanted"
  echo "${unit#pgladder-run@}" | sed 's/\.service$//'
done
