#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Clears up after the container of podman of the process $1: what of it still runs, podman's notes of it, its cgroups.
set -u
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root CONTAINERS_CONF="${0%/*}/containers.conf" CONTAINERS_STORAGE_CONF="${0%/*}/storage.conf"
for group in "/sys/fs/cgroup/lxc.payload.$1" /sys/fs/cgroup/*/"lxc.payload.$1"; do
  [ -d "$group" ] || continue
  # What is frozen does not die.
  [ ! -e "$group/freezer.state" ] || echo THAWED >"$group/freezer.state"
  [ ! -e "$group/cgroup.freeze" ] || echo 0 >"$group/cgroup.freeze"
  while read -r pid; do kill -KILL "$pid" || :; done <"$group/cgroup.procs"
done 2>/dev/null
podman rm --force --ignore --time 0 "$1" >/dev/null
# Podman may have been ended between taking its notes and telling crun.
if [ -s "/run/stratos/podman/$1.id" ]; then
  read -r id <"/run/stratos/podman/$1.id" || :
  [ ! -d "/run/crun/$id" ] || crun delete --force "$id"
  rm -f "/run/stratos/podman/$1.id"
fi
for group in "/sys/fs/cgroup/lxc.payload.$1" /sys/fs/cgroup/*/"lxc.payload.$1"; do
  [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
done
exit 0
