#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Starts every process of this VM, at boot, and what wakes those that sleep; those were frozen at best, and are stopped now.
set -eu
. "${0%/*}/layout"
set --
for label in "$processes"/*/label.json; do
  [ -e "$label" ] || continue
  folder=${label%/label.json}
  if [ -s "$folder/wake" ] && read -r port <"$folder/wake"; then set -- "$@" "stratos-wake@$port.socket"; fi
  if [ -s "$folder/asleep" ]; then
    echo stopped >"$folder/asleep"
  else
    set -- "$@" "stratos-process@${folder##*/}.service"
  fi
done
[ $# -eq 0 ] || exec systemctl --no-block start "$@"
