#!/bin/sh
# On the box: pgladder and its pinned dependencies in a virtual environment of their own, without any network.
#   install.sh      (as root; RELEASE and ARCHIVE in the environment)
# Installs it beside the one in use, then switches to it; prints "changed".
set -eu
program=/opt/pgladder
home=$program/$RELEASE
python=/usr/bin/python3.11 # Debian's, whatever else is in the way

install() {
  rm -rf "$home"
  mkdir -p "$home/wheels"
  chmod 755 "$program" "$home"
  tar -xf "$ARCHIVE" -C "$home/wheels"
  $python -m venv --without-pip "$home"
  cd "$home/wheels"
  # Debian's pip, as it comes: the virtual environment needs none of its own, and nobody's configuration of pip counts.
  pip=$(echo /usr/share/python-wheels/pip-*.whl)/pip
  PIP_CONFIG_FILE=/dev/null $python "$pip" --isolated --python "$home/bin/python" install --quiet --disable-pip-version-check \
    --no-index --find-links . --no-deps --no-compile --require-hashes --requirement release.txt
  cd /
  "$home/bin/python" -m compileall -q -j 0 "$home/lib"
  # Root runs it too: Python alone decides what is loaded (-I), no variable, no user's folder, not where one stands.
  sed -i "1s|^#!$home/bin/python.*|#!$home/bin/python -I|" "$home/bin/pgladder"
  head -n 1 "$home/bin/pgladder" | grep -qx "#!$home/bin/python -I"
  "$home/bin/pgladder" --version
  rm -rf "$home/wheels" "$ARCHIVE"
}

switch() {
  sync
  ln -sfn "$RELEASE" "$program/next"
  mv -T "$program/next" "$program/current"
  ln -sfn "$program/current/bin/pgladder" /usr/local/bin/pgladder
  find "$program" -mindepth 1 -maxdepth 1 ! -name current ! -name "$RELEASE" -exec rm -rf {} +
  echo changed
}

install
sync -f "$program"
switch
