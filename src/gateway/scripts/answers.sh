# Waits until something that is no container of ours answers, as the gateway's checks will ask it. $1 address, $2 port, $3 path or empty: that
# the port accepts connections is enough then, $4 longest time of one try in seconds, $5 longest time in all in whole seconds. Changes nothing.
# Ends with 1 when it did not answer in time, and says what the last try met.
set -u
case $1 in
*:*) host="[$1]" ;;
*) host=$1 ;;
esac
ask() {
  if [ -n "$3" ]; then
    code=$(curl -q -g -s -o /dev/null -w '%{http_code}' --noproxy '*' -A stratos -m "$4" "http://$host:$2$3" 2>/dev/null)
    case $code in
    2?? | 3??) return 0 ;;
    000) why='no answer' ;;
    *) why="status $code" ;;
    esac
  else
    socat -u OPEN:/dev/null "TCP:$host:$2,connect-timeout=$4" 2>/dev/null && return 0
    why='no connection'
  fi
  return 1
}
end=$(($(date +%s) + $5))
until ask "$@"; do
  [ "$(date +%s)" -lt "$end" ] || {
    echo "$why from $1:$2$3 in $5 s" >&2
    exit 1
  }
  sleep 0.2
done
