# Send the records of a run as they come, from a byte on, until the run ends; for the box it costs one sleeping tail.
#   follow.sh RUN OFFSET
# Exit code 0: finished; 10: cancelled; 11: ended before its end, would go on at the next boot; 12: no such run.
set -eu
run=$1 offset=$2
unit=pgladder-run@$run.service
cd "/var/lib/pgladder/runs/$run" 2>/dev/null || exit 12

state() { timeout 60 systemctl show --property "$1" --value "$unit"; }
wanted() { [ -L "/etc/systemd/system/multi-user.target.wants/$unit" ]; }

# After a boot it is some seconds until the unit is started.
for _ in $(seq 60); do
  if [ -e SHA256SUMS ] || [ "$(state ActiveState)" != inactive ] || ! wanted; then break; fi
  sleep 1
done

pid=$(state MainPID)
if [ "$pid" != 0 ]; then
  # It complains, and counts as its own failure, that the file is not there yet; a signal ends it where nobody listens
  # any more: then asking for the state again and again would only take time from what is measured.
  tail -s 0.5 --pid="$pid" -c "+$((offset + 1))" -F trials.jsonl 2>/dev/null || [ $? -lt 128 ] || exit 13
elif [ -e trials.jsonl ]; then
  tail -c "+$((offset + 1))" trials.jsonl
fi

while :; do
  now=$(state ActiveState)
  case $now in active | activating | deactivating) sleep 0.2 ;; *) break ;; esac
done
[ ! -e SHA256SUMS ] || exit 0
wanted || exit 10
exit 11
