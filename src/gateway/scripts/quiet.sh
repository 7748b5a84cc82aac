# Waits until this gateway has no connection to any of some addresses. $1 longest time in whole seconds, $2 run directory: workers that were
# replaced must be gone too, as a client that kept its connection to one may send its next request there; or empty: they do not matter. Then
# the addresses. Changes nothing. Prints those that still have a connection when the time is over, each on a line.
set -u
end=$(($(date +%s) + $1)) run=$2
shift 2
busy() {
  for address in "$@"; do
    [ -z "$(ss -Htn state established dst "$address" 2>/dev/null)" ] || echo "$address"
  done
}
# Whether the master has more than one worker.
replaced() {
  pid='' workers=''
  [ -n "$run" ] && [ -r "$run/gateway.pid" ] && read -r pid <"$run/gateway.pid" || return 1
  [ -r "/proc/${pid:--}/task/$pid/children" ] && read -r workers <"/proc/$pid/task/$pid/children" || return 1
  case $workers in
  *[0-9]' '*[0-9]*) return 0 ;;
  esac
  return 1
}
while left=$(busy "$@") && { [ -n "$left" ] || replaced; }; do
  [ "$(date +%s)" -lt "$end" ] || {
    [ -z "$left" ] || echo "$left"
    exit 0
  }
  sleep 0.1
done
