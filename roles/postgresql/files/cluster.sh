#!/bin/sh
# The life of pgladder's own PostgreSQL 15 cluster, by Debian's tools.
#   cluster.sh forbid_default | create | drop      (as root; the upper-case names come from the environment)
# Prints "changed" when it changed something.
#
# Configuration is rendered into $ETC/next; `pgladder box apply` brings it into force, and keeps it as $ETC/proved once it
# is. A cluster that `create` did not begin is never touched: the name of the one it began is written down, another is
# refused, and `drop` goes by what is written.
set -eu
begun=/var/lib/pgladder-found/cluster-begun
made=/var/lib/pgladder-found/cluster-made
runtime=/etc/tmpfiles.d/pgladder-postgresql.conf

die() { printf '%s' "$*" | tr '\n' ' ' >&2; exit 1; }  # one line, the last of what is said

ours() { # the name of the cluster that was begun, if one was; a marker without it is an old one, beside its drop-in
  if [ -s "$begun" ]; then cat "$begun"; elif [ -e "$begun" ]; then
    find /etc/systemd/system -path '*/postgresql@15-*.service.d/pgladder.conf' | sed 's/.*@15-\(.*\)[.]service[.]d.*/\1/'
  fi
}

ours=$(ours)
if [ "${1-}" = drop ]; then CLUSTER=${ours:-$CLUSTER}; fi
[ "${ours:-$CLUSTER}" = "$CLUSTER" ] ||
  die "pgladder's cluster here is 15/$ours, not 15/$CLUSTER; set postgresql_cluster to $ours, or run make teardown first"
ETC=/etc/postgresql/15/$CLUSTER
DATA=/var/lib/postgresql/15/$CLUSTER
LOG=/var/log/postgresql/postgresql-15-$CLUSTER.log
UNIT=postgresql@15-$CLUSTER.service
drop_in=/etc/systemd/system/$UNIT.d

# $ETC, $DATA and the home are the owner's: whatever is done in them, or reads them, is done as the owner, so that no link
# and no program named there leads root anywhere. Its unit runs as the owner too.
as_owner() { (cd / && setpriv --reuid="$OWNER" --regid="$OWNER" --init-groups -- "$@"); }
systemctl() { timeout 1200 systemctl "$@"; } # the unit's own limits come first

# --- before the packages come: Debian's shall make no cluster of their own ------------------------------------------

no_default=/etc/postgresql-common/createcluster.d/pgladder.conf

pgdg=/etc/apt/sources.list.d/pgladder-pgdg.sources

forbid_default() { # the first verb of a play: here another name is refused, before anything is changed
  if [ "$SOURCE" != pgdg ] && [ -e "$pgdg" ]; then # back to Debian's packages
    rm "$pgdg"
    echo changed
  fi
  [ ! -e "$no_default" ] || return 0
  install -d -m 755 "${no_default%/*/*}" "${no_default%/*}"
  printf '# pgladder makes its own cluster.\ncreate_main_cluster = false\n' >"$no_default"
  echo changed
}

# --- create ------------------------------------------------------------------------------------------------------

begin() {
  if [ -e "$ETC" ] || [ -e "$DATA" ]; then
    [ -n "$ours" ] || die "there is a cluster 15/$CLUSTER that pgladder did not make; choose another name by postgresql_cluster"
    remove # what an interruption left
  fi
  echo "$CLUSTER" >"$begun.part"
  sync -f "$begun.part"
  mv "$begun.part" "$begun"
}

unit() {
  cat <<END
[Unit]
# Variants that need a restart may follow each other fast.
StartLimitIntervalSec=0
[Service]
# Debian's program reads files that the owner may change, and runs what they name: as the owner, never as root.
User=$OWNER
NoNewPrivileges=yes
PIDFile=$RUN/15-$CLUSTER.pid
TimeoutStartSec=15min
TimeoutStopSec=15min
END
}

