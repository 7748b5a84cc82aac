# Takes a layer from another VM. Standard input has the key of this run, which is never on a disk. Arguments: text of the script
# that takes a layer, folder of what lives as long as the VM runs; address, port and user of the other VM, its host keys, one a
# line; what to ask it for; then the arguments of that script, whose answer is printed, and before it each second
# {"arrived":BYTES}: how much of the blob is there; after it {"unreached":true} where the other VM was not reached, or no longer.
set -eu
umask 077
take=$1 run=$2 address=$3 port=$4 user=$5 hosts=$6 request=$7
shift 7
mkdir -p "$run"
# Of runs that were killed.
find "$run" -maxdepth 1 -name 'fetch.*' -mmin +120 -exec rm -rf {} +
folder=$(mktemp -d "$run/fetch.XXXXXX")
part=$2/${10}.part
# Ends also where nobody is left to end it.
while sleep 1 >/dev/null 2>&1 && [ -d "/proc/$$" ]; do
  ! bytes=$(stat -c %s "$part" 2>/dev/null) || printf '{"arrived":%s}\n' "$bytes"
done &
watch=$!
trap 'kill "$watch" 2>/dev/null; rm -rf "$folder"' EXIT
cat >"$folder/key"
printf '%s\n' "$hosts" | sed 's/^/giver /' >"$folder/hosts"
# What processors have instructions for comes first, which takes a third of the time of what ssh would choose.
ciphers=aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr
# ssh has a status for troubles of its own.
{
  ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o HostKeyAlias=giver -o UserKnownHostsFile="$folder/hosts" \
    -o GlobalKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o IdentityAgent=none -o ConnectTimeout=5 -o ServerAliveInterval=5 \
    -o ServerAliveCountMax=3 -o Compression=no -o Ciphers="$ciphers" -i "$folder/key" -p "$port" "$user@$address" -- "$request" </dev/null ||
    [ "$?" != 255 ] || : >"$folder/unreached"
} | sh -c "$take" layer_take "$@" || status=$?
[ ! -e "$folder/unreached" ] || echo '{"unreached":true}'
exit "${status-0}"
