# Bring a plan and start its run, once. As root; the plan comes on standard input.
#   launch.sh RUN SHA256 USER WHO [TURN]  SHA256 of the plan, USER that runs belong to, WHO launches, the last block
#                                         that it may begin before it is given another turn; none: it takes no turns
# Says "started", "resumed", "under way" or "finished", and "by another plan" where that of this name is another; exit
# code 75: another run has not ended, and which.
set -eu
run=$1 sha256=$2 user=$3 who=$4 turn=${5-}
runs=/var/lib/pgladder/runs
wanted=/etc/systemd/system/multi-user.target.wants
own=/run/pgladder-launch # root's alone
launched=$own/by
unit=pgladder-run@$run.service

systemctl() { timeout 300 systemctl "$@"; } # the unit waits for the cluster
refuse() { echo "$1" >&2; exit 75; }

busy() {
  by=$(sed -n "s/^$1 //p" $launched 2>/dev/null || true)
  refuse "run $1 has not ended there${by:+ (launched by $by)}"
}

umask 022
mkdir -p -m 700 $own
exec 9>$own/lock
flock -w 20 9 || refuse "another control machine is launching there"

digest() { # as the user, and not for ever: what lies there is the user's
  timeout 20 runuser -u "$user" -- sha256sum -- "$runs/$run/plan.json" | cut -d ' ' -f 1
}
other=
if [ -e "$runs/$run/plan.json" ] && [ "$(digest)" != "$sha256" ]; then
  other=" by another plan"
fi
if [ -e "$runs/$run/SHA256SUMS" ]; then
  echo "finished$other"
  exit
fi
if systemctl --quiet is-active "$unit"; then
  echo "under way$other"
  exit
fi

for link in "$wanted"/pgladder-run@*.service; do
  each=${link##*/pgladder-run@}
  each=${each%.service}
  if [ ! -L "$link" ] || [ "$each" = "$run" ] || [ -e "$runs/$each/SHA256SUMS" ]; then continue; fi
  busy "$each"
done
active=$(systemctl list-units --plain --no-legend --state=active,activating,deactivating 'pgladder-run@*.service')
for each in $(echo "$active" | sed -n 's/^pgladder-run@\(.*\)\.service .*/\1/p'); do
  [ "$each" = "$run" ] || busy "$each"
done

if [ ! -e "$runs/$run/plan.json" ]; then
  # shellcheck disable=SC2016
  runuser -u "$user" -- sh -euc '
    part=$1/.$2.part
    rm -rf "$part"
    mkdir -p "$part/samples"
    cat >"$part/plan.json"
    [ "$(sha256sum <"$part/plan.json")" = "$3  -" ] || { echo "the plan came cut short" >&2; exit 74; }
    [ -z "$4" ] || echo "$4" >"$part/turn"
    sync "$part"/* "$part"
    mv -T "$part" "$1/$2"
    sync "$1"' place "$runs" "$run" "$sha256" "$turn"
  outcome=started
else
  outcome=resumed$other
fi

echo "$run $who" >$launched
systemctl enable --now --quiet "$unit" 9>&-
sync -f "$wanted"
echo "$outcome"