# The owner is not "postgres", so what Debian keeps in /run/postgresql needs a folder of our own; nor could it make its log.
folders() {
  echo "d $RUN 0755 $OWNER $OWNER -"
  echo "f $LOG 0640 $OWNER $OWNER -"
}

write_unit() {
  if [ "$(cat "$drop_in/pgladder.conf" "$runtime" 2>/dev/null)" = "$(unit && folders)" ]; then return 0; fi
  install -d -m 755 "$drop_in"
  folders >"$runtime"
  systemd-tmpfiles --create "$runtime"
  unit >"$drop_in/pgladder.part"
  mv "$drop_in/pgladder.part" "$drop_in/pgladder.conf"
  systemctl daemon-reload
  echo changed
}

write_certificate() { # self-signed: the transport "tls" is measured, not trusted
  as_owner openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=localhost" \
    -keyout "$ETC/server.key" -out "$ETC/server.crt" 2>/dev/null
}

see_that_it_is_there() {
  for file in "$ETC/postgresql.conf" "$DATA/PG_VERSION"; do
    [ -e "$file" ] || die "pgladder's cluster 15/$CLUSTER has no $file any more: make teardown, then make provision"
  done
  [ -e "$ETC/proved" ] || keep # made by an earlier release, which kept it in next
}

keep() { # next as what is in force again after a failure; the link is there last
  as_owner cp -pRT "$ETC/next" "$ETC/proved.first"
  as_owner sync -f "$ETC/proved.first"
  as_owner ln -s proved.first "$ETC/proved"
}

make_folders() { # the upper ones as Debian has them
  for folder in "${ETC%/*}" "${DATA%/*}"; do
    [ -d "$folder" ] || install -d -m 755 -o postgres -g postgres "$folder"
  done
  install -d -m 755 -o "$OWNER" -g "$OWNER" "$ETC"
  install -d -m 700 -o "$OWNER" -g "$OWNER" "$DATA"
}

create() {
  if [ -e "$made" ]; then
    see_that_it_is_there
    write_unit # as this release has it
    exit 0
  fi
  begin
  write_unit
  make_folders
  as_owner pg_createcluster 15 "$CLUSTER" --user="$OWNER" --port="$PORT" --socketdir="$RUN" --start-conf=auto \
    --encoding=UTF8 --locale=C.UTF-8 -- --data-checksums --auth-local=peer --auth-host=scram-sha-256 >/dev/null
  write_certificate
  as_owner tee -a "$ETC/postgresql.conf" >/dev/null <<END

# Where this cluster keeps what is its own.
external_pid_file = '$RUN/15-$CLUSTER.pid'
ssl_cert_file = '$ETC/server.crt'
ssl_key_file = '$ETC/server.key'
END
  as_owner mkdir -p "$ETC/next"
  as_owner touch "$ETC/next/10-harness.conf" "$ETC/next/20-variant.conf"
  as_owner cp -p "$ETC/pg_hba.conf" "$ETC/next/pg_hba"
  keep
  /usr/share/postgresql-common/pg_updateaptconfig
  systemctl daemon-reload # Debian's generator has it started at boot
  sync
  touch "$made"
  sync -f "$made"
  echo changed
}

# --- drop --------------------------------------------------------------------------------------------------------

remove() {
  systemctl stop "$UNIT"
  rm -rf "$ETC" "$DATA" "$LOG"* "$drop_in" "$runtime" "$RUN"
  systemctl daemon-reload
  systemctl reset-failed "$UNIT" 2>/dev/null || true # not loaded any more, where it did not fail
}

drop() {
  rm -f "$no_default" "$pgdg"
  [ -e "$begun" ] || exit 0
  [ -z "$ours" ] || remove
  rm -f "$made" "$begun"
  echo changed
}

# A run would measure it, or lose its rows.
case ${1-} in drop) ! grep -q ' @pgladder-run$' /proc/net/unix || die "a run is under way; wait until it is done, or end it" ;; esac
case ${1-} in forbid_default | create | drop) "$1" ;; *) die "usage: cluster.sh forbid_default | create | drop" ;; esac
