#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# What the key of a run may do here: read a compressed layer, from a byte on. $1: the hex of its digest and the number of bytes to
# leave out.
set -euf
. "${0%/*}/layout"
refuse() {
  printf 'Cannot give a layer as %s\n' "$1" >&2
  exit 1
}
# shellcheck disable=SC2086
set -- ${1-}
if [ $# != 2 ] || [ ${#1} != 64 ]; then refuse 'none is named'; fi
case $1$2 in *[!0-9a-f]*) refuse 'none is named' ;; esac
case $2 in *[!0-9]* | ????????????????*) refuse 'none is named' ;; esac
[ -f "$blobs/sha256/$1" ] || refuse "it is not here: $1"
exec tail -c "+$(($2 + 1))" "$blobs/sha256/$1"
