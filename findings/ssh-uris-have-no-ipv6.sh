#!/usr/bin/env bash
# OpenSSH 9.2p1 (Debian 12, openssh-client 1:9.2p1-2+deb12u10, unpacked from its .deb).
#
# ssh(1): "The destination may be specified as either [user@]hostname or a URI of the form ssh://[user@]hostname[:port]";
# a jump host likewise. An IPv6 address with a port can be written as a jump host, in brackets, and can't be as a URI:
# that is a usage error, though URIs have this form for it (RFC 3986, 3.2.2). So one form does not stand for the other:
# a tool that makes a URI of what a user gave to -J refuses gateways that ssh takes.
#
# Seen:
#   -J me@[2001:db8::1]:2222            taken
#   -J ssh://me@[2001:db8::1]:2222      refused
#   ssh://me@[2001:db8::1]:2222         refused
#   -J me@192.0.2.1:2222                taken
#   -J ssh://me@192.0.2.1:2222          taken
#   ssh://me@192.0.2.1:2222             taken
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download openssh-client=1:9.2p1-2+deb12u10 >/dev/null 2>&1
dpkg-deb -x openssh-client_*.deb client
look() { # what is taken is printed as it is understood (-G); nothing is connected to
  if client/usr/bin/ssh -F none -G "$@" >/dev/null 2>&1; then said=taken; else said=refused; fi
  words=$*
  printf '%-35s %s\n' "${words% box}" "$said"
}
for host in '[2001:db8::1]' 192.0.2.1; do
  look -J "me@$host:2222" box
  look -J "ssh://me@$host:2222" box
  look "ssh://me@$host:2222"
done | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
