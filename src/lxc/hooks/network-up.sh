#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Makes the bridge of the processes and the table inet stratos as they shall be, whatever is there now: at boot, and whenever
# the two have drifted. The table is replaced in one transaction; connections that exist go on.
set -eu
. "${0%/*}/layout"
PATH=$PATH:/usr/sbin:/sbin
mkdir -p /run/stratos
made=''
if [ ! -d "/sys/class/net/$bridge" ]; then
  # From its first moment: udev gives what has none an address of its own, a moment later.
  ip link add name "$bridge" address "$gateway_mac" type bridge forward_delay 0
  made=yes
fi
# With a fixed MAC: a bridge otherwise takes that of one of its ports, and all neighbours lose it when that port goes.
ip -batch - <<IP
link set dev $bridge address $gateway_mac
address replace $gateway/$prefix dev $bridge
link set dev $bridge up
IP
echo 1 >/proc/sys/net/ipv4/ip_forward

neighbours='' published='' sleepers='' egress=''
for file in "$processes"/*/network; do
  [ -e "$file" ] || continue
  read -r address mac ports <"$file" || continue
  folder=${file%/network}
  [ ! -s "$folder/asleep" ] || sleepers="$sleepers$address, "
  if [ -s "$folder/wake" ] && read -r port <"$folder/wake"; then published="$published$port : $gateway . $port, "; fi
  neighbours="${neighbours}neigh replace $address lladdr $mac dev $bridge nud permanent
"
  for port in $ports; do published="$published${port%:*} : $address . ${port#*:}, "; done
  # Where it may connect to, and then nowhere else.
  [ -e "$folder/egress" ] || continue
  while read -r place only; do
    [ -n "$place" ] || continue
    rule="ip saddr $address ip daddr $place"
    if [ -n "$only" ]; then
      egress="$egress
    $rule tcp dport $only accept
    $rule udp dport $only accept"
    else
      egress="$egress
    $rule accept"
    fi
  done <"$folder/egress"
  egress="$egress
    ip saddr $address reject"
done
# Where somebody deleted the bridge, processes that run have lost it: the other end of what is their eth0 is theirs still.
for folder in ${made:+"$processes"/*/}; do
  name=${folder%/}
  for group in /sys/fs/cgroup/pids /sys/fs/cgroup; do
    pid=''
    [ ! -r "$group/lxc.payload.${name##*/}/cgroup.procs" ] || read -r pid <"$group/lxc.payload.${name##*/}/cgroup.procs" || :
    [ -n "$pid" ] || continue
    other=$(nsenter -t "$pid" -n ip -o link show dev eth0) || break
    other=${other#*@if}
    ip link set dev "$(grep -lx "${other%%:*}" /sys/class/net/*/ifindex | sed 's|.*net/||; s|/ifindex||')" master "$bridge" || :
    break
  done
done
if [ -n "$neighbours" ]; then printf '%s' "$neighbours" | ip -force -batch -; fi

allowed=
if [ -e "$peers" ]; then while read -r peer; do allowed="$allowed$peer, "; done <"$peers"; fi

nft -f - <<NFT
table inet stratos
delete table inet stratos
table inet stratos {
  # Who may use published ports: the VMs of the partition.
  set peers {
    type ipv4_addr
    ${allowed:+elements = { $allowed \}}
  }
  # Published port of the VM to address and port of a process, wake ports among them.
  map published {
    type inet_service : ipv4_addr . inet_service
    ${published:+elements = { $published \}}
  }
  # Processes that crashed a moment ago: refused at once, so that nobody waits for an answer.
  set down {
    type ipv4_addr
    flags timeout
  }
  # Processes that sleep: refused at once, so that gateways turn to the wake port. With a time while it is not sure yet that they will.
  set asleep {
    type ipv4_addr
    flags timeout
    ${sleepers:+elements = { $sleepers \}}
  }
  # Wake ports of processes that could not be woken a moment ago.
  set unwakeable {
    type inet_service
    flags timeout
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname != "$bridge" fib daddr type local ip saddr @peers dnat ip to tcp dport map @published
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr $network oifname != "$bridge" masquerade
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr $gateway tcp dport $wake_ports jump wake
    iifname "$bridge" ip daddr != $gateway jump egress
  }
  # What processes may connect to, beyond what they need by way of the gateway of their VM.
  chain egress {
    ct state established,related accept$egress
  }
  # A wake port is for gateways: that of this VM, and by way of published ports those of its partition.
  chain wake {
    tcp dport @unwakeable ct state new reject with tcp reset
    iifname "lo" accept
    ct status dnat accept
    reject with tcp reset
  }
  chain output {
    type filter hook output priority filter; policy accept;
    ip daddr @down meta l4proto tcp reject with tcp reset
    # All but those that woke it.
    ip daddr @asleep meta l4proto tcp ct state new meta skuid != "proxy" reject with tcp reset
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip daddr @down meta l4proto tcp reject with tcp reset
    ip daddr @asleep meta l4proto tcp ct state new reject with tcp reset
    # Clouds answer there, to whoever asks on the VM, with its user data, in which its private host key is, and with its own rights.
    iifname "$bridge" ip daddr 169.254.0.0/16 reject
    iifname "$bridge" oifname != "$bridge" jump egress
    oifname "$bridge" iifname != "$bridge" ct state established,related accept
    oifname "$bridge" iifname != "$bridge" ct status dnat accept
    oifname "$bridge" iifname != "$bridge" drop
  }
}
NFT
# What observations compare with: the rules as nft says them, without elements, which come and go.
nft list table inet stratos | awk '/elements = \{/ { inside = 1 } !inside { print } /\}/ { inside = 0 }' >/run/stratos/table.new
mv /run/stratos/table.new /run/stratos/table
