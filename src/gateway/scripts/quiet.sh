# Waits until this gateway has no connection to any of some addresses. $1 longest time in whole seconds, then the addresses. Changes nothing.
# Prints those that still have one when the time is over, each on a line.
set -u
end=$(($(date +%s) + $1))
shift
busy() {
  for address in "$@"; do
    [ -z "$(ss -Htn state established dst "$address" 2>/dev/null)" ] || echo "$address"
  done
}
while left=$(busy "$@") && [ -n "$left" ]; do
  [ "$(date +%s)" -lt "$end" ] || {
    echo "$left"
    exit 0
  }
  sleep 0.1
done
