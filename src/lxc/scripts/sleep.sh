# Puts processes to sleep. Arguments: lineage, folder of the processes, folder of wake ports, folder of the hooks, address of the
# VM on its bridge, then for each process NAME DEPTH WAKE PORT STARTUP: DEPTH `frozen` or `stopped`, WAKE its wake port or nothing when only we wake it, PORT where it is
# asked, STARTUP in hundredths of a second. Prints a JSON line {"name","slept","depth"} for each that sleeps, as deep as it does, and
# {"name","slept":false,"busy","failure"} for each that does not.
#
# From the moment its address refuses, whoever comes is at the wake port, and waits there while the process is held; so either it has
# connections and stays, or it has none and nobody is lost. A cut at any place leaves what the next request puts right: the address
# refuses for a while only, until it is sure.
set -u
export LC_ALL=C
lineage=$1 processes=$2 wakes=$3 hooks=$4 gateway=$5
shift 5
status=0
run=/run/stratos
mkdir -p "$run" "$wakes"
for groups in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ ! -e "$groups/cgroup.procs" ] || break
done

refuse() {
  printf '{"name":"%s","slept":false,"busy":%s,"failure":"%s"}\n' "$1" "$2" "$3"
  status=1
}

# Sets `pid` to a process of the container; fails when it has none.
inside() {
  pid=''
  read -r pid <"$groups/lxc.payload.$1/cgroup.procs" || :
  [ -n "$pid" ]
} 2>/dev/null

# Sets `freezer` to the file that freezes container $1.
find_freezer() {
  for freezer in "/sys/fs/cgroup/freezer/lxc.payload.$1/freezer.state" "/sys/fs/cgroup/lxc.payload.$1/cgroup.freeze" \
    "/sys/fs/cgroup/unified/lxc.payload.$1/cgroup.freeze"; do
    [ ! -e "$freezer" ] || return 0
  done
  return 1
}

# Whether container $1 is frozen to the last of its processes.
is_frozen() {
  state=''
  case $freezer in
  */freezer.state)
    read -r state <"$freezer" && [ "$state" = FROZEN ]
    ;;
  *)
    while read -r key state; do [ "$key" != frozen ] || break; done <"${freezer%.freeze}.events"
    [ "$state" = 1 ]
    ;;
  esac
} 2>/dev/null

# Names the processes of the records on standard input that have connections from others, as seen from inside, after having
# waited so many seconds for them to end: checks of gateways come and go.
connected() {
  # shellcheck disable=SC2016
  awk -v groups="$groups" -v patience="$1" '
    function clock(line) { getline line < "/proc/uptime"; close("/proc/uptime"); return line + 0 }
    function open(n, pid, kind, file, line, column, result) {
      file = groups "/lxc.payload." name[n] "/cgroup.procs"
      pid = ""
      if ((getline pid < file) >= 0) close(file)
      if (pid == "") return 0
      result = 0
      for (kind = 1; kind <= 2 && !result; kind++) {
        file = "/proc/" pid "/net/" (kind == 1 ? "tcp" : "tcp6")
        if ((getline line < file) < 0) continue
        while (!result && (getline line < file) > 0) {
          split(line, column, " ")
          # Neither listening nor closed, and not one of its own with itself.
          result = column[4] !~ /^(0A|06|07|05)$/ && index(ports[n], substr(column[2], length(column[2]) - 4) " ") &&
            column[2] !~ /^(......7F|00000000000000000000000001000000|0000000000000000FFFF0000......7F):/
        }
        close(file)
      }
      return result
    }
    BEGIN { begun = clock() }
    { name[NR] = $1; ports[NR] = ""
      for (i = 2; i <= NF; i++) { sub(/^.*:/, "", $i); ports[NR] = ports[NR] sprintf(":%04X ", $i) } }
    END {
      for (;;) {
        left = 0
        late = clock() - begun >= patience
        for (n = 1; n <= NR; n++) {
          if (n in quiet) continue
          if (!open(n)) quiet[n] = 1
          else { left++; if (late) print name[n] }
        }
        if (!left || late) break
        system("sleep 0.02")
      }
    }'
}

