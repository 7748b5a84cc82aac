# Makes the configuration on stdin the one that the gateway serves, without losing a request.
# $1 its sha256, $2 serve|stop, $3 directory, $4 run directory, $5 unit.
#
# The order keeps every interruption harmless: `loaded` is written last, so a run that was cut is seen as not loaded.
set -eu
umask 022
digest=$1 wanted=$2 dir=$3 run=$4 unit=$5
file=$dir/haproxy.cfg new=$dir/haproxy.cfg.new old=$dir/haproxy.cfg.old
master=UNIX-CONNECT:$run/gateway-master.sock worker=UNIX-CONNECT:$run/gateway.sock

# Whether the master process is there; no fork.
running() {
  [ -r "$run/gateway.pid" ] && read -r pid <"$run/gateway.pid" && [ -r "/proc/$pid/comm" ] &&
    read -r comm <"/proc/$pid/comm" && [ "$comm" = haproxy ]
}

# HAProxy's own words for what went wrong since second $1.
complaints() {
  journalctl -u "$unit" -o cat -q --no-pager --since "@$1" | grep -E 'ALERT|WARNING' | grep -v 'Proxy .* stopped' | tail -n 12 >&2 || :
}

# Asks the master for its processes until it answers: it is away for a moment while it reloads.
processes() {
  tries=0
  while [ "$tries" -lt 60 ]; do
    list=$(echo 'show proc' | socat -t 10 - "$master,retry=200,interval=0.005" 2>/dev/null) || :
    case $list in *'# workers'*) return 0 ;; esac
    tries=$((tries + 1))
    sleep 0.01
  done
  echo 'HAProxy does not answer on its master socket' >&2
  return 1
}

# Sets `current` to the worker that serves, `retired` to those that finish what they have.
workers() {
  processes || return 1
  current='' retired='' part=''
  while read -r word kind _; do
    case $word in
      '#') part=$kind ;;
      [0-9]*) case $part in workers) current=$word ;; old) retired="$retired $word" ;; esac ;;
    esac
  done <<TABLE
$list
TABLE
}

# From `show servers state` and the new file: the state of servers that are down and stay as they are, for the next worker to
# start with; and on stdout the servers that leave, for the workers that retire.
carry_over() {
  echo 'show servers state' | socat -t 10 - "$worker" 2>/dev/null | awk -v state="$run/gateway.state" '
    FILENAME != "-" {
      if ($1 == "backend") backend = $2
      if ($1 == "server") address[backend "/" $2] = $3
      next
    }
    FNR == 1 { print >state; next }
    /^#/ { print >state; next }
    NF > 19 {
      name = $2 "/" $4
      if (!(name in address)) { print name; next }
      kept = address[name] == $5 ":" $19 || address[name] !~ /^[0-9.]+:[0-9]+$/
      if (!kept) print name
      else if ($6 == 0) print >state
    }' "$new" - || :
}

# A worker that retires still answers clients that kept their connection: it must not send them to a server that leaves.
withdraw() {
  [ -n "$leaving" ] && [ -n "$retired" ] || return 0
  for pid in $retired; do
    for server in $leaving; do
      echo "@!$pid set server $server state drain"
    done
  done >"$run/gateway.withdraw"
  while read -r line; do
    echo "$line" | socat -t 2 - "$master" >/dev/null 2>&1 || :
  done <"$run/gateway.withdraw"
}

mkdir -p "$dir" "$run"
exec 9>"$dir/lock"
flock -w 30 9

have='' was=''
[ ! -r "$file" ] || have=$(sha256sum <"$file")
[ ! -r "$dir/loaded" ] || read -r was <"$dir/loaded" || :
if [ "${have%% *}" = "$digest" ] && [ "$was" = "$digest" ]; then
  if [ "$wanted" = serve ]; then
    if running; then echo unchanged && exit 0; fi
  elif [ ! -e "$dir/serving" ]; then
    echo unchanged && exit 0
  fi
fi

cat >"$new"
if [ "$wanted" = stop ]; then
  rm -f "$dir/serving" "$run/gateway.pid"
  mv "$new" "$file"
  systemctl stop --no-block "$unit"
  echo "$digest" >"$dir/loaded"
  echo stopped
  exit 0
fi

if ! said=$(/usr/sbin/haproxy -c -f "$new" 2>&1); then
  echo "$said" | grep -E 'ALERT' >&2 || echo "$said" >&2
  rm -f "$new"
  exit 1
fi
since=$(date +%s)
if running; then
  leaving=$(carry_over)
  workers
  before=$current
  [ ! -e "$file" ] || ln -f "$file" "$old"
  mv "$new" "$file"
  echo reload | socat -t 10 - "$master" >/dev/null 2>&1 || :
  workers
  # A configuration that cannot be loaded (a port that somebody else has) leaves the old worker serving.
  if [ -z "$current" ] || [ "$current" = "$before" ]; then
    complaints "$since"
    if [ -e "$old" ]; then
      mv "$old" "$file"
      echo reload | socat -t 10 - "$master" >/dev/null 2>&1 || :
    fi
    echo 'The gateway goes on with its previous configuration' >&2
    exit 1
  fi
  printf '1\n' >"$run/gateway.state"
  withdraw
  result=reloaded
else
  printf '1\n' >"$run/gateway.state"
  mv "$new" "$file"
  : >"$dir/serving"
  if ! systemctl start "$unit"; then
    complaints "$since"
    exit 1
  fi
  result=started
fi
echo "$digest" >"$dir/loaded"
echo "$result"
