#!/bin/sh
# The life of pgladder's own PostgreSQL 15 cluster, by Debian's tools.
#   cluster.sh forbid_default | create | apply | drop      (as root; the upper-case names come from the environment)
# Prints "changed" when it changed something.
#
# Configuration is rendered into $ETC/next; `apply` validates it, swaps it in, reloads or restarts as the settings'
# contexts require, proves every line through pg_settings, and keeps it as $ETC/proved: what a run begins and ends with,
# and what is in force again after any failure, whatever a run that was killed left. A cluster that `create` did not
# begin is never touched: the name of the one it began is written down, another is refused, and `drop` goes by what is
# written.
set -eu
bin=/usr/lib/postgresql/15/bin
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
query() { as_owner psql -X -At -v ON_ERROR_STOP=1 -h "$RUN" -p "$(port)" -d postgres "$@"; }
port() { as_owner sed -n '4p' "$DATA/postmaster.pid"; }
running() { systemctl --quiet is-active "$UNIT"; }

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

# --- apply -------------------------------------------------------------------------------------------------------

refuse_strangers() { # a third file would be in force under every variant, and no run begins with it
  strangers=$(as_owner find "$ETC/conf.d" "$ETC/next" -name '*.conf' ! -name 10-harness.conf ! -name 20-variant.conf | paste -sd ' ')
  [ -z "$strangers" ] || give_up "pgladder's own cluster has files that are not pgladder's: remove $strangers, then run this again"
}

validate() {
  as_owner cp --remove-destination "$ETC/postgresql.conf" "$ETC/next.conf"
  as_owner sed -i "s/^include_dir = 'conf.d'/include_dir = 'next'/" "$ETC/next.conf"
  said=$(as_owner "$bin/postgres" -D "$DATA" -c config_file="$ETC/next.conf" -C shared_preload_libraries 2>&1) ||
    give_up "the configuration is not valid: $said"
  as_owner rm "$ETC/next.conf"
  for library in $(echo "$said" | tr -d "' " | tr , ' '); do
    [ -e "$("$bin/pg_config" --pkglibdir 2>/dev/null || echo /usr/lib/postgresql/15/lib)/$library.so" ] ||
      give_up "the configuration asks for the library $library, which is not installed"
  done
}

place() { case $1 in */pg_hba) echo "$ETC/pg_hba.conf" ;; *) echo "$ETC/conf.d/${1##*/}" ;; esac; }

swap() { # the files of a folder in, one by one, each atomically
  for file in "$1"/*; do
    live=$(place "$file")
    if as_owner cmp -s "$file" "$live"; then continue; fi
    as_owner cp -p --remove-destination "$file" "$live.part"
    as_owner sync -f "$live.part"
    as_owner mv -T "$live.part" "$live"
    swapped=yes
  done
}

keep() { # next as what was proved last: all of it or none, whenever the power goes
  if as_owner diff -rq "$ETC/next" "$ETC/proved" >/dev/null 2>&1; then return 0; fi
  kept=$(as_owner mktemp -d "$ETC/proved.XXXXXX")
  as_owner chmod 755 "$kept"
  as_owner cp -p "$ETC"/next/* "$kept"
  as_owner sync -f "$kept"
  as_owner rm -f "$ETC/proved.part"
  as_owner ln -s "${kept##*/}" "$ETC/proved.part"
  as_owner mv -T "$ETC/proved.part" "$ETC/proved"
  as_owner find "$ETC" -maxdepth 1 -name 'proved.*' ! -path "$kept" -exec rm -r {} +
}