# Says something to the gateway of this VM.
tell_gateway() {
  [ ! -S "$run/gateway.sock" ] || echo "$1" | socat -t 5 - "UNIX-CONNECT:$run/gateway.sock" >/dev/null 2>&1 || :
}

# Changes the rules of the network; where they are not as they should be they are made anew from what is on disk, and changed then.
rules() {
  printf '%s\n' "$1" | nft -f - 2>/dev/null || { "$hooks/network-up" >&2 && printf '%s\n' "$1" | nft -f - >&2; }
}

# Words for each of the processes $2: $1 with the address in place of @, and then what tells the gateway that they are `up` or
# `down`, in `words` and `commands`.
word() {
  form=$1 words='' commands=''
  for name in $2; do
    read -r address _ <"$processes/$name/network"
    words="$words${form%%@*}$address${form#*@}, " commands="${commands}set server ${name%-*}/$name health $3;"
  done
}

# Lets those of $1 that stay awake be asked again.
release() {
  [ -n "$1" ] || return 0
  word @ "$1" up
  nft delete element inet stratos asleep "{ $words }" 2>/dev/null || "$hooks/network-up" >&2
  tell_gateway "$commands"
}

names='' held='' sockets='' services='' elements=''
while [ $# -gt 0 ]; do
  name=$1 depth=$2 wake=$3 folder=$processes/$1 label='' now=''
  [ ! -e "$folder/label.json" ] || read -r label <"$folder/label.json"
  [ ! -s "$folder/asleep" ] || read -r now <"$folder/asleep"
  case $label in
  *"\"lineage\":\"$lineage\""*)
    if ! inside "$name"; then
      if [ -n "$now" ]; then
        printf '{"name":"%s","slept":true,"depth":"stopped"}\n' "$name"
      else
        refuse "$name" false 'it does not run'
      fi
    elif [ "$now" = frozen ] && [ "$depth" = frozen ] && find_freezer "$name" && is_frozen; then
      printf '{"name":"%s","slept":true,"depth":"frozen"}\n' "$name"
    else
      # First the mark of ours, then the look for theirs: of two that meet at least one gives way.
      echo $$ >"$run/held.$name"
      held="$held $run/held.$name"
      waker=''
      [ ! -s "$run/waking.$name" ] || read -r waker <"$run/waking.$name"
      if [ -n "$waker" ] && [ -d "/proc/$waker" ]; then
        refuse "$name" true 'it is being woken'
      else
        names="$names $name $depth ${wake:--}"
        if [ -n "$wake" ]; then
          known=''
          [ ! -s "$wakes/$wake" ] || read -r known <"$wakes/$wake"
          [ "$known" = "$name $4 $5" ] || echo "$name $4 $5" >"$wakes/$wake"
          [ -s "$folder/wake" ] || echo "$wake" >"$folder/wake"
          sockets="$sockets stratos-wake@$wake.socket" services="$services stratos-wake@$wake.service"
          elements="$elements$wake : $gateway . $wake, "
        fi
      fi
    fi
    ;;
  *) refuse "$name" false 'it is not on this VM, or not ours' ;;
  esac
  shift 5
done

# shellcheck disable=SC2329,SC2317 # by the trap
let_go() {
  # shellcheck disable=SC2086 # paths without spaces
  [ -z "$held" ] || rm -f $held
}
trap let_go EXIT
[ -n "$names" ] || exit "$status"

# Whether the unit of wake port $1 is only waiting for somebody.
is_parked() {
  parked=''
  [ ! -s "$run/parked.$1" ] || read -r parked <"$run/parked.$1"
  [ -n "$parked" ] && [ -d "/proc/$parked" ]
}

# What wakes them, and whether somebody is just being led to one that woke a moment ago.
active=''
if [ -n "$sockets" ]; then
  # shellcheck disable=SC2086 # names of units
  systemctl start $sockets >&2 || exit 1
  # shellcheck disable=SC2086
  active=$(systemctl is-active $services)
