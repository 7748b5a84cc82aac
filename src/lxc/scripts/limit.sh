# Changes what processes may take, as they are: nothing is restarted, and those that are frozen or stopped stay so. Arguments: lineage,
# folder of the processes, folder of the hooks, where cgroups are mounted, then for each process NAME LIMITS MEMORY QUOTA PIDS DISK IN OUT EGRESS:
# LIMITS for its label, MEMORY in bytes, QUOTA of CPU in microseconds of each 100 ms, PIDS tasks, DISK in bytes, IN and OUT in bits in
# a second; DISK, IN and OUT 0 for no limit; EGRESS places with commas between, `none`, or nothing for anywhere.
# Prints a JSON line {"name","limited"}, with "failure" where the kernel refuses: then the process has what it had. What is kept for its
# next start and its label come after, the label last: a cut at any place is made good by the next run.
set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
umask 022
lineage=$1 processes=$2 hooks=$3 cgroups=$4
shift 4
status=0

refuse() {
  printf '{"name":"%s","limited":false,"failure":"%s"}\n' "$1" "$2"
  printf '%s: %s\n' "$1" "$2" >&2
  status=1
}

# Writes $2 to the file $1 of a cgroup, where it has such a controller. Fails when the kernel refuses.
put() {
  [ ! -e "$1" ] || echo "$2" >"$1"
} 2>/dev/null

# Sets `was` to the first line of a file, or to nothing.
get() {
  was=''
  [ ! -e "$1" ] || read -r was <"$1" || :
} 2>/dev/null

# Finds the cgroups of process $1; fails when it has none: it does not run.
find_groups() {
  if [ -e "$cgroups/cgroup.controllers" ]; then
    version=2 memory_group=$cgroups/lxc.payload.$1
    cpu_group=$memory_group pids_group=$memory_group
  else
    version=1 memory_group=$cgroups/memory/lxc.payload.$1 cpu_group=$cgroups/cpu/lxc.payload.$1 pids_group=$cgroups/pids/lxc.payload.$1
  fi
  [ -d "$pids_group" ]
}

# So much memory and no more; where it is in use `why` says so, and nothing is changed.
limit_memory() {
  if [ "$version" = 1 ]; then
    limit=$memory_group/memory.limit_in_bytes used=$memory_group/memory.usage_in_bytes
    get "$limit"
    before=$was
    # The kernel takes back caches, and refuses what it cannot get so.
    put "$limit" "$memory" && return 0
  else
    limit=$memory_group/memory.max used=$memory_group/memory.current
    get "$memory_group/memory.high"
    high=$was
    get "$limit"
    before=$was
    # Here it would kill for want of memory: caches are taken back by way of the softer limit, and then it is seen whether that was enough.
    put "$memory_group/memory.high" "$memory"
    get "$used"
    if [ "${was:-0}" -le "$memory" ] && put "$limit" "$memory"; then
      put "$memory_group/memory.high" "$high"
      return 0
    fi
    put "$memory_group/memory.high" "$high"
  fi
  get "$used"
  why="it uses $(((${was:-0} + 1048575) / 1048576))Mi of memory, which is not below the new limit of $((memory / 1048576))Mi"
  return 1
}

limit_cpu() {
  if [ "$version" = 1 ]; then
    put "$cpu_group/cpu.cfs_period_us" 100000 && put "$cpu_group/cpu.cfs_quota_us" "$quota" && return 0
  else
    put "$cpu_group/cpu.max" "$quota 100000" && return 0
  fi
  why="the kernel refuses a CPU quota of $quota us in 100 ms, which may be more than the VM has"
  return 1
}

# All of it, or nothing.
limit() {
  limit_memory || return
  if ! limit_cpu; then
    put "$limit" "$before"
    return 1
  fi
  # Those it has already stay: it may make none until it is below.
  put "$pids_group/pids.max" "$pids" || :
}

# Whether its own file system can become as large as it shall.
can_grow() {
  [ -e "$folder/disk" ] || return 0
  size=$(stat -c %s "$folder/disk")
  [ "$disk" -lt "$size" ] || return 0
  why="its disk has $((size / 1048576))Mi and does not get smaller than it was made: a process that is made anew has $((disk / 1048576))Mi"
  return 1
}

