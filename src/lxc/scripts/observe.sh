# What a VM is and what runs on it, in one reading pass; changes nothing. Arguments: lineage, label of the VM, folder of the
# processes, folder of the images, folder of everything, where cgroups are mounted, folder of the volumes, folder of what lives as
# long as the VM runs, starts or nothing. Prints lines of a key and its fields, with tabs between; see observe.ts.
set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
lineage=$1 label=$2 processes=$3 images=$4 root=$5 cgroups=$6 volumes=$7 run=$8 starts=${9-}
# Everything but the rules, which come on standard input: nft reads them out meanwhile, as it takes its time to start.
look() {
  [ -d "$root" ] || root=/
  # A cgroup is made anew for each start, and its inode tells which: asked for where rates are wanted.
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
  # Sessions of operators: process-exec leaves a file with its name and its own id, which lxc-attach, or crun, takes over.
  for file in "$run"/session.*.*; do
    [ -e "$file" ] || continue
    name=${file##*/session.}
    pid=${name##*.} name=${name%.*} program=''
    case $pid$name in *[!0-9a-z-]*) continue ;; esac
    # Not its short name: LXC runs itself from memory, and is then called after that. Its words are without a line's end.
    read -r program <"/proc/$pid/cmdline" || :
    case $program in lxc-attach* | crun*) printf 'session\t%s\n' "$name" ;; esac
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
  # Systemd keeps a link for each unit that is active.
  [ -h /run/systemd/units/invocation:stratos-network.service ] && network=active || network=stopped
  command -v podman >/dev/null && command -v crun >/dev/null && podman=yes || podman=''
  # shellcheck disable=SC2016
  awk -v network="$network" -v podman="$podman" -v root="$root" -v run="$run" \
    -v lineage="$lineage" -v label="$label" -v processes="$processes" -v version="$version" -v cgroups="$cgroups" '
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
    running = 0
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
    running = 1
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
  # What somebody changed of what the preparation made.
  function drift(what, how) { print "drift", what, how }
  # Files that differ from those that were sent, which are kept one after the other, and units that do not start with the VM.
  function drifted_files(kept, line, part, left, own, had, how) {
    kept = root "/prepared"
    if (first(kept) == "") return drift(kept, "gone")
    while ((getline line < kept) > 0) {
      split(line, part, " ")
      how = ""
      for (left = part[4]; left > 0; left--) {
        getline line < kept
        if (how == "" && ((had = (getline own < part[3])) <= 0 || own != line)) how = had < 0 ? "gone" : "edited"
        if (line == "WantedBy=multi-user.target") wanted[part[3]]
      }
      if (how == "" && (getline own < part[3]) > 0) how = "edited"
      close(part[3])
      if (part[3] == root "/bin/podman-run" && podman == "") drift("podman", "gone")
      own = part[3]
      sub(/.*\//, "", own)
      if (how == "" && part[3] in wanted && first("/etc/systemd/system/multi-user.target.wants/" own) == "") how = "disabled"
      if (how != "") drift(part[3], how)
    }
    close(kept)
  }
  # The bridge with its addresses, and whether the VM forwards at all.
  function drifted_bridge(line, at, own, device, column, found) {
    while ((getline line < (root "/bin/layout")) > 0) {
      gsub(/\047/, "", line)
      at = index(line, "=")
      own[substr(line, 1, at - 1)] = substr(line, at + 1)
    }
    device = "/sys/class/net/" own["bridge"]
    line = first(device "/address")
    if (line == "") return drift("bridge " own["bridge"], "gone")
    while (found != own["gateway"] && (getline at < "/proc/net/fib_trie") > 0) { split(at, column, " "); if (column[1] == "|--") found = column[2] }
    if (line != own["gateway_mac"] || found != own["gateway"] || first(device "/flags") !~ /[13579bdf]$/) drift("bridge " own["bridge"], "edited")
    if (first("/proc/sys/net/ipv4/ip_forward") != "1") drift("net.ipv4.ip_forward", "off")
    if (network != "active") drift("stratos-network.service", network)
  }
  # The rules without what comes and goes are as they were when they were made; elements of processes that run and of peers are there.
  function drifted_table(line, part, set, inside, elements, same, count, i) {
    same = 1
    while ((getline line < "-") > 0) {
      if (split(line, part, " ") > 1 && (part[1] == "set" || part[1] == "map")) set = part[2]
      if (inside = inside || line ~ /elements = \{/) elements[set] = elements[set] line
      else if ((getline count < (run "/table")) <= 0 || count != line) same = 0
      if (line ~ /\}/) inside = 0
    }
    if (set == "") return drift("table inet stratos", "gone")
    if ((getline line < (run "/table")) > 0) same = 0
    for (i in elements) { gsub(/[ \t]*\}/, ",", elements[i]); gsub(/[ \t]+/, " ", elements[i]) }
    for (i in published) if (!index(elements["published"], " " i ",")) same = 0
    for (count = 0; (getline line < (root "/peers")) > 0; count++) if (!index(elements["peers"], " " line ",")) same = 0
    if (gsub(/,/, "", elements["peers"]) != count) same = 0
    if (!same) drift("table inet stratos", "edited")
  }
  # What limits its traffic is there as it was made.
  function shaped(folder, name, program, line, kept, same) {
    program = root "/bin/traffic"
    if (first(folder "/bandwidth") == "" || first(program) == "") return 1
    # In a variable: awks differ in what of several texts before a pipe is the command.
    program = "\047" program "\047 2>/dev/null"
    if (!traffic_read++) { while ((program | getline line) > 0) traffic[line] = 1; close(program) }
    kept = run "/traffic." name
    while ((getline line < kept) > 0) { same = 1; if (!(line in traffic)) { same = 0; break } }
    close(kept)
    return same
  }
  # The ports of a process that runs are published.
  function publish(folder, part, port, i) {
    for (i = split(first(folder "/network"), part, " "); i > 2; i--) { split(part[i], port, ":"); published[port[1] " : " part[1] " . " port[2]] }
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
      else { print "process", shown, first(ARGV[i] "/label.json"); sleep(ARGV[i], shown, usage(shown)); if (running) publish(ARGV[i]); if (running && !shaped(ARGV[i], shown)) print "unshaped", shown }
    }
    if (first(label) != "") { drifted_files(); drifted_bridge(); drifted_table() }
    print "end"
    exit
  }
  ' "$@"
}
{ [ ! -e "$label" ] || nft list table inet stratos 2>/dev/null; } | look
