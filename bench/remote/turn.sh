# Let a run begin its blocks up to one, as its turn has come. As the user that runs belong to.
#   turn.sh RUN [BLOCK]  says the last block that it may begin, nothing where it takes no turns or has finished
# A turn is never taken back: what was given twice, or too late, changes nothing. Exit code 12: no such run.
set -eu
run=$1 block=${2-}
cd "/var/lib/pgladder/runs/$run" 2>/dev/null || exit 12
given=$([ ! -e turn ] || cat turn)

if [ -n "$block" ] && [ "${given:-0}" -lt "$block" ]; then
  echo "$block" >turn.part
  sync turn.part
  mv turn.part turn
  sync .
  given=$block
fi
[ -e SHA256SUMS ] || printf %s "$given"
