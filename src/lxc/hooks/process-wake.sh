#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Wakes the process of wake port $1 and becomes the proxy that leads to it: what its unit runs when somebody connects there. One
# that cannot be woken is given up within its time to start: those who wait are let go, and for a while, which grows, the port
# refuses at once. The proxy has a user of its own, by which the rules of the network let it through to what counts as asleep.
#
# Of one that is frozen the unit is started beforehand, and is parked: systemd's own program looks at the socket, and becomes this
# hook again, with `now`, when somebody is there. Starting a unit moves it to its cgroup, for which the kernel waits 12 ms and more.
set -u
. "${0%/*}/layout"
PATH=$PATH:/usr/sbin:/sbin
port=$1 run=/run/stratos parked=/run/stratos/parked.$1

# Leads whoever waits to $1, until nobody has been there for $2.
lead() {
  exec setpriv --reuid=proxy --regid=proxy --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    /usr/lib/systemd/systemd-socket-proxyd --connections-max=16384 --exit-idle-time="$2" "$1"
}

# Sets `time`, in hundredths of a second since boot.
clock() {
  read -r time _ </proc/uptime
  time=${time%.*}${time#*.}
}

# Lets those go who came already and refuses others for $1 seconds.
refuse() {
  nft add element inet stratos unwakeable "{ $port timeout ${1}s }" || :
  rm -f "$run/waking.$name"
  lead "$run/nowhere" 1s
}

# Sets `was` to how deep it sleeps, if it does.
look() {
  was=''
  [ ! -s "$folder/asleep" ] || read -r was <"$folder/asleep"
}

name=unknown
if ! read -r name target startup <"$wakes/$port" || ! read -r address _ <"$processes/$name/network"; then refuse 5; fi
folder=$processes/$name
look
if [ "$was" = frozen ] && [ "${2-}" != now ] && [ -x /usr/bin/systemd-socket-activate ]; then
  echo $$ >"$parked"
  SYSTEMD_LOG_LEVEL=warning exec /usr/bin/systemd-socket-activate "$0" "$port" now
fi
[ ! -s "$parked" ] || : >"$parked"
unit=stratos-process@$name.service back_off=$run/back-off.$port delay=5
clock
if [ -s "$back_off" ]; then
  read -r until delay <"$back_off"
  [ "$time" -ge "$until" ] || refuse $(((until - time) / 100 + 1))
fi
deadline=$((time + startup))
echo $$ >"$run/waking.$name"

# Whoever puts it to sleep, or works on its disk, is let finish.
while [ -s "$run/held.$name" ]; do
  read -r holder <"$run/held.$name" || :
  [ -d "/proc/$holder" ] || break
  clock
  [ "$time" -lt "$deadline" ] || refuse 5
  sleep 0.005
done

# Sets `pid` to a process of the container; fails when it has none.
inside() {
  pid=''
  for groups in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    [ -d "$groups/lxc.payload.$name" ] || continue
    read -r pid <"$groups/lxc.payload.$name/cgroup.procs" || :
    break
  done 2>/dev/null
  [ -n "$pid" ]
}

# Whether somebody listens on the port in the container, not at a loopback address. For a moment after its start the container is
# in the network of the VM, which is told by its routes.
listens() {
  if [ "${settled-}" != "$pid" ]; then
    settled=''
    while read -r device _; do
      case $device in
      Iface) ;;
      "$bridge") return 1 ;;
      *) settled=$pid ;;
      esac
    done <"/proc/$pid/net/route"
    [ -n "$settled" ] || return 1
  fi 2>/dev/null
  for table in tcp tcp6; do
    while read -r _ local _ state _; do
      case $state in
      0A) ;;
      st) continue ;;
      *) break ;;
      esac
      case $local in
      *7F:* | 00000000000000000000000001000000:*) ;;
      *":$hex") return 0 ;;
      esac
    done <"/proc/$pid/net/$table"
  done 2>/dev/null
  return 1
}

look
for file in "/sys/fs/cgroup/freezer/lxc.payload.$name/freezer.state" "/sys/fs/cgroup/lxc.payload.$name/cgroup.freeze" \
  "/sys/fs/cgroup/unified/lxc.payload.$name/cgroup.freeze"; do
  [ -e "$file" ] || continue
  case $file in
  */freezer.state) echo THAWED >"$file" ;;
  *) echo 0 >"$file" ;;
  esac
done 2>/dev/null
why=''
if [ "$was" != frozen ] || ! inside; then
  # Returns when it runs; one that is being stopped is first let end.
  systemctl start "$unit" || why='its unit cannot be started'
  hex=$(printf %04X "$target") looks=0
  while [ -z "$why" ] && ! { inside && listens; }; do
    clock
    looks=$((looks + 1))
    if [ "$time" -ge "$deadline" ]; then
      why="nothing listens on its port $target after $((startup / 100)) s"
    elif [ $((looks % 50)) = 0 ] && [ "$(systemctl show -p NRestarts --value "$unit")" -ge 2 ]; then
      why='it ends at once'
    else
      sleep 0.005
    fi
  done
fi

if [ -n "$why" ]; then
  lines=$(journalctl -q --no-pager -o cat -n 5 -t "$name" --since -60s | tr '\n' '|' | tr -d '\000-\037\177' | cut -c -1000)
  printf '%s\n' "$why${lines:+; its last lines: $lines}" >"$folder/wake-failure"
  # Not what it was asleep for: to be tried over and over.
  if [ -n "$was" ]; then
    echo stopped >"$folder/asleep"
    systemctl stop --no-block "$unit"
  fi
  clock
  next=$((delay * 2))
  [ "$next" -le 300 ] || next=300
  echo "$((time + delay * 100)) $next" >"$back_off"
  refuse "$delay"
fi

[ -z "$was" ] || : >"$folder/asleep"
{
  nft delete element inet stratos asleep "{ $address }"
  # The gateway of this VM need not wait for its next check.
  echo "set server ${name%-*}/$name health up" | socat -t 1 - "UNIX-CONNECT:$run/gateway.sock"
  rm -f "$folder/wake-failure" "$back_off" "$run/waking.$name"
} >/dev/null 2>&1 3<&- &
lead "$address:$target" 2s
