#!/bin/sh
# One virtual mini-PC: its disk, its identity, its life (tasks/network.yml makes the bridge it hangs on).
#   minipc.sh up | cut      (as root; the upper-case names below come from the environment)
#   minipc.sh down          the end of every box but those that KEEP names
# Prints "changed" when it changed something; `up` prints the host key too.
#
# The disk is an ext4 image of its own, so it has a size, a flush that is one, and can lose power: `cut` shuts the
# file system down without flushing anything (what xfstests does), then kills every process. The tree is an overlay
# of the base tree on that disk.
set -eu
umask 022
place() { box=$STATE/$NAME image=$STATE/$NAME/disk.img disk=$STATE/$NAME/disk root=$STATE/$NAME/root; }
place

boxes() { [ ! -d "$STATE" ] || find "$STATE" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort; }
die() { echo "$NAME: $*" >&2; exit 1; }

# The systemd-nspawn of this box; one with the same path in another root tree is not ours.
leader() {
  for pid in $(pgrep -f "^systemd-nspawn .*--directory=$root( |\$)"); do
    if [ "/proc/$pid/root/" -ef / ]; then echo "$pid"; fi
  done
}

attach_disk() {
  if [ ! -e "$image" ]; then
    truncate --size "${DISK_GB}G" "$image.part"
    chmod 600 "$image.part" # the box sees it, too
    mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1 "$image.part"
    echo "$SYSTEM" >"$box/system"
    sync "$box/system" # where the image is, the system is known
    mv "$image.part" "$image"
  fi
  # Direct I/O keeps the image out of this machine's page cache; not every file system has it.
  device=$(losetup --find --show --direct-io=on "$image" 2>/dev/null || losetup --find --show "$image") ||
    die "no loop device to be had: load the kernel module loop"
  mount "$device" "$disk"
  losetup --detach "$device" # takes effect when the disk is unmounted
}

attach() {
  mkdir -p "$disk" "$root"
  mountpoint -q "$disk" || attach_disk
  mkdir -p "$disk/upper" "$disk/work"
  mountpoint -q "$root" ||
    mount -t overlay -o "lowerdir=$BASE,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"
}

write_network() {
  printf '[Match]\nName=host0\n[Network]\nAddress=%s\nGateway=%s\n' "$ADDRESS/${SUBNET#*/}" "$GATEWAY" \
    >"$root/etc/systemd/network/10-host0.network"
  ln -sf /lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
  cp -L "$RESOLV_CONF" "$root/etc/resolv.conf"
}

write_user() {
  chroot "$root" id "$USER_NAME" >/dev/null 2>&1 ||
    chroot "$root" useradd --create-home --shell /bin/bash --groups sudo "$USER_NAME"
  if [ -n "$SUDO_PASSWORD" ]; then
    echo "$USER_NAME:$SUDO_PASSWORD" | chroot "$root" chpasswd
  else
    echo "$USER_NAME ALL=(ALL) NOPASSWD:ALL" >"$root/etc/sudoers.d/$USER_NAME"
    chmod 440 "$root/etc/sudoers.d/$USER_NAME"
  fi
}

# The host key comes last: where it is, the identity is complete, whenever the power goes.
write_identity() {
  key=$root/etc/ssh/ssh_host_ed25519_key
  [ ! -e "$key" ] || return 0
  echo "$NAME" >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$NAME" >"$root/etc/hosts"
  : >"$root/etc/machine-id"
  write_network
  write_user
  rm -f "$key.part"
  ssh-keygen -q -t ed25519 -N '' -C "root@$NAME" -f "$key.part"
  mv "$key.part.pub" "$key.pub"
  sync -f "$root"
  mv "$key.part" "$key"
}

authorise() { # inside the box and as its user, whose home it is: no link there leads to files of this machine
  chroot "$root" setpriv --reuid="$USER_NAME" --regid="$USER_NAME" --init-groups sh -euc '
    cd "/home/$1"
    ! grep -qxF "$2" .ssh/authorized_keys 2>/dev/null || exit 0
    mkdir -p -m 700 .ssh
    echo "$2" >>.ssh/authorized_keys
    echo changed' sh "$USER_NAME" "$AUTHORISED_KEY"
}

# The box's own control group: its systemd takes it for the root of all, and limits hold for all that is in it.
# Version 2 has one tree for everything, version 1 one for each concern.
tree() { if [ -e /sys/fs/cgroup/cgroup.procs ]; then echo /sys/fs/cgroup; else echo "/sys/fs/cgroup/$1"; fi; }

group() { # of a concern; made, and joined by this process
  made=$(tree "$1")/pgladder-$NAME
  mkdir -p "$made"
  echo 0 >"$made/cgroup.procs"
}

limit_memory() {
  group memory
  if [ -e "$made/memory.limit_in_bytes" ]; then file=memory.limit_in_bytes; else file=memory.max; fi
  echo "${MEMORY_MB}M" >"$made/$file"
}

limit_cpu() { # microseconds of processor time in every 100 ms
  group cpu
  quota=$((CPU_PERCENT * 1000))
  if [ -e "$made/cpu.cfs_quota_us" ]; then echo "$quota" >"$made/cpu.cfs_quota_us"; else echo "$quota 100000" >"$made/cpu.max"; fi
}

