# Makes the configuration on stdin the one that the gateway serves, without losing a request.
# $1 its sha256, $2 serve|stop, $3 directory, $4 run directory, $5 unit.
#
# The order keeps every interruption harmless: `loaded` is written last, so a run that was cut is seen as not loaded.
set -eu
umask 022
digest=$1 wanted=$2 dir=$3 run=$4 unit=$5
file=$dir/haproxy.cfg new=$dir/haproxy.cfg.new old=$dir/haproxy.cfg.old

# Whether the master process is there; no fork.
running() {
  [ -r "$run/gateway.pid" ] && read -r pid <"$run/gateway.pid" && [ -r "/proc/$pid/comm" ] &&
    read -r comm <"/proc/$pid/comm" && [ "$comm" = haproxy ]
}

# HAProxy's own words for what went wrong just now.
complaints() {
  journalctl -u "$unit" -o cat -q --no-pager --since -10s | grep ALERT | tail -n 8 >&2 || :
}

# Says something to the worker that serves.
tell() {
  echo "$1" | socat -t 10 - "UNIX-CONNECT:$run/gateway.sock" 2>/dev/null
}

# Lets the master load the file. It is away for a moment meanwhile, so it is asked until it answers; the worker that serves
# after a reload is the one that has seen none. Fails when there is none: the file could not be loaded, the old one goes on.
reload() {
  master=UNIX-CONNECT:$run/gateway-master.sock tries=0
  echo reload | socat -t 10 - "$master" >/dev/null 2>&1 || :
  while [ "$tries" -lt 60 ]; do
    list=$(echo 'show proc' | socat -t 10 - "$master,retry=200,interval=0.005" 2>/dev/null) || list=''
    case $list in *'# workers'*) break ;; esac
    tries=$((tries + 1))
    sleep 0.01
  done
  part=''
  while read -r word kind reloads _; do
    case $part:$word in
      *:'#') part=$kind ;;
      workers:[0-9]*) [ "$reloads" != 0 ] || return 0 ;;
    esac
  done <<TABLE
$list
TABLE
  return 1
}

# Fails when another program listens on a port that the new file has and the old one has not. HAProxy would find out too, but
# it makes the worker that serves let go of all its ports meanwhile.
ports_are_free() {
  before=$file
  [ -r "$before" ] || before=/dev/null
  set -- "$before" "$new" /proc/net/tcp
  [ ! -r /proc/net/tcp6 ] || set -- "$@" /proc/net/tcp6
  suspects=$(awk '
    FILENAME ~ /^.proc/ {
      split($2, local, ":")
      if ($4 == "0A" && local[2] in wanted) print wanted[local[2]]
      next
    }
    $1 == "bind" {
      port = $2
      sub(/.*:/, "", port)
      if (FILENAME == ARGV[1]) had[port]
      if (FILENAME == ARGV[2] && !(port in had)) wanted[sprintf("%04X", port)] = port
    }' "$@")
  for port in $suspects; do
    taken=$(ss -Hltnp "sport = :$port" | grep -v '"haproxy"') || continue
    echo "Port $port is taken: by ${taken##*users:}" >&2
    return 1
  done
}

# Whether the new file differs from the one in place in nothing but servers, and comments.
only_servers() {
  awk '
    $1 == "server" || /^#/ { next }
    FILENAME == ARGV[1] { had[++lines] = $0; next }
    $0 != had[++line] { exit line = -1 }
    END { exit line != lines }' "$file" "$new"
}

# Compares what the worker has with the new file. Servers that are down and stay as they are go to the state file, so that the
# next worker does not begin with trusting them. Prints commands that take the servers that leave out of rotation in this
# worker too, since it still answers clients that kept their connection; not where no other server would be left.
carry_over() {
  tell 'show servers state' | awk -v state="$run/gateway.state" '
    FILENAME != "-" {
      if ($1 == "backend") backend = $2
      if ($1 == "server") address[backend "/" $2] = $3
      next
    }
    FNR == 1 || /^#/ { print >state; next }
    NF > 19 {
      name = $2 "/" $4
      stays = name in address && (address[name] == $5 ":" $19 || address[name] !~ /^[0-9.]+:[0-9]+$/)
      if (!stays) leaving[name] = $2
      else if ($6 == 0) print >state
      # One without weight takes nothing over.
      else if ($8 > 0) rest[$2]++
    }
    END { for (name in leaving) if (rest[leaving[name]]) printf "set server %s state drain;", name }' "$new" -
}

if ! [ -d "$dir" ] || ! [ -d "$run" ]; then mkdir -p "$dir" "$run"; fi
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

# Where the file in place is the one that is served, and only servers come and go, a look at it in advance tells nothing: what
# could not be loaded all the same leaves the old one serving.
if ! { [ "${have%% *}" = "$was" ] && running && only_servers; }; then
  if ! said=$(/usr/sbin/haproxy -c -f "$new" 2>&1); then
    echo "$said" | grep ALERT >&2 || echo "$said" >&2
    rm -f "$new"
    exit 1
  fi
  if ! ports_are_free; then
    rm -f "$new"
    exit 1
  fi
fi
if running; then
  leave=$(carry_over) || leave=''
  [ -z "$leave" ] || tell "$leave" >/dev/null || :
  [ ! -e "$file" ] || ln -f "$file" "$old"
  mv "$new" "$file"
  if ! reload; then
    complaints
    [ -z "$leave" ] || tell "$(echo "$leave" | sed 's/ drain;/ ready;/g')" >/dev/null || :
    if [ -e "$old" ]; then
      mv "$old" "$file"
      reload || :
    fi
    echo 'The gateway goes on with its previous configuration' >&2
    exit 1
  fi
  printf '1\n' >"$run/gateway.state"
  result=reloaded
else
  printf '1\n' >"$run/gateway.state"
  mv "$new" "$file"
  : >"$dir/serving"
  if ! systemctl start "$unit"; then
    complaints
    exit 1
  fi
  result=started
fi
echo "$digest" >"$dir/loaded"
echo "$result"
