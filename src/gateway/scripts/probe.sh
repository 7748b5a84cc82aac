# Prints what the gateway has and sees; changes nothing. $1 directory, $2 run directory.
# First line: `gateway <sha256 of the file or -> <loaded or ->`; then name and status of each server, when it runs.
set -u
have='' loaded=''
[ ! -r "$1/haproxy.cfg" ] || have=$(sha256sum <"$1/haproxy.cfg")
have=${have%% *}
[ ! -r "$1/loaded" ] || read -r loaded <"$1/loaded" || :
echo "gateway ${have:--} ${loaded:--}"
[ ! -S "$2/gateway.sock" ] || echo 'show stat -1 4 -1' | socat -t 5 - "UNIX-CONNECT:$2/gateway.sock" 2>/dev/null | cut -d, -f1,2,18