join_groups() {
  for concern in systemd unified cpu; do
    [ ! -d "$(tree "$concern")" ] || group "$concern"
  done
  [ -z "$MEMORY_MB" ] || limit_memory
  [ -z "$CPU_PERCENT" ] || limit_cpu
}

remove_groups() {
  for concern in systemd unified memory cpu; do
    made=$(tree "$concern")/pgladder-$NAME
    for _ in $(seq 600); do # what was killed may still be going
      [ -d "$made" ] && ! find "$made" -depth -type d -exec rmdir {} + 2>/dev/null || continue 2
      sleep 0.1
    done
    die "its control group $made can't be removed"
  done
}

# The disk and its image are shown to the box where they are here: so it can tell what its tree lies on.
# In a mount namespace of its own, where what other boxes have mounted is left: held there until this box's end, such a
# file system would outlive a power cut, and write what it has still in memory over the disk as it is after the next start.
LEAVE_OTHERS='box=$1 && shift
for other in $(sed -n "s|^/dev/loop[0-9]* \(.*\)/disk .*|\1|p" /proc/self/mounts); do
  [ "$other" != "$box" ] || continue
  ! mountpoint -q "$other/root" || umount --lazy "$other/root"
  umount --lazy "$other/disk"
done
exec "$@"'

start() {
  [ ! -e "/sys/class/net/vb-$NAME" ] || die "the interface vb-$NAME belongs to a box of another lab on this machine"
  (
    join_groups
    exec setsid unshare --mount sh -c "$LEAVE_OTHERS" sh "$box" \
      systemd-nspawn --quiet --register=no --keep-unit --boot --resolv-conf=off --link-journal=no \
      --timezone=off --machine="$NAME" ${CPUS:+--cpu-affinity="$CPUS"} --network-bridge="$BRIDGE" \
      --bind-ro="$disk" --bind-ro="$image" --directory="$root"
  ) </dev/null >"$box/console.log" 2>&1 &
  echo changed
}

up() { # what is written on a disk belongs to the tree it was written over
  made=$(cat "$box/system" 2>/dev/null || echo debian12) # a box of a time when there was no other
  [ ! -e "$image" ] || [ "$made" = "$SYSTEM" ] || die "it was made as $made, not $SYSTEM: make lab-down first"
  if [ -z "$(leader)" ]; then
    attach
    write_identity
    authorise
    sync -f "$root"
    start
  else
    authorise
  fi
  cat "$root/etc/ssh/ssh_host_ed25519_key.pub"
}

# Nothing that is not on the disk by now will be: ext4's shutdown without a log flush (EXT4_IOC_SHUTDOWN, NOLOGFLUSH).
lose_power() {
  python3 -c 'import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", 2))' "$disk"
}

stop() { # killing the first process of its PID namespace takes all others with it
  for pid in $(leader); do
    kill -9 $(pgrep -P "$pid") "$pid" 2>/dev/null || test -z "$(leader)"
    echo changed
  done
  for _ in $(seq 600); do
    if [ -z "$(leader)" ] && [ ! -e "/sys/class/net/vb-$NAME" ]; then return 0; fi
    sleep 0.1
  done
  die "could not be stopped within 60 s"
}

detach() {
  for mount in "$root" "$disk"; do
    if mountpoint -q "$mount"; then
      umount -R "$mount" 2>/dev/null || in_use
      echo changed
    fi
  done
  wait_for_disk
  remove_groups
}

works_in() { # is the process there by its folder, its program or a file it has open?
  ls -l "$1/cwd" "$1/root" "$1/exe" "$1/fd" 2>/dev/null | grep -qF -- "-> $box/"
}

has_mounted() { # in another mount namespace; there it may be where nothing that the process has mounted is shown
  shown=$(cat "$1/mountinfo" 2>/dev/null) && [ -e "$1/ns/mnt" ] && [ ! "$1/ns/mnt" -ef /proc/self/ns/mnt ] || return 1
  case $shown in '' | *" $box/"*) ;; *) return 1 ;; esac
}

holders() {
  for process in /proc/[0-9]*; do
    name=$(cat "$process/comm" 2>/dev/null) || continue
    if works_in "$process" || has_mounted "$process"; then echo "$name (process ${process#/proc/})"; fi
  done
}

in_use() {
  by=$(holders | paste -sd, | sed 's/,/, /g')
  die "its disk $image is in use by ${by:-something that no process shows}; end that, then run this again"
}

wait_for_disk() { # until its file system is gone, wherever it was mounted: then nothing is written any more
  for tenths in $(seq 3000); do # on a busy machine it may be long after nobody holds it
    if [ ! -e "$image" ] || [ -z "$(losetup --noheadings --associated "$image")" ]; then return 0; fi
    [ "$tenths" != 600 ] || [ -z "$(holders)" ] || in_use
    sleep 0.1
  done
  in_use
}

cut() {
  [ -d "$box" ] || die "there is no such box in this lab; it has: $(boxes | xargs)"
  [ -n "$(leader)" ] || return 0
  lose_power
  stop
  detach
}

down() {
  for NAME in $(boxes); do
    case " $KEEP " in *" $NAME "*) continue ;; esac
    place
    stop
    detach
    rm -rf "$box"
  done
  [ -n "$KEEP" ] || rm -rf "$STATE"
}

case ${1-} in up | cut | down) "$1" ;; *) die "usage: minipc.sh up | cut | down" ;; esac
