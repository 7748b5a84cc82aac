# What a VM is and what runs on it, in one reading pass; changes nothing. Arguments: lineage, label of the VM, folder of the
# processes, folder of the images, folder of everything, where cgroups are mounted, folder of the volumes. Prints lines of a key and its fields, with tabs
# between; see observe.ts.
set -u
export LC_ALL=C
lineage=$1 label=$2 processes=$3 images=$4 root=$5 cgroups=$6 volumes=$7
shift 7
[ -d "$root" ] || root=/
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
  # Usage of a container: cpu in seconds, memory without page cache, tasks; the name of its cgroup is LXC'"'"'s.
  function usage(name, group, tasks, cpu, memory, cache) {
    group = "/lxc.payload." name "/"
    if (version == "v2") {
      tasks = first(cgroups group "pids.current")
      if (tasks + 0 < 1) return
      cpu = field(cgroups group "cpu.stat", "usage_usec") / 1e6
      memory = first(cgroups group "memory.current")
      cache = field(cgroups group "memory.stat", "file")
    } else {
      tasks = first(cgroups "/pids" group "pids.current")
      if (tasks + 0 < 1) return
      cpu = first(cgroups "/cpuacct" group "cpuacct.usage") / 1e9
      memory = first(cgroups "/memory" group "memory.usage_in_bytes")
      cache = field(cgroups "/memory" group "memory.stat", "total_cache")
    }
    memory = memory - cache
    print "usage", name, cpu, sprintf("%.0f", memory < 0 ? 0 : memory), tasks
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
      else { print "process", shown, first(ARGV[i] "/label.json"); usage(shown) }
    }
    print "end"
    exit
  }
' "$@"
