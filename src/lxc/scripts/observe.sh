# What a VM is and what runs on it, in one reading pass; changes nothing. Arguments: lineage, label of the VM, folder of the
# processes, folder of the images, folder of everything, where cgroups are mounted, folder of the volumes, folder of what lives as
# long as the VM runs, starts or nothing. Prints lines of a key and its fields, with tabs between; see observe.ts.
set -u
export LC_ALL=C
lineage=$1 label=$2 processes=$3 images=$4 root=$5 cgroups=$6 volumes=$7 run=$8
[ -d "$root" ] || root=/
# A cgroup is made anew for each start, and its inode tells which: asked for where rates are wanted.
starts=${9-}
set --
[ -z "$starts" ] || for folder in "$processes"/*/; do
  name=${folder%/}
  name=${name##*/}
  case $name in *[!0-9a-z-]*) continue ;; esac
  for group in "$cgroups/pids/lxc.payload.$name" "$cgroups/lxc.payload.$name"; do
    [ ! -d "$group" ] || set -- "$@" "$group"
  done
done
[ $# -eq 0 ] || stat -c 'start	%i	%n' -- "$@"
# Sessions of operators: process-exec leaves a file with its name and its own id, which lxc-attach takes over.
for file in "$run"/session.*.*; do
  [ -e "$file" ] || continue
  name=${file##*/session.}
  pid=${name##*.} name=${name%.*} program=''
  case $pid$name in *[!0-9a-z-]*) continue ;; esac
  # Not its short name: LXC runs itself from memory, and is then called after that. Its words are without a line's end.
  read -r program <"/proc/$pid/cmdline" || :
  case $program in lxc-attach*) printf 'session\t%s\n' "$name" ;; esac
done 2>/dev/null
set --
# Dots hide what is being made or taken apart.
for folder in "$processes"/*/ /var/lib/lxc/*/; do
  [ -d "$folder" ] && set -- "$@" "${folder%/}"
done
# An image may be there as it is, shifted to the map of ids, or both.
for folder in "$images"/*/; do
  [ -e "${folder}complete" ] || continue
  name=${folder%/}
  name=${name##*/}
  case $name in *[!0-9a-f]*) continue ;; esac
  [ ! -d "${folder}rootfs" ] || printf 'image\t%s\n' "$name"
  [ ! -d "${folder}privileged" ] || printf 'privileged\t%s\n' "$name"
