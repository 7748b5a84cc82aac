# Prints what the gateway has, sees and counts; changes nothing. $1 directory, $2 run directory, $3 traffic or files.
# First line: `gateway <sha256 of the file or -> <loaded or ->`; then, when it runs, `leaving <server> <sessions>` for what workers that were
# replaced still hold (web sockets, downloads), `worker <id>` and a table of its backends and servers with the columns we read, or only
# `running` where just files are asked for: HAProxy is not asked then.
set -u
have='' loaded=''
[ ! -r "$1/haproxy.cfg" ] || have=$(sha256sum <"$1/haproxy.cfg")
have=${have%% *}
[ ! -r "$1/loaded" ] || read -r loaded <"$1/loaded" || :
echo "gateway ${have:--} ${loaded:--}"
[ -S "$2/gateway.sock" ] || exit 0
if [ "$3" = files ]; then
  pid='' name=''
  [ ! -r "$2/gateway.pid" ] || read -r pid <"$2/gateway.pid" || :
  [ ! -r "/proc/${pid:--}/comm" ] || read -r name <"/proc/$pid/comm" || :
  [ "$name" != haproxy ] || echo running
  exit 0
fi
# Says something to the process that has all workers.
master() {
  echo "$1" | socat -t 5 - "UNIX-CONNECT:$2/gateway-master.sock" 2>/dev/null
}
pid='' workers=''
[ ! -r "$2/gateway.pid" ] || read -r pid <"$2/gateway.pid" || :
[ ! -r "/proc/${pid:--}/task/$pid/children" ] || read -r workers <"/proc/$pid/task/$pid/children" || :
case $workers in
*[0-9]' '*[0-9]*)
  for old in $(master 'show proc' "$2" | awk '/^#/ { old = /old workers/ } old && $2 == "worker" { print $1 }'); do
    master "@!$old show stat -1 4 -1" "$2" | awk -F, '$5 + 0 > 0 && !/^#/ { print "leaving", $2, $5 }'
  done
  ;;
esac
# The table is what was asked for last; before it stand lines of a name and a value. Free text is in quotes and not wanted.
echo 'show info;show stat -1 6 -1' | socat -t 5 - "UNIX-CONNECT:$2/gateway.sock" 2>/dev/null | awk -F, '
  BEGIN { wanted = " pxname svname qcur scur stot econ eresp wretr status rate hrsp_5xx lastsess req_tot rtime " }
  !count && /^Pid: / { pid = substr($0, 6) }
  !count && /^Start_time_sec: / { start = substr($0, 17) }
  !count && /^# / {
    print "worker " pid "." start
    line = "#"
    for (i = 1; i <= NF; i++) {
      name = $i
      sub(/^# */, "", name)
      if (!index(wanted, " " name " ")) continue
      at[++count] = i
      line = line (count > 1 ? "," : " ") name
    }
    print line
    next
  }
  count && NF {
    if (index($0, "\"")) gsub(/"([^"]|"")*"/, "")
    line = $at[1]
    for (i = 2; i <= count; i++) line = line "," $at[i]
    print line
  }
'
