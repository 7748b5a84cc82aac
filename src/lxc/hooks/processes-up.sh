#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Starts every process of this VM, at boot.
set -eu
. "${0%/*}/layout"
set --
for label in "$processes"/*/label.json; do
  [ -e "$label" ] || continue
  name=${label%/label.json}
  set -- "$@" "stratos-process@${name##*/}.service"
done
[ $# -eq 0 ] || exec systemctl --no-block start "$@"