give_up() { # why, and what to do; in force, and next, is what was proved last
  as_owner cp -p --remove-destination "$ETC"/proved/* "$ETC/next"
  swap "$ETC/proved"
  [ -z "$swapped" ] || restart || damaged "$1; as it was provisioned last PostgreSQL does not start"
  die "$1; it is as it was provisioned last${2-}"
}

damaged() { die "$1: $said. If that stays so, the cluster is damaged: make teardown, then make provision"; }

restart() { # or say what PostgreSQL complains of, this time
  before=$(as_owner stat -c %s "$LOG" 2>/dev/null || echo 0)
  if systemctl restart "$UNIT" 2>/dev/null && query -c 'SELECT' >/dev/null 2>&1; then return 0; fi
  said=$(as_owner tail -c "+$((before + 1))" "$LOG" 2>/dev/null | grep -aE 'FATAL|PANIC' | tail -n 1)
  said=${said:-journalctl -u $UNIT on the box says why}
  return 1
}

must_restart() { # where nothing is new it is not the configuration
  if restart; then return 0; fi
  [ -n "$swapped" ] || damaged "PostgreSQL does not start"
  give_up "PostgreSQL did not start: $said" ". Choose another postgresql_variant, then run this again"
}

reset_by_hand() { # what somebody changed by ALTER SYSTEM overrides the files
  [ -n "$(query -c "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'")" ] || return 0
  query -c 'ALTER SYSTEM RESET ALL' >/dev/null
  swapped=yes
}

bring_into_force() {
  if ! running; then
    must_restart
    swapped=yes
  fi
  reset_by_hand
  if [ -n "$swapped" ]; then
    query -c 'SELECT pg_reload_conf()' >/dev/null
    sleep 0.2 # the postmaster takes it in on a signal
  fi
  if [ -n "$(query -c 'SELECT name FROM pg_settings WHERE pending_restart')" ]; then
    must_restart
    swapped=yes
  fi
}

prove() {
  wrong=$(query <<END
SELECT format('%s = %s (%s line %s): %s', name, f.setting, f.sourcefile, f.sourceline,
              coalesce(f.error, format('overridden by %s line %s; remove that line', s.sourcefile, s.sourceline)))
  FROM pg_file_settings f LEFT JOIN pg_settings s USING (name) WHERE f.sourcefile LIKE '$ETC/conf.d/%' AND NOT f.applied
UNION ALL
SELECT format('%s is in force from %s, not from a file of pgladder', name, s.source)
  FROM pg_settings s JOIN pg_file_settings f USING (name)
 WHERE f.sourcefile LIKE '$ETC/conf.d/%' AND s.sourcefile IS DISTINCT FROM f.sourcefile AND f.applied
UNION ALL
SELECT format('%s waits for a restart', name) FROM pg_settings WHERE pending_restart
UNION ALL
SELECT format('pg_hba.conf line %s: %s', line_number, error) FROM pg_hba_file_rules WHERE error IS NOT NULL
END
  )
  [ -z "$wrong" ] || give_up "not in force: $wrong"
}

# --- the password ------------------------------------------------------------------------------------------------

pass=$HOME_OF_OWNER/.pgpass

write_password() {
  secret=$(openssl rand -hex 24)
  as_owner rm -f "$pass.part"
  echo "*:*:*:$OWNER:$secret" | as_owner sh -c 'umask 077 && cat >"$1"' sh "$pass.part"
  query <<END >/dev/null
SET log_statement = 'none'; SET log_min_error_statement = 'panic'; SET password_encryption = 'scram-sha-256';
ALTER ROLE "$OWNER" PASSWORD '$secret';
END
  as_owner sync -f "$pass.part"
  as_owner mv -T "$pass.part" "$pass"
}

login() { as_owner env HOME="$HOME_OF_OWNER" psql -X -At -w -h 127.0.0.1 -p "$(port)" -d postgres -c "$1" 2>&1; }

see_to_password() {
  if [ -z "$ROTATE" ] && [ -e "$pass" ] && login 'SELECT' >/dev/null; then return 0; fi
  write_password
  said=$(login 'SELECT') || give_up "logging in over TCP does not work: $said"
  swapped=yes
}

apply() {
  swapped=
  refuse_strangers
  validate
  swap "$ETC/next"
  bring_into_force
  prove
  see_to_password
  keep
  [ -z "$swapped" ] || echo changed
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
case ${1-} in apply | drop) ! grep -q ' @pgladder-run$' /proc/net/unix || die "a run is under way; wait until it is done, or end it" ;; esac
case ${1-} in forbid_default | create | apply | drop) "$1" ;; *) die "usage: cluster.sh forbid_default | create | apply | drop" ;; esac
