# Removes containers. Arguments: lineage, folder of the processes, folder of the hooks, bridge, then for each process NAME DRAIN SNAPSHOT:
# how long, in seconds, it may finish what its clients have open, and the comment of a snapshot of it that is kept, or an empty word. One of which
# none can be kept is not removed. Volumes stay, and snapshots, in `snapshots/NAME` beside the folder of processes. Prints a JSON line {"name","removed","drained"} or
# {"name","removed":false,"failure"} for each; one that is not there is removed already.
set -u
export LC_ALL=C
lineage=$1 processes=$2 hooks=$3 bridge=$4
shift 4
status=0
trash=$processes/.trash
# What an earlier run left when it was cut.
[ ! -e "$trash" ] || rm -rf "$trash"

refuse() {
  printf '{"name":"%s","removed":false,"failure":"%s"}\n' "$1" "$2"
  printf '%s: %s\n' "$1" "$2" >&2
  status=1
}

kept=${processes%/*}/snapshots
snapshots=''
names='' units='' records='' detours='' wired='' folders='' elements='' neighbours='' sleepers=''
while [ $# -gt 0 ]; do
  folder=$processes/$1 label=''
  if [ ! -e "$folder" ] && [ ! -h "$folder" ]; then
    printf '{"name":"%s","removed":true,"drained":true}\n' "$1"
  else
    [ ! -e "$folder/label.json" ] || read -r label <"$folder/label.json"
    case $label in
    *"\"lineage\":\"$lineage\""*)
      address='' ports=''
      [ ! -e "$folder/network" ] || read -r address _ ports <"$folder/network"
      [ -z "$3" ] || [ -e "$folder/podman" ] || { snapshots="$snapshots $1" && printf '%s' "$3" >"$folder/comment"; }
      names="$names $1" units="$units stratos-process@$1.service" folders="$folders $folder"
      records="$records$1 $2 $ports
"
      neighbours="$neighbours${address:+neigh del $address dev $bridge
}"
      [ ! -s "$folder/asleep" ] || sleepers="$sleepers$address, "
      index=${label#*\"index\":}
      [ ! -e "$folder/bandwidth" ] || detours="$detours${index%%[!0-9]*} "
      [ ! -e "$folder/egress" ] || wired=yes
      for port in $ports; do elements="$elements${port%:*}, "; done
      ;;
    *) refuse "$1" 'it does not carry the label of this inventory' ;;
    esac
  fi
  shift 3
done
[ -n "$names" ] || exit "$status"

for groups in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ ! -e "$groups/cgroup.procs" ] || break
done

# Waits until no client has a connection to a port of the process, seen from inside; names those that ran out of time.
# shellcheck disable=SC2016
busy=$(printf '%s' "$records" | awk -v groups="$groups" '
  function clock(line) { getline line < "/proc/uptime"; close("/proc/uptime"); return line + 0 }
  function connected(n, pid, kind, file, line, column, result) {
    file = groups "/lxc.payload." name[n] "/cgroup.procs"
    if ((getline pid < file) <= 0) return 0
    close(file)
    result = 0
    for (kind = 1; kind <= 2 && !result; kind++) {
      file = "/proc/" pid "/net/" (kind == 1 ? "tcp" : "tcp6")
      while (!result && (getline line < file) > 0) {
        split(line, column, " ")
        result = column[4] == "01" && index(ports[n], substr(column[2], length(column[2]) - 4) " ")
      }
      close(file)
    }
    return result
  }
  BEGIN { begun = clock() }
  { name[NR] = $1; until[NR] = begun + $2; ports[NR] = ""
    for (i = 3; i <= NF; i++) { sub(/^.*:/, "", $i); ports[NR] = ports[NR] sprintf(":%04X ", $i) } }
  END {
    while (1) {
      now = clock(); left = 0
      for (n = 1; n <= NR; n++) {
        if (n in done) continue
        if (!connected(n)) done[n] = 1
        else if (now >= until[n]) { done[n] = 1; print name[n] }
        else left++
      }
      if (!left) break
      system("sleep 0.05")
    }
  }')

# What wakes them goes first.
wakes='' files=''
for folder in $folders; do
  [ -s "$folder/wake" ] || continue
  read -r port <"$folder/wake"
  wakes="$wakes stratos-wake@$port.socket stratos-wake@$port.service" files="$files ${processes%/*}/wake/$port"
  elements="$elements$port, "
done
# shellcheck disable=SC2086 # names without spaces
[ -z "$wakes" ] || { systemctl stop $wakes >&2 && rm -f $files; }
# shellcheck disable=SC2086
systemctl stop $units >&2
{
  printf '%s' "$neighbours" | ip -force -batch - 2>/dev/null
  # What it sent took the way through these, see process-shape.
  for index in $detours; do ip link del dev "stratos-bw$index" 2>/dev/null; done
  for folder in $folders; do rm -f "/run/stratos/traffic.${folder##*/}"; done
  # shellcheck disable=SC2086
  systemctl reset-failed $units 2>/dev/null
} &
cleaning=$!

