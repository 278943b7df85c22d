#!/bin/sh
# On the box: pgladder and its pinned dependencies in a virtual environment of their own, without any network.
#   install.sh look       prints "changed" when the release in use is another
#   install.sh install    (as root; ARCHIVE too) installs it beside the one in use, then switches to it
set -eu
program=/opt/pgladder
home=$program/$RELEASE

install() {
  rm -rf "$home"
  mkdir -p "$home/wheels"
  tar -xf "$ARCHIVE" -C "$home/wheels"
  python3 -m venv --without-pip "$home"
  cd "$home/wheels"
  # Debian's pip, as it comes: the virtual environment needs none of its own.
  pip=$(echo /usr/share/python-wheels/pip-*.whl)/pip
  python3 "$pip" --python "$home/bin/python" install --quiet --disable-pip-version-check \
    --no-index --find-links . --no-deps --no-compile --require-hashes --requirement release.txt
  cd /
  "$home/bin/python" -m compileall -q -j 0 "$home/lib"
  "$home/bin/pgladder" --version
  rm -rf "$home/wheels" "$ARCHIVE"
}

switch() {
  sync
  ln -sfn "$RELEASE" "$program/next"
  mv -T "$program/next" "$program/current"
  ln -sfn "$program/current/bin/pgladder" /usr/local/bin/pgladder
  find "$program" -mindepth 1 -maxdepth 1 ! -name current ! -name "$RELEASE" -exec rm -rf {} +
}

case ${1-} in
  look) [ "$(readlink "$program/current")" = "$RELEASE" ] || echo changed ;;
  install)
    install
    sync -f "$program"
    switch
    ;;
  *) echo "usage: install.sh look | install" >&2 && exit 1 ;;
esac
