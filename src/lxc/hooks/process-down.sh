#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Runs after the container $1 ended. After a crash its address refuses connections for a moment, so that gateways try another
# process at once and do not wait until their checks have noticed.
set -eu
. "${0%/*}/layout"
PATH=$PATH:/usr/sbin:/sbin
[ ! -e "$processes/$1/podman" ] || "${0%/*}/podman-down" "$1" || :
mark=/run/stratos/stopping.$1
why=''
[ ! -s "$mark" ] || read -r why <"$mark"
if [ "$why" = stop ]; then
  : >"$mark"
  exit 0
fi
read -r address _ <"$processes/$1/network"
exec nft add element inet stratos down "{ $address timeout 3s }"
