#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# What the key of a run may do here: read a compressed layer, also one that is on its way here itself: what has come of it, then the
# rest as it comes. $1: the hex of its digest, the number of bytes to leave out, the size of the whole, and seconds for which nothing
# may come while nobody is taking the layer. $2: bytes per second that leave this VM for all who read together; 0 or nothing: as fast
# as it goes.
set -euf
. "${0%/*}/layout"
refuse() {
  printf 'Cannot give a layer as %s\n' "$1" >&2
  exit 1
}
rate=${2:-0}
# shellcheck disable=SC2086
set -- ${1-}
if [ $# != 4 ] || [ ${#1} != 64 ]; then refuse 'none is named'; fi
case $1$2$3$4 in *[!0-9a-f]*) refuse 'none is named' ;; esac
for number in "$2" "$3" "$4"; do
  case $number in *[!0-9]* | ????????????????*) refuse 'none is named' ;; esac
done
run=/run/stratos
blob=$blobs/sha256/$1 hex=$1 at=$2 size=$3 patience=$4

# Keeps the file, whatever name it gets meanwhile.
take() { command exec 5<"$1"; } 2>/dev/null
waited=0
until take "$blob" || take "$blob.part"; do
  [ "$waited" -lt "$((patience * 10))" ] || refuse "it is not here: $hex"
  waited=$((waited + 1))
  sleep 0.1
done
file=/proc/$$/fd/5

# Whoever reads takes turns by one clock: the time in us from which the line is free again.
mkdir -p "$run"
[ "$rate" = 0 ] || exec 9>>"$run/given"
turn() {
  flock 9
  read -r free <"$run/given" || free=0
  read -r now _ </proc/uptime
  now=$((${now%.*} * 1000000 + (1${now#*.} - 100) * 10000))
  [ "$free" -gt "$now" ] || free=$now
  echo $((free + $1 * 1000000 / rate)) >"$run/given"
  flock -u 9
  wait=$((free - now))
}
# A fifth of a second each.
most=$((rate / 5 > 1024 ? rate / 5 : 1024))
waited=0
while [ "$at" -lt "$size" ]; do
  # Its length, and how many names it has.
  # shellcheck disable=SC2046
  set -- $(stat -L -c '%s %h' "$file")
  piece=$((($1 < size ? $1 : size) - at))
  if [ "$piece" -le 0 ]; then
    [ "$2" != 0 ] || refuse "it was dropped: $hex"
    # Who takes it has the lock, and may be slow, or about to go on after a cut.
    if [ "$waited" -ge "$((patience * 10))" ]; then
      if [ ! -e "$run/blob.$hex" ] || flock -ns "$run/blob.$hex" true; then refuse "it does not come: $hex"; fi
      waited=0
    fi
    waited=$((waited + 1))
    sleep 0.1
    continue
  fi
  waited=0
  if [ "$rate" != 0 ]; then
    [ "$piece" -le "$most" ] || piece=$most
    turn "$piece"
    [ "$wait" -lt 10000 ] || sleep "$((wait / 1000000)).$(printf %06d $((wait % 1000000)))"
  fi
  dd if="$file" bs=256k iflag=skip_bytes,count_bytes skip="$at" count="$piece" status=none
  at=$((at + piece))
done
