#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Becomes what reads the output of the process $1, a container of podman, and ends with it: what process-run becomes where podman makes
# the container. Its cgroups have LXC's names and limits, so that whoever looks at them need not know what made them. With `inside`
# it is in mounts of its own, and starts the container.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root CONTAINERS_CONF="${0%/*}/containers.conf" CONTAINERS_STORAGE_CONF="${0%/*}/storage.conf"
name=$1 notes=/run/stratos/podman
cd "$processes/$name"

# Sets `lower` to the image's root file system.
image_of() {
  while read -r key _ lower; do
    [ "$key" != lxc.rootfs.path ] || break
  done <config
  lower=${lower#overlay:} lower=${lower%%:*}
}

if [ "${2-}" = inside ]; then
  image_of
  # As LXC mounts it, so that its changes are the same to whoever reads them.
  mount -t overlay -o "userxattr,lowerdir=$lower,upperdir=$PWD/overlay/delta,workdir=$PWD/overlay/work" stratos "$PWD/rootfs"
  set -- --cidfile="$notes/$name.id"
  # Where the VM has servers of names.
  resolver=${processes%/*}/resolv.conf
  [ ! -e "$resolver" ] || set -- "$@" --mount="type=bind,source=$resolver,destination=/etc/resolv.conf,readonly"
  while IFS= read -r option; do set -- "$@" "$option"; done <podman
  exec podman run --detach --quiet --rm --replace "$@" --rootfs "$PWD/rootfs" >/dev/null
fi

# One group in each hierarchy, made before anything is in it: its limits hold from the first moment on.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  if [ ! -e "$hierarchy/cgroup.procs" ] || [ -h "$hierarchy" ]; then continue; fi
  # With cgroup v2 there is one, and these are groups in it.
  if [ "$hierarchy" != /sys/fs/cgroup ] && [ -e /sys/fs/cgroup/cgroup.controllers ]; then continue; fi
  if [ -e "$hierarchy/cgroup.subtree_control" ]; then
    for controller in cpu memory pids io; do echo "+$controller" >"$hierarchy/cgroup.subtree_control" || :; done 2>/dev/null
  fi
  group=$hierarchy/lxc.payload.$name
  mkdir -p "$group"
  for file in cpuset.cpus cpuset.mems; do
    if [ -e "$group/$file" ] && [ -e "$hierarchy/$file" ]; then cat "$hierarchy/$file" >"$group/$file"; fi
  done
  while read -r key _ value; do
    case $key in
    lxc.cgroup2.*) key=${key#lxc.cgroup2.} ;;
    lxc.cgroup.*) key=${key#lxc.cgroup.} ;;
    *) continue ;;
    esac
    [ ! -e "$group/$key" ] || echo "$value" >"$group/$key"
  done <config
done

mkdir -p "$notes"
chmod 700 "$notes"
rm -f "$notes/$name.id"
# Its mounts go with its last process. Not a child of what follows, which would never look after it.
(unshare -m --propagation slave "$0" "$name" inside >stratos/output 2>&1 &)
# Somebody has it open for writing for as long as the container lives: conmon, which looks after it.
exec cat stratos/output