fi
# shellcheck disable=SC2086
set -- $names
names='' fresh='' records='' deep=' ' leaving=''
while [ $# -gt 0 ]; do
  name=$1 state=inactive
  if [ "$3" != - ]; then
    state=${active%%
*} active=${active#*
}
  fi
  if [ "$state" = inactive ] || [ "$state" = failed ] || is_parked "$3"; then
    names="$names $name"
    if [ "$2" != frozen ]; then
      deep="$deep$name "
      [ "$state" != active ] || leaving="$leaving stratos-wake@$3.service"
    fi
    # Those that sleep already refuse already.
    if [ ! -s "$processes/$name/asleep" ]; then
      fresh="$fresh $name"
      read -r _ _ ports <"$processes/$name/network"
      records="$records$name $ports
"
    fi
  else
    refuse "$name" true 'it was woken a moment ago and is still led to by its wake port'
  fi
  shift 3
done

# Takes those in $1, which have connections, out of `names`, `fresh` and `records`.
spare() {
  for name in $1; do
    refuse "$name" true 'connections to it are open'
    names=$(printf '%s' " $names " | sed "s/ $name / /") fresh=$(printf '%s' " $fresh " | sed "s/ $name / /")
    records=$(printf '%s' "$records" | sed "/^$name /d")
    rm -f "$run/held.$name"
  done
}

# Those that are used now notice nothing.
[ -z "$fresh" ] || spare "$(printf '%s\n' "$records" | connected 0.25)"
fresh=${fresh% } names=${names% }
if [ -n "${fresh# }" ]; then
  word '@ timeout 20s' "$fresh" down
  tell_gateway "$commands"
  rules "${elements:+add element inet stratos published { $elements \}
}add element inet stratos asleep { $words }" || exit 1
  busy=$(printf '%s\n' "$records" | connected 0.25)
  release "$busy"
  spare "$busy"
fi
for name in $names; do
  case $deep in
  *" $name "*) echo stopped >"$processes/$name/asleep" ;;
  *) echo frozen >"$processes/$name/asleep" ;;
  esac
done
# Now it is sure.
if [ -n "${fresh# }" ]; then
  word @ "$fresh" down
  rules "delete element inet stratos asleep { $words }
add element inet stratos asleep { $words }" || exit 1
fi

# Who comes meanwhile waits in the socket, and starts it again.
# shellcheck disable=SC2086 # names of units
[ -z "$leaving" ] || systemctl stop --quiet $leaving 2>/dev/null

units='' parking=''
for name in $names; do
  case $deep in *" $name "*) units="$units stratos-process@$name.service" && continue ;; esac
  if find_freezer "$name"; then
    case $freezer in */freezer.state) echo FROZEN ;; *) echo 1 ;; esac >"$freezer"
    tries=0
    while ! is_frozen && [ "$tries" -lt 50 ]; do
      tries=$((tries + 1))
      sleep 0.02
    done
  fi
  if [ -n "$freezer" ] && is_frozen; then
    [ ! -s "$processes/$name/wake" ] || { read -r wake <"$processes/$name/wake" && parking="$parking stratos-wake@$wake.service"; }
    printf '{"name":"%s","slept":true,"depth":"frozen"}\n' "$name"
  else
    [ ! -e "$freezer" ] || case $freezer in */freezer.state) echo THAWED ;; *) echo 0 ;; esac >"$freezer"
    : >"$processes/$name/asleep"
    release "$name"
    refuse "$name" false 'the kernel does not freeze it'
  fi
done
if [ -n "$units" ]; then
  # Not waited for: a request that comes from here on is ordered by systemd, which starts it when it has ended.
  # shellcheck disable=SC2086 # names of units
  systemctl stop --no-block $units >&2
fi
# What wakes one that is frozen waits loaded, as starting it takes longer than all the rest.
# shellcheck disable=SC2086
[ -z "$parking" ] || systemctl start --no-block $parking >&2
let_go
held=''
tries=0
for name in $deep; do
  case " $names " in *" $name "*) ;; *) continue ;; esac
  while inside "$name" && [ -s "$processes/$name/asleep" ] && [ "$tries" -lt 750 ]; do
    tries=$((tries + 1))
    sleep 0.02
  done
  if [ "$tries" -lt 750 ]; then
    printf '{"name":"%s","slept":true,"depth":"stopped"}\n' "$name"
  else
    refuse "$name" false 'it does not stop'
  fi
done
exit "$status"
