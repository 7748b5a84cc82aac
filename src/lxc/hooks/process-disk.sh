#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Mounts the file systems of those of these processes that have one of their own: the file `disk`, at the folder of their changes. Nothing is
# done for one that is mounted. It goes with its mount. One that has to grow (`disk-grows`) and could not while it was in use does so here,
# where the process does not run.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/stratos
exec 9>/run/stratos/disks
flock 9

# Whether anything of process $1 is in its cgroup.
runs() {
  for group in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    pid=''
    [ ! -r "$group/lxc.payload.$1/cgroup.procs" ] || read -r pid <"$group/lxc.payload.$1/cgroup.procs" || :
    [ -z "$pid" ] || return 0
  done
  return 1
}

# Takes the file system in folder $1 away, until nothing has it open: an unmounted one may still be in use by the union above it, and is
# not to be written to behind its back.
released() {
  if mountpoint -q "$1/overlay"; then umount "$1/overlay" 2>/dev/null || return 1; fi
  tries=0
  while [ -n "$(losetup -j "$1/disk")" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 40 ] || return 1
    sleep 0.05
  done
}

for name; do
  folder=$processes/$name
  [ -e "$folder/disk" ] || continue
  if [ -e "$folder/disk-grows" ] && ! runs "$name" && released "$folder"; then
    e2fsck -fp "$folder/disk" >/dev/null 2>&1 || :
    ! resize2fs "$folder/disk" >/dev/null 2>&1 || rm -f "$folder/disk-grows"
  fi
  ! mountpoint -q "$folder/overlay" || continue
  tries=0
  until trouble=$(mount -o loop,noatime "$folder/disk" "$folder/overlay" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
      printf 'Cannot mount the disk of %s as this VM has no loop devices for it: %s\n' "$name" "$trouble" >&2
      exit 1
    fi
    # In a VM that is a container itself nobody makes the nodes of devices, and others of its machine take them as well.
    device=$(losetup -f 2>/dev/null || :)
    [ -z "$device" ] || [ -e "$device" ] || mknod -m 600 "$device" b 7 "${device#/dev/loop}" 2>/dev/null || :
    sleep 0.05
  done
done
