#!/bin/sh
# Runs before systemd asks the container $1 to end: where its first program does not listen to SIGTERM (the kernel drops a
# signal to the first process of a namespace unless it is caught), waiting for it would be in vain.
set -eu
for group in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  group=$group/lxc.payload.$1
  [ -d "$group" ] || continue
  while read -r pid; do
    first="" caught=""
    while read -r key value; do
      case $key in
      NSpid:) case $value in *[!0-9]1) first=yes ;; esac ;;
      SigCgt:) caught=$value ;;
      esac
    done <"/proc/$pid/status"
    [ -n "$first" ] || continue
    # SIGTERM is bit 14 of the mask.
    case $caught in
    *[4567cdef]???) ;;
    *) kill -KILL "$pid" ;;
    esac
    exit 0
  done <"$group/cgroup.procs"
  exit 0
done
