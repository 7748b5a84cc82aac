#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Mounts the file systems of those of these processes that have one of their own: the file `disk`, at the folder of their changes. Nothing is
# done for one that is mounted. It goes with its mount.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/stratos
exec 9>/run/stratos/disks
flock 9
for name; do
  folder=$processes/$name
  [ -e "$folder/disk" ] || continue
  # The kernel did not let it grow while it was in use; nobody takes it away from one that runs.
  if [ -e "$folder/disk-grows" ] && { ! mountpoint -q "$folder/overlay" || umount "$folder/overlay"; } 2>/dev/null; then
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
