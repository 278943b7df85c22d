#!/usr/bin/env bash
# On the control machine: the wheels a box needs, in one archive, for the box's architecture and Python 3.11.
#   wheelhouse.sh [release]      (CHECKOUT and ARCHITECTURE in the environment; with "release" it builds nothing)
# Prints the release, a hash of everything that goes in; the archive is .cache/wheelhouse/<architecture>-<release>.tar.
set -euo pipefail
cd "$CHECKOUT"
house=.cache/wheelhouse
hash() { sha256sum | cut -c1-16; }

release=$({
  cat requirements/box.txt pyproject.toml
  find bench templates -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | hash)
[[ ${1-} != release ]] || { echo "$release" && exit; }
archive=$house/$ARCHITECTURE-$release.tar
wheels=$house/$ARCHITECTURE-$(hash <requirements/box.txt)

download() {
  local tags=()
  for tag in manylinux_2_28 manylinux_2_17 manylinux2014; do tags+=(--platform "${tag}_$ARCHITECTURE"); done
  .venv/bin/pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: \
    --python-version 3.11 "${tags[@]}" --requirement requirements/box.txt --dest "$wheels.part"
  mv "$wheels.part" "$wheels"
}

build() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  .venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$work" .
  wheel=$(basename "$work"/pgladder-*.whl)
  { cat requirements/box.txt && echo "./$wheel --hash=sha256:$(sha256sum <"$work/$wheel" | cut -c1-64)"; } >"$work/release.txt"
  cp "$wheels"/*.whl "$work"
  tar -cf "$archive.part" -C "$work" .
  mv "$archive.part" "$archive"
}

mkdir -p "$house"
exec 9>"$house/lock" # plays that run at once share the wheels
flock 9
[[ -d $wheels ]] || download
[[ -e $archive ]] || build
find "$house" -mindepth 1 -maxdepth 1 -name "$ARCHITECTURE-*" ! -path "$archive" ! -path "$wheels" -exec rm -r {} + # older ones
echo "$release"
