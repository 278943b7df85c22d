#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12, openssh-client 1:9.2p1-2+deb12u10, unpacked from its .deb).
#
# What a ProxyCommand (or the ssh of a ProxyJump) says on standard error reaches the terminal, unless ControlPersist is
# set: then ssh sends it to /dev/null, also where there is no ControlMaster and so nothing that could persist. Why a
# gateway refused is then nowhere to be seen. Ansible's ssh sets ControlPersist by default, so a play through a gateway
# fails with "Connection closed by UNKNOWN port 65535" and no reason.
#
# Seen (is the proxy's own sentence among what ssh prints?):
#   no option: the proxy's reason is shown
#   ControlMaster=auto: the proxy's reason is shown
#   ControlMaster=auto ControlPersist=60s: the proxy's reason is lost
#   ControlPersist=60s: the proxy's reason is lost
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download openssh-client=1:9.2p1-2+deb12u10 >/dev/null 2>&1
dpkg-deb -x openssh-client_*.deb client
reason="the gateway refused"
look() {
  local options=()
  for option in "$@"; do options+=(-o "$option"); done
  timeout 20 client/usr/bin/ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$folder/none" \
    -o ControlPath="$folder/control" "${options[@]}" -o ProxyCommand="sh -c 'echo $reason >&2; sleep 0.5; exit 1'" nowhere true >said 2>&1 || true
  grep -q "Connection closed" said  # it did try
  if grep -q "$reason" said; then echo "${*:-no option}: the proxy's reason is shown"; else echo "${*:-no option}: the proxy's reason is lost"; fi
}
{
  look
  look ControlMaster=auto
  look ControlMaster=auto ControlPersist=60s
  look ControlPersist=60s
} | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