# Keeps what process $1 changed, as a snapshot of LXC's is laid out. Nothing is copied, except from a disk of its own. Where an earlier
# run was cut here it is taken up.
keep() {
  folder=$processes/$1 own=$kept/$1
  new=$own/.new
  if [ -e "$folder/disk" ] || [ ! -d "$new/overlay/delta" ]; then
    [ ! -e "$folder/disk" ] || "$hooks/process-disk" "$1" || return
    [ -d "$folder/overlay/delta" ] || return 0
    rm -rf "$new"
    mkdir -p "$new/overlay" && chmod 700 "$kept" && cp "$folder/config" "$folder/label.json" "$folder/comment" "$new/" || return
    : >"$new/by-rollout" && date '+%Y:%m:%d %H:%M:%S' >"$new/ts" || return
    if [ -e "$folder/disk" ]; then
      cp -a "$folder/overlay/delta" "$new/overlay/" || return
    else
      mv "$folder/overlay/delta" "$new/overlay/" || return
    fi
  fi
  number=0
  while [ -e "$own/snap$number" ]; do number=$((number + 1)); done
  mv "$new" "$own/snap$number"
}

# Of those that rollouts kept of subscription $1, the ones of the newest three revisions stay.
thin() {
  for mark in "$kept/$1"-*/snap*/by-rollout; do
    [ -e "$mark" ] || continue
    at=${mark%/*} of=${mark#"$kept/$1-"}
    # Not those of a subscription whose name only begins like this one's.
    case ${of%%/*} in *[!0-9]*) continue ;; esac
    read -r label <"$at/label.json" || :
    of=${label#*\"fingerprint\":\"}
    printf '%s %s %s\n' "$(stat -c %Y "$at/ts")" "${of%%\"*}" "$at"
  done | sort -rn | awk '!($2 in seen) { seen[$2] = ++count } seen[$2] > 3 { print $3 }' | while read -r at; do
    rm -rf "$at"
    rmdir "${at%/*}" 2>/dev/null || :
  done
}

if [ -n "$snapshots" ]; then
  gone=' '
  for name in $snapshots; do
    if trouble=$(keep "$name" 2>&1); then continue; fi
    [ ! -d "$processes/$name/overlay/delta" ] || rm -rf "$kept/$name/.new"
    reason=$(printf '%s' "$trouble" | tail -n 1 | tr -d '"\\[:cntrl:]')
    refuse "$name" "it stays, as no snapshot of it can be kept: $reason"
    gone="$gone$name "
  done
  for name in $snapshots; do thin "${name%-*}"; done >&2
  all=$names names='' folders=''
  for name in $all; do
    case $gone in *" $name "*) ;; *) names="$names $name" folders="$folders $processes/$name" ;; esac
  done
fi
# Snapshots are what somebody wants to go back to: they outlive the process, with its label, which tells what they are of.
for folder in $folders; do
  for snapshot in "$folder"/snaps/*/; do
    [ -e "${snapshot}config" ] || continue
    own=$kept/${folder##*/} number=0
    while [ -e "$own/snap$number" ]; do number=$((number + 1)); done
    mkdir -p "$own" && chmod 700 "$kept"
    cp "$folder/label.json" "$snapshot" && mv "${snapshot%/}" "$own/snap$number"
  done
done >&2
for folder in $folders; do
  ! mountpoint -q "$folder/overlay" || umount "$folder/overlay" || umount -l "$folder/overlay"
done >&2
# Out of the way in one step each, so that a cut leaves no half of a container under its name.
# shellcheck disable=SC2086
trouble=$(mkdir -m 700 "$trash" 2>&1 && mv -t "$trash" $folders 2>&1)
[ -z "$elements" ] || nft delete element inet stratos published "{ $elements }" 2>/dev/null || "$hooks/network-up" >&2
[ -z "$sleepers" ] || nft delete element inet stratos asleep "{ $sleepers }" 2>/dev/null || "$hooks/network-up" >&2
# Its address may be another's next.
[ -z "$wired" ] || "$hooks/network-up" >&2
rm -rf "$trash"
wait "$cleaning"
for name in $names; do
  # Where a monitor was killed its container's cgroups are left.
  for group in /sys/fs/cgroup/*/"lxc.payload.$name" /sys/fs/cgroup/*/"lxc.monitor.$name" \
    "/sys/fs/cgroup/lxc.payload.$name" "/sys/fs/cgroup/lxc.monitor.$name"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  if [ -e "$processes/$name" ]; then
    refuse "$name" "it cannot be removed: $(printf '%s' "$trouble" | tail -n 1 | tr -d '"\\[:cntrl:]')"
  else
    case "
$busy
" in
    *"
$name
"*) printf '{"name":"%s","removed":true,"drained":false}\n' "$name" ;;
    *) printf '{"name":"%s","removed":true,"drained":true}\n' "$name" ;;
    esac
  fi
done
exit "$status"
