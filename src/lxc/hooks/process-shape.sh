#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Limits the traffic of process $1 to what its file `bandwidth` says: bits in a second that it receives and that it sends, 0 for no limit;
# no file: none. Run by LXC when it has made the process's network (the last argument is the VM's end of it), and for one that runs.
#
# What it receives leaves by the VM's end and waits there. What it sends comes in by it, where nothing can wait: it takes the way through
# a device of its own, `stratos-bw` and the number of the process, and waits there. Dropping it instead would leave TCP with a
# small part of the rate, as packets are as large as 64 kB here. What was made is kept for the observation: see `traffic`.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
name=$1 device=''
[ $# = 1 ] || for device; do :; done
folder=$processes/$name
in=0 out=0
[ ! -s "$folder/bandwidth" ] || read -r in out <"$folder/bandwidth"
read -r label <"$folder/label.json"
index=${label#*\"index\":}
detour=stratos-bw${index%%[!0-9]*}
kept=/run/stratos/traffic.$name

if [ -z "$device" ]; then
  for group in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    pid=''
    [ ! -r "$group/lxc.payload.$name/cgroup.procs" ] || read -r pid <"$group/lxc.payload.$name/cgroup.procs" || :
    [ -z "$pid" ] || break
  done
  # Not running any more: the next start brings it here again.
  [ -n "$pid" ] || exit 0
  # For a moment after its start it is in the network of the VM.
  tries=0
  while [ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo 'it has no network yet' && exit 1; }
    sleep 0.05
  done
  other=$(nsenter -t "$pid" -n ip -o link show dev eth0)
  other=${other#*@if}
  device=$(grep -lx "${other%%:*}" /sys/class/net/*/ifindex | sed 's|.*net/||; s|/ifindex||')
fi

# Lets $2 bits in a second leave by device $1, and 50 ms of that at once: a large packet is sent in pieces.
slow() {
  burst=$(($2 / 160))
  [ "$burst" -ge 16384 ] || burst=16384
  tc qdisc replace dev "$1" root tbf rate "${2}bit" burst "$burst" latency 50ms
}

if [ "$in" != 0 ]; then slow "$device" "$in"; else tc qdisc del dev "$device" root 2>/dev/null || :; fi
if [ "$out" != 0 ]; then
  [ -d "/sys/class/net/$detour" ] || ip link add name "$detour" type ifb
  ip link set dev "$detour" up
  slow "$detour" "$out"
  if ! tc filter show dev "$device" ingress 2>/dev/null | grep -qw "$detour"; then
    # What is there may lead to a device that is gone.
    tc qdisc del dev "$device" ingress 2>/dev/null || :
    tc qdisc add dev "$device" handle ffff: ingress
    set -- action mirred egress redirect dev "$detour"
    tc filter add dev "$device" parent ffff: protocol all prio 1 matchall "$@" 2>/dev/null ||
      tc filter add dev "$device" parent ffff: protocol all prio 1 u32 match u32 0 0 "$@"
  fi
else
  tc qdisc del dev "$device" ingress 2>/dev/null || :
  [ ! -d "/sys/class/net/$detour" ] || ip link del dev "$detour"
fi
if [ "$in$out" = 00 ]; then
  rm -f "$kept"
else
  "${0%/*}/traffic" | grep -w -e "dev $device" -e "dev $detour" >"$kept.new"
  mv "$kept.new" "$kept"
fi
