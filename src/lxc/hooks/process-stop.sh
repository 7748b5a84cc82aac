#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Asks the container $1 to end, before systemd looks for what is left: its image's stop signal, which is mostly SIGTERM, to its
# first program, or SIGKILL where that does not listen to it (the kernel drops a signal to the first process of a namespace unless it is caught), as waiting would be in
# vain. Not by way of lxc-start: a signal that reaches it while it clears up ends it, and leaves the container's cgroups.
set -eu
. "${0%/*}/layout"
# Of processes of an older version nothing is known but SIGTERM.
signal=15
[ ! -s "$processes/$1/stop" ] || read -r signal <"$processes/$1/stop"
# For process-down: this is no crash. Without a main process it has ended by itself.
[ -z "${MAINPID-}" ] || echo stop >"/run/stratos/stopping.$1"
# What is frozen hears nothing.
for file in "/sys/fs/cgroup/freezer/lxc.payload.$1/freezer.state" "/sys/fs/cgroup/lxc.payload.$1/cgroup.freeze" \
  "/sys/fs/cgroup/unified/lxc.payload.$1/cgroup.freeze"; do
  [ -e "$file" ] || continue
  case $file in
  */freezer.state) echo THAWED >"$file" ;;
  *) echo 0 >"$file" ;;
  esac
done 2>/dev/null
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
    # The mask has 16 digits; the lowest bit of the last is signal 1.
    digit=$caught place=$(((signal - 1) / 4))
    while [ "$place" -gt 0 ]; do digit=${digit%?} place=$((place - 1)); done
    if [ $((0x${digit#"${digit%?}"} >> (signal - 1) % 4 & 1)) = 1 ]; then kill -"$signal" "$pid"; else kill -KILL "$pid"; fi
    exit 0
  done <"$group/cgroup.procs"
done 2>/dev/null
# It has not come so far.
[ -z "${MAINPID-}" ] || kill -TERM "$MAINPID"
