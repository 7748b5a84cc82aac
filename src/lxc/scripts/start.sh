# Starts containers of ours and waits until each is ready. Arguments: label of the VM, folder of the processes, folder of the hooks,
# bridge, `start` or `restart`, then for each process NAME ADDRESS MAC ELEMENTS PORT STARTUP TIMEOUT PATH: ELEMENTS of the map of
# published ports or nothing, PORT of the health check or 0, STARTUP in hundredths of a second, TIMEOUT of one check in seconds,
# PATH or nothing when an open port is enough. Prints a JSON line {"name","ready","ms","failure"} for each as soon as it is known.
set -u
export LC_ALL=C
label=$1 processes=$2 hooks=$3 bridge=$4 verb=$5
shift 5
status=0
lineage=''
[ ! -e "$label" ] || read -r lineage <"$label"
# Labels begin with {"lineage":"…",
lineage=${lineage%%,*},
read -r begun _ </proc/uptime

# Thaws process $1 of address $2 where it is frozen; from here it counts as awake. No fork.
awaken() {
  for file in "/sys/fs/cgroup/freezer/lxc.payload.$1/freezer.state" "/sys/fs/cgroup/lxc.payload.$1/cgroup.freeze" \
    "/sys/fs/cgroup/unified/lxc.payload.$1/cgroup.freeze"; do
    [ -e "$file" ] || continue
    case $file in
    */freezer.state) echo THAWED >"$file" ;;
    *) echo 0 >"$file" ;;
    esac
  done
  if [ -s "$processes/$1/asleep" ]; then
    : >"$processes/$1/asleep"
    sleepers="$sleepers$2, "
  fi
  if [ -e "$processes/$1/wake-failure" ]; then
    rm -f "$processes/$1/wake-failure"
    [ ! -s "$processes/$1/wake" ] || { read -r port <"$processes/$1/wake" && rm -f "/run/stratos/back-off.$port"; }
  fi
}

records='' units='' elements='' neighbours='' sleepers=''
while [ $# -gt 0 ]; do
  label=''
  [ ! -e "$processes/$1/label.json" ] || read -r label <"$processes/$1/label.json"
  if [ "${label%%,*}," = "$lineage" ]; then
    records="$records$1 $2 $5 $6 $7 $8
"
    units="$units stratos-process@$1.service"
    neighbours="${neighbours}neigh replace $2 lladdr $3 dev $bridge nud permanent
"
    elements="$elements${4:+$4, }"
    awaken "$1" "$2"
  else
    printf '{"name":"%s","ready":false,"ms":0,"failure":"it is not on this VM, or not ours"}\n' "$1"
    printf '%s: it is not on this VM, or not ours\n' "$1" >&2
    status=1
  fi
  shift 8
done
[ -n "$units" ] || exit "$status"

# All network entries at once. Where the table is not as it should be, the hook makes it anew from what is on disk.
{
  printf '%s' "$neighbours" | ip -force -batch - >&2
  {
    echo 'flush set inet stratos down'
    [ -z "$elements" ] || echo "add element inet stratos published { $elements }"
    [ -z "$sleepers" ] || echo "delete element inet stratos asleep { $sleepers }"
  } | nft -f - 2>/dev/null || "$hooks/network-up" >&2
} &
wiring=$!
# shellcheck disable=SC2086 # names of units
systemctl "$verb" $units >&2
wait "$wiring"

# Cgroups that have all processes of a container: any of them tells its network namespace.
for groups in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ ! -e "$groups/cgroup.procs" ] || break
done
mkdir -p /run/stratos
answers=/run/stratos/answers.$$
: >"$answers"

