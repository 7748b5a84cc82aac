#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Starts every process of this VM, at boot, and what wakes those that sleep; those were frozen at best, and are stopped now.
set -eu
. "${0%/*}/layout"
set --
disks=''
for label in "$processes"/*/label.json; do
  [ -e "$label" ] || continue
  folder=${label%/label.json}
  [ ! -e "$folder/disk" ] || disks="$disks ${folder##*/}"
  if [ -s "$folder/wake" ] && read -r port <"$folder/wake"; then set -- "$@" "stratos-wake@$port.socket"; fi
  if [ -s "$folder/asleep" ]; then
    echo stopped >"$folder/asleep"
  else
    set -- "$@" "stratos-process@${folder##*/}.service"
  fi
done
# Of those that sleep, too: whoever asks what they have changed must find it.
# shellcheck disable=SC2086 # names
[ -z "$disks" ] || "${0%/*}/process-disk" $disks || :
[ $# -eq 0 ] || exec systemctl --no-block start "$@"