# Lets its own file system have so much, with what is in it.
grow() {
  [ -e "$folder/disk" ] || return 0
  [ "$disk" != "$(stat -c %s "$folder/disk")" ] || [ -e "$folder/disk-grows" ] || return 0
  "$hooks/process-disk" "$name" && truncate -s "$disk" "$folder/disk" && device=$(findmnt -no SOURCE "$folder/overlay") &&
    losetup -c "$device" || return
  # Not everywhere: it takes a right that a VM which is a container itself may lack.
  if ! resize2fs "$device"; then
    : >"$folder/disk-grows"
    # One that does not run, nor is about to, gives it up for a moment.
    systemctl -q is-active "stratos-process@$name.service" || "$hooks/process-disk" "$name"
    [ -e "$folder/disk-grows" ] || return 0
    echo 'it will when it is started the next time'
    return 1
  fi
  rm -f "$folder/disk-grows"
}

# The same for its next start. What this VM has no controller for has no line.
keep() {
  [ ! -e "$folder/config" ] || {
    sed -e "s/^\(lxc\.cgroup\.memory\.limit_in_bytes = \).*/\1$memory/" -e "s/^\(lxc\.cgroup2\.memory\.max = \).*/\1$memory/" \
      -e "s/^\(lxc\.cgroup\.cpu\.cfs_quota_us = \).*/\1$quota/" -e "s/^\(lxc\.cgroup2\.cpu\.max = \).*/\1$quota 100000/" \
      -e "s/^\(lxc\.cgroup2\{0,1\}\.pids\.max = \).*/\1$pids/" -e '/^lxc\.net\.0\.script\.up = /d' -e '/^lxc\.cap\.drop = net_admin net_raw$/d' "$folder/config" >"$folder/config.new" &&
      { [ "$in$out" = 00 ] || echo "lxc.net.0.script.up = $hooks/process-shape" >>"$folder/config.new"; } &&
      { [ -z "$egress" ] || echo 'lxc.cap.drop = net_admin net_raw' >>"$folder/config.new"; } &&
      mv "$folder/config.new" "$folder/config"
  } || return
  if [ "$in$out" = 00 ]; then rm -f "$folder/bandwidth"; else echo "$in $out" >"$folder/bandwidth"; fi || return
  case $egress in
  '') rm -f "$folder/egress" ;;
  none) : >"$folder/egress" ;;
  *) echo "$egress" | tr ',:' '\n ' >"$folder/egress.new" && mv "$folder/egress.new" "$folder/egress" ;;
  esac
}

# Where it may connect to, as it is kept.
places() {
  if [ -e "$folder/egress" ]; then cat "$folder/egress"; else echo anywhere; fi
}

# What it has is what its label says.
tell() {
  sed -e 's/,"limits":"[^"]*"//' -e "s|}\$|,\"limits\":\"$limits\"}|" "$folder/label.json" >"$folder/label.new" &&
    mv "$folder/label.new" "$folder/label.json"
}

while [ $# -gt 0 ]; do
  name=$1 limits=$2 memory=$3 quota=$4 pids=$5 disk=$6 in=$7 out=$8 egress=$9 folder=$processes/$1 label='' why=''
  shift 9
  [ ! -e "$folder/label.json" ] || read -r label <"$folder/label.json" || :
  case $label in
  *"\"lineage\":\"$lineage\""*) ;;
  *)
    refuse "$name" 'it is not on this VM, or not ours'
    continue
    ;;
  esac
  if ! can_grow; then
    refuse "$name" "$why"
    continue
  fi
  ran=''
  if find_groups "$name"; then
    ran=yes
    if ! limit; then
      refuse "$name" "$why"
      continue
    fi
  fi
  if ! trouble=$(grow 2>&1); then
    refuse "$name" "its disk does not grow while it runs: $(printf '%s' "$trouble" | tail -n 1 | tr -d '"\\[:cntrl:]')"
    continue
  fi
  knew=$(places)
  shaped=''
  [ ! -e "$folder/bandwidth" ] || shaped=yes
  if ! keep; then
    refuse "$name" 'its limits cannot be kept on the disk of the VM'
    continue
  fi
  # Started by a request meanwhile, with what it had before.
  if [ -z "$ran" ] && find_groups "$name" && ! limit; then
    refuse "$name" "$why"
    continue
  fi
  if [ "$in$out$shaped" != 00 ] && find_groups "$name" && ! trouble=$("$hooks/process-shape" "$name" 2>&1); then
    refuse "$name" "its traffic cannot be limited here: $(printf '%s' "$trouble" | tail -n 1 | tr -d '"\\[:cntrl:]')"
    continue
  fi
  if [ "$(places)" != "$knew" ] && ! trouble=$("$hooks/network-up" 2>&1); then
    refuse "$name" "the rules of its network cannot be changed: $(printf '%s' "$trouble" | tail -n 1 | tr -d '"\\[:cntrl:]')"
    continue
  fi
  if tell; then
    printf '{"name":"%s","limited":true}\n' "$name"
  else
    refuse "$name" 'its label cannot be written'
  fi
done
exit "$status"