done
last=''
for folder in "$volumes"/*/*/*/; do
  [ -d "$folder" ] || continue
  name=${folder#"$volumes/"}
  name=${name%%/*}
  [ "$name" != "$last" ] || continue
  last=$name
  case $name in *[!0-9A-Za-z._-]*) name='?' ;; esac
  printf 'volume\t%s\n' "$name"
done
if [ -e "$cgroups/cgroup.controllers" ]; then
  version=v2
elif [ -d "$cgroups/unified" ]; then
  version=hybrid
else
  version=v1
fi
stat -f -c 'disk	%S	%b	%a' "$root"
# shellcheck disable=SC2016
awk -v lineage="$lineage" -v label="$label" -v processes="$processes" -v version="$version" \
  -v cgroups="$cgroups" '
  function first(file, line) { line = ""; if ((getline line < file) >= 0) close(file); return line }
  function field(file, key, line, part, value) {
    value = ""
    while (value == "" && (getline line < file) > 0) { split(line, part, " "); if (part[1] == key) value = part[2] }
    close(file)
    return value
  }
  # Usage of a container: cpu in seconds, memory without page cache, tasks, kills for memory; the name of its cgroup is LXC'"'"'s.
  # What cannot be read is empty. Tells whether it is frozen.
  function usage(name, group, tasks, cpu, memory, cache, kills) {
    group = "/lxc.payload." name "/"
    if (version == "v2") {
      tasks = first(cgroups group "pids.current")
      if (tasks + 0 < 1) return 0
      cpu = scaled(field(cgroups group "cpu.stat", "usage_usec"), 1e6)
      memory = first(cgroups group "memory.current")
      cache = field(cgroups group "memory.stat", "file")
      kills = field(cgroups group "memory.events", "oom_kill")
    } else {
      tasks = first(cgroups "/pids" group "pids.current")
      if (tasks + 0 < 1) return 0
      cpu = scaled(first(cgroups "/cpuacct" group "cpuacct.usage"), 1e9)
      memory = first(cgroups "/memory" group "memory.usage_in_bytes")
      cache = field(cgroups "/memory" group "memory.stat", "total_cache")
      kills = field(cgroups "/memory" group "memory.oom_control", "oom_kill")
    }
    if (memory != "") memory = sprintf("%.0f", memory - cache < 0 ? 0 : memory - cache)
    print "usage", name, cpu, memory, tasks, kills
    if (version == "v2") return first(cgroups group "cgroup.freeze") + 0
    return first(cgroups "/freezer" group "freezer.state") ~ /^FR/
  }
  function scaled(counter, unit) { return counter == "" ? "" : sprintf("%.6f", counter / unit) }
  # Text of somebody else, on one line and not long.
  function plain(text) { gsub(/[\001-\037\177]/, "?", text); return substr(text, 1, 300) }
  function sleep(folder, name, frozen, mark) {
    mark = first(folder "/asleep")
    if (mark != "" || frozen) print "asleep", name, plain(mark), frozen
    mark = first(folder "/wake-failure")
    if (mark != "") print "wake-failure", name, plain(mark)
  }
  # CPU time of the VM: of its own cgroup where it is a container, as /proc then speaks of the machine it is on.
  function busy(line, part) {
    if (first("/run/systemd/container") != "") {
      line = version == "v2" ? scaled(field(cgroups "/cpu.stat", "usage_usec"), 1e6) : scaled(first(cgroups "/cpuacct/cpuacct.usage"), 1e9)
      if (line != "") return line
    }
    if (split(first("/proc/stat"), part, " ") < 8) return ""
    return scaled(part[2] + part[3] + part[4] + part[7] + part[8], 100)
  }
  # Share of the last 10 s in which something waited; the kernel may not tell.
  function waited(what, part) {
    if (split(first("/proc/pressure/" what), part, /[ =]/) < 3 || part[1] != "some") return ""
    return part[3] / 100
  }
  function least(a, b) { return a < b ? a : b }
  # How many numbers are in a list such as 0-3,8.
  function size(list, part, range, i, count) {
    count = 0
    for (i = split(list, part, ","); i > 0; i--) count += split(part[i], range, "-") == 2 ? range[2] - range[1] + 1 : 1
    return count
  }
  BEGIN {
    OFS = "\t"
    CONVFMT = OFMT = "%.6f"
    print "lineage", lineage
    print "label", first(label)
    print "boot", first("/proc/sys/kernel/random/boot_id")
    print "cgroup", version
    print "load", first("/proc/loadavg")
    split(first("/proc/uptime"), part, " ")
    print "counters", part[1], busy()
    print "pressure", waited("cpu"), waited("memory"), waited("io")
    print "cpus", size(field("/proc/self/status", "Cpus_allowed_list:"))
    while ((getline line < "/proc/meminfo") > 0) { split(line, part, " "); memory[part[1]] = part[2] * 1024; if (part[1] == "MemAvailable:") break }
    total = memory["MemTotal:"]; available = memory["MemAvailable:"]
    # A VM that is a container itself has its limit in its own cgroup.
    limit = first(cgroups (version == "v2" ? "/memory.max" : "/memory/memory.limit_in_bytes"))
    if (limit + 0 > 0 && limit + 0 < total) {
      used = first(cgroups (version == "v2" ? "/memory.current" : "/memory/memory.usage_in_bytes"))
      used -= version == "v2" ? field(cgroups "/memory.stat", "file") : field(cgroups "/memory/memory.stat", "total_cache")
      total = limit + 0
      available = least(available, total - used)
    }
    print "memory", sprintf("%.0f", total), sprintf("%.0f", available)
    for (i = 1; i < ARGC; i++) {
      name = folder = ARGV[i]
      sub(/^.*\//, "", name)
      folder = substr(folder, 1, length(folder) - length(name) - 1)
      shown = name
      gsub(/[\001-\037\177]/, "?", shown)
      if (folder != processes) print "foreign", shown
      else { print "process", shown, first(ARGV[i] "/label.json"); sleep(ARGV[i], shown, usage(shown)) }
    }
    print "end"
    exit
  }
' "$@"
