#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# The runtime that podman calls: crun, with the cgroups and the network of the process around it. What is made by it is in the cgroups
# from the beginning, and podman, which is large, never is.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
bundle='' pidfile='' verb='' before='' id=''
for word; do
  case $before in
  --bundle) bundle=$word ;;
  --pid-file) pidfile=$word ;;
  esac
  case $word in create) verb=create ;; esac
  before=$word id=$word
done
[ "$verb" = create ] || exec crun "$@"

# A text of somebody else cannot have this in it without a backslash before each quotation mark.
name=$(sed -n 's/.*"hostname":"\([a-z0-9-]*\)".*/\1/p' "$bundle/config.json")
folder=$processes/$name
read -r address mac _ <"$folder/network"
read -r label <"$folder/label.json"
index=${label#*\"index\":}
device=stratos-p${index%%[!0-9]*}

(
  # Where this shell is, what it becomes is too.
  # shellcheck disable=SC2016
  self=$(exec sh -c 'echo "$PPID"')
  for group in "/sys/fs/cgroup/lxc.payload.$name" /sys/fs/cgroup/*/"lxc.payload.$name"; do
    [ ! -e "$group/cgroup.procs" ] || echo "$self" >"$group/cgroup.procs"
  done
  exec crun "$@"
)
read -r pid <"$pidfile" || [ -n "$pid" ]

# One end on the bridge, the other in the container, which is the same as what LXC makes. That of an earlier start goes in its own time.
wire() {
  ip link delete dev "$device" 2>/dev/null || :
  ip link add name "$device" type veth peer name eth0 address "$mac" netns "$pid" || return
  ip link set dev "$device" master "$bridge" up || return
  nsenter -t "$pid" -n ip -batch - <<IP || return
address add $address/$prefix dev eth0
link set dev lo up
link set dev eth0 up
route add default via $gateway
IP
  [ ! -s "$folder/bandwidth" ] || "${0%/*}/process-shape" "$name" net up veth "$device"
}
if ! wire; then
  crun delete --force "$id"
  exit 1
fi
