#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# What the key of a run may do here: read a compressed layer, from a byte on. $1: the hex of its digest and the number of bytes to
# leave out. $2: bytes per second that leave this VM for all who read together; 0 or nothing: as fast as it goes.
set -euf
. "${0%/*}/layout"
refuse() {
  printf 'Cannot give a layer as %s\n' "$1" >&2
  exit 1
}
rate=${2:-0}
# shellcheck disable=SC2086
set -- ${1-}
if [ $# != 2 ] || [ ${#1} != 64 ]; then refuse 'none is named'; fi
case $1$2 in *[!0-9a-f]*) refuse 'none is named' ;; esac
case $2 in *[!0-9]* | ????????????????*) refuse 'none is named' ;; esac
blob=$blobs/sha256/$1 at=$2
[ -f "$blob" ] || refuse "it is not here: $1"
[ "$rate" -gt 0 ] || exec tail -c "+$((at + 1))" "$blob"

# Whoever reads takes turns by one clock: the time in us from which the line is free again.
mkdir -p /run/stratos
exec 9>>/run/stratos/given
turn() {
  flock 9
  read -r free </run/stratos/given || free=0
  read -r now _ </proc/uptime
  now=$((${now%.*} * 1000000 + (1${now#*.} - 100) * 10000))
  [ "$free" -gt "$now" ] || free=$now
  echo $((free + $1 * 1000000 / rate)) >/run/stratos/given
  flock -u 9
  wait=$((free - now))
}
size=$(stat -c %s "$blob")
# A fifth of a second each.
piece=$((rate / 5 > 1024 ? rate / 5 : 1024))
while [ "$at" -lt "$size" ]; do
  [ "$((size - at))" -gt "$piece" ] || piece=$((size - at))
  turn "$piece"
  [ "$wait" -lt 10000 ] || sleep "$((wait / 1000000)).$(printf %06d $((wait % 1000000)))"
  dd if="$blob" bs=64k iflag=skip_bytes,count_bytes skip="$at" count="$piece" status=none
  at=$((at + piece))
done
