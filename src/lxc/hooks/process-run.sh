#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Becomes the container $1: what its unit runs.
set -eu
. "${0%/*}/layout"
cd "$processes/$1"
# Started by something else than a request: it is awake.
if [ -s asleep ] && [ ! -e "/run/stratos/waking.$1" ]; then
  : >asleep
  read -r address _ <network
  /usr/sbin/nft delete element inet stratos asleep "{ $address }" 2>/dev/null || :
fi
# A monitor that was killed leaves a cgroup, which would give the next container another name than the one that is observed.
for group in /sys/fs/cgroup/*/"lxc.payload.$1" /sys/fs/cgroup/*/"lxc.monitor.$1" \
  "/sys/fs/cgroup/lxc.payload.$1" "/sys/fs/cgroup/lxc.monitor.$1"; do
  [ -d "$group" ] || continue
  # What is frozen does not die.
  [ ! -e "${group%/*/*}/freezer/${group##*/}/freezer.state" ] || echo THAWED >"${group%/*/*}/freezer/${group##*/}/freezer.state"
  while read -r pid; do kill -KILL "$pid" || :; done <"$group/cgroup.procs" 2>/dev/null
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || :
done
# Where it has a file system of its own.
[ ! -e disk ] || "${0%/*}/process-disk" "$1"
# The layers of its image are mounted once for all processes; not since the VM was started, maybe.
while read -r key _ rootfs; do
  [ "$key" = lxc.rootfs.path ] || continue
  rootfs=${rootfs#overlay:} rootfs=${rootfs%%:*}
  [ -d "$rootfs/.stratos" ] || "${0%/*}/image-mount" "$rootfs"
  break
done <config
[ ! -e podman ] || exec "${0%/*}/podman-run" "$1"
# The output goes through a pipe, as a program cannot open the journal's socket again by /dev/stdout.
cat stratos/output &
# Without newuidmap in its path LXC writes the map of ids itself, which saves it four programs: the range is reserved by the VM's
# preparation.
PATH=/usr/sbin:/sbin
exec /usr/bin/lxc-start -F -P "$processes" -n "$1"