# shellcheck disable=SC2016
printf '%s' "$records" | awk -v groups="$groups" -v begun="$begun" -v answers="$answers" '
  # Seconds since boot.
  function clock(line) { getline line < "/proc/uptime"; close("/proc/uptime"); return line + 0 }
  function first(file, line) { line = ""; if ((getline line < file) >= 0) close(file); return line }
  # Whether a process is in the network namespace of its container, where the address is its own. For a moment after its start it
  # is in that of the VM, and what listens there is not its.
  function settled(pid, own, line, column, found) {
    if (home[own] == pid) return 1
    while ((getline line < ("/proc/" pid "/net/fib_trie")) > 0) {
      split(line, column, " ")
      if (column[1] == "|--") found = column[2]
      else if (found == own && column[3] == "LOCAL") { home[own] = pid; break }
    }
    close("/proc/" pid "/net/fib_trie")
    return home[own] == pid
  }
  # Whether a network namespace has TCP sockets at all. Its tables are long to read, however empty: the kernel goes through those
  # of the whole machine.
  function sockets(pid, kind, line, part, count) {
    count = 0
    for (kind = 1; kind <= 2; kind++) {
      while ((getline line < ("/proc/" pid "/net/sockstat" (kind == 1 ? "" : "6"))) > 0) {
        split(line, part, " ")
        if (part[1] ~ /^TCP6?:$/) count += part[3]
      }
      close("/proc/" pid "/net/sockstat" (kind == 1 ? "" : "6"))
    }
    return count
  }
  # What listens on the port in a network namespace: yes, no, or only on the loopback. Listening sockets come first in the table.
  function listens(pid, port, hex, kind, file, line, column, result) {
    result = "no"
    hex = sprintf("%04X", port)
    for (kind = 1; kind <= 2 && result != "yes"; kind++) {
      file = "/proc/" pid "/net/" (kind == 1 ? "tcp" : "tcp6")
      if ((getline line < file) < 0) continue
      while ((getline line < file) > 0) {
        split(line, column, " ")
        if (column[4] != "0A") break
        if (column[2] !~ (":" hex "$")) continue
        if (column[2] ~ /^(......7F|00000000000000000000000001000000|0000000000000000FFFF0000......7F):/) result = "loopback"
        else { result = "yes"; break }
      }
      close(file)
    }
    return result
  }
  function silence(n) { return "it gives no answer to a request for " path[n] }
  # Why nobody can connect, as far as the tables tell.
  function closed(n, found) {
    return found == "no" ? "nothing listens on port " port[n] : "port " port[n] " is open to itself only, at its loopback address"
  }
  function json(text) {
    gsub(/[\001-\037\177]+/, " ", text)
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
  }
  function ready(n) {
    printf "{\"name\":\"%s\",\"ready\":true,\"ms\":%d}\n", name[n], (now - begun) * 1000
    fflush()
    delete pending[n]
    left--
  }
  # With the last lines it wrote.
  function failed(n, reason, command, line, lines) {
    command = "journalctl -q --no-pager -o cat -n 5 -t " name[n] " --since -" int(now - begun + 2) "s 2>/dev/null"
    lines = ""
    while ((command | getline line) > 0) lines = lines (lines == "" ? "" : " | ") line
    close(command)
    if (lines != "") reason = reason "; its last lines: " substr(lines, 1, 2000)
    printf "{\"name\":\"%s\",\"ready\":false,\"ms\":%d,\"failure\":%s}\n", name[n], (now - begun) * 1000, json(reason)
    print name[n] ": " reason > "/dev/stderr"
    fflush()
    delete pending[n]
    left--
    status = 1
  }
  # Whether the kernel has killed something of it for its memory limit since the start.
  function exhausted(n, line, found) {
    found = 0
    while (("dmesg 2>/dev/null" | getline line) > 0) {
      if (line !~ ("oom-kill:.*/lxc.payload." name[n] "[,/]")) continue
      sub(/^\[ */, "", line)
      if (line + 0 >= begun) found = 1
    }
    close("dmesg 2>/dev/null")
    return found
  }
  # Processes that are not there: whether systemd gave up on them, or keeps starting them in vain.
  function inspect(command, n, line, key, value, unit, fields, more) {
    command = "systemctl show -p Id,ActiveState,NRestarts"
    for (n in missing) command = command " stratos-process@" name[n] ".service"
    do {
      more = (command | getline line) > 0
      if (more && line != "") {
        key = line; sub(/=.*/, "", key)
        fields[key] = substr(line, length(key) + 2)
      } else for (key in fields) known[fields["Id"], key] = fields[key]
    } while (more)
    close(command)
    for (n in missing) {
      unit = "stratos-process@" name[n] ".service"
      if (!(n in base)) base[n] = known[unit, "NRestarts"]
      if (known[unit, "ActiveState"] != "failed" && known[unit, "ActiveState"] != "inactive" && known[unit, "NRestarts"] + 0 < base[n] + 2) continue
      stop = stop " " unit
      # lxc-start does not hand on the status of what ran in it.
      failed(n, exhausted(n) ? "it takes more memory than it may and is killed" : "it ends at once")
    }
    split("", missing)
  }
  # One request to each of these, by one curl, which tells each answer when it has it: in pieces, hence the loop.
  function ask(list, n, file, longest, escaped) {
    round++
    file = answers "." round
    longest = 1
    for (n in list) {
      escaped = path[n]; gsub(/\\/, "\\\\", escaped); gsub(/"/, "\\\"", escaped)
      printf "url = \"http://%s:%d%s\"\noutput = /dev/null\n", address[n], port[n], escaped > file
      asked[n] = round
      if (timeout[n] > longest) longest = timeout[n]
    }
    close(file)
    system("{ curl -q -K " file " -g -s --no-progress-meter -Z --parallel-immediate --noproxy \"*\" -A stratos --connect-timeout 0.25 -m " longest \
      " -w \"%{stderr}answer %{http_code} %{url_effective}\\n\" 2>&1 | while read -r line; do echo \"$line\"; done; echo end " round "; rm " file "; } >>" answers " 2>/dev/null &")
  }
  # Whether a request is on its way: those that come to listen meanwhile are asked together, as each curl has its price.
  function busy(n) { for (n in pending) if (asked[n]) return 1; return 0 }
  function hear(line, part, count, n) {
    count = 0
    while ((getline line < answers) > 0) {
      if (++count <= heard) continue
      split(line, part, " ")
      for (n in pending) {
        if (part[1] == "end" && asked[n] == part[2]) { asked[n] = 0; after[n] = now + 0.1 }
        if (part[1] != "answer" || index(part[3], "http://" address[n] ":") != 1) continue
        if (part[2] ~ /^[23]/) ready(n)
        else why[n] = part[2] == "000" ? silence(n) : "it answers a request for " path[n] " with status " part[2]
      }
    }
    close(answers)
    if (count > heard) heard = count
  }
  { n = NR; name[n] = $1; address[n] = $2; port[n] = $3; until[n] = begun + $4 / 100; timeout[n] = $5; path[n] = $6
    pending[n] = 1; left++; asked[n] = 0; after[n] = 0; why[n] = "it does not run" }
  END {
    for (;;) {
      now = clock()
      if (round > 0) hear()
      wanted = 0; absent = 0; patient = 1
      split("", list)
      for (n in pending) {
        pid = first(groups "/lxc.payload." name[n] "/cgroup.procs")
        if (pid == "") {
          since[n] = open[n] = 0
          missing[n] = 1; absent++
        } else if (port[n] == 0) {
          # Without a port there is nothing to ask: it must run for a moment.
          if (!since[n]) since[n] = now
          if (now - since[n] >= 0.25) { ready(n); continue }
        } else if (!asked[n] && now >= after[n] && (now - last_ask > 0.2 || !busy())) {
          found = settled(pid, address[n]) && sockets(pid) ? "some" : "no"
          if (found == "some" && path[n] == "") found = listens(pid, port[n])
          if (found == "some") {
            list[n] = 1; wanted++
            if (!waits[n]) waits[n] = now
            if (now - waits[n] >= 0.15) patient = 0
          }
          else if (found == "yes") {
            # Nothing tells whether it answers, so it must still listen a moment later.
            if (open[n] != pid) { open[n] = pid; since[n] = now }
            if (now - since[n] >= 0.05) { ready(n); continue }
            why[n] = "it ends after it opened port " port[n]
          } else why[n] = closed(n, found)
        }
        if (now > until[n]) {
          if (why[n] == silence(n) && (found = listens(pid, port[n])) != "yes") why[n] = closed(n, found)
          failed(n, sprintf("it is not ready after %gs: ", until[n] - begun) why[n])
        }
      }
      # Each curl has its price: those that come to listen within a moment of each other are asked together.
      if (wanted > 0 && (wanted == left || !patient)) { ask(list); last_ask = now }
      if (absent > 0 && now - begun > 0.5 && now >= next_look) { inspect(); next_look = now + 0.5 } else split("", missing)
      if (left <= 0) break
      # A look has its price, which those who are still starting pay: the longer it takes and the more there are, the less often.
      pause = (now - begun) / 8
      if (pause < left / 200) pause = left / 200
      system("sleep " (pause < 0.02 ? 0.02 : pause > 0.2 ? 0.2 : pause))
    }
    if (stop != "") system("systemctl stop" stop)
    exit status
  }
' || status=1
rm -f "$answers"
exit "$status"
