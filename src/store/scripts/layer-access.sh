# Lets other VMs read compressed layers here for the time of a run, or ends that. Arguments: `open`, user whose key file it is, id of
# the run, folder of the hooks, minutes the key is good for, public key, bytes per second for all who read or 0; or `close`, user, id,
# folder of the blobs and the hex of each blob that was kept for others. Keys whose time is over go with either. Safe to run twice.
set -eu
export LC_ALL=C
verb=$1 user=$2 id=$3
shift 3
home=$(getent passwd "$user" | cut -d : -f 6)
file=$home/.ssh/authorized_keys
[ ! -h "$file" ] || file=$(readlink -f "$file")
line='' folder=${file%/*}
if [ "$verb" = open ]; then
  hooks=$1 minutes=$2 key=$3 rate=$4
  [ -d "$folder" ] || install -d -m 700 -o "$user" -g "$(id -g "$user")" "$folder"
  sudo=''
  [ "$user" = root ] || sudo='sudo -n -- '
  # shellcheck disable=SC2016
  line=$(printf 'restrict,expiry-time="%s",command="%s%s/layer-serve \\"$SSH_ORIGINAL_COMMAND\\" %s" %s stratos-run-%s' \
    "$(date -d "+$minutes minutes" +%Y%m%d%H%M)" "$sudo" "$hooks" "$rate" "$key" "$id")
else
  blobs=$1
  shift
  for blob; do rm -f "$blobs/$blob"; done
fi
[ -n "$line" ] || [ -e "$file" ] || exit 0
exec 9<"$folder"
flock 9
[ -e "$file" ] || install -m 600 -o "$user" -g "$(id -g "$user")" /dev/null "$file"
new=$folder/.stratos-keys
cp -p "$file" "$new"
# Through the environment, as awk reads backslashes in a value of -v.
line=$line awk -v id="stratos-run-$id" -v now="$(date +%Y%m%d%H%M)" '
  $NF ~ /^stratos-run-/ && (!match($0, /expiry-time="[0-9]+"/) || substr($0, RSTART + 13, RLENGTH - 14) < now || $NF == id) { next }
  { print }
  END { if (ENVIRON["line"] != "") print ENVIRON["line"] }
' "$file" >"$new"
if cmp -s "$file" "$new"; then rm -f "$new"; else mv "$new" "$file"; fi
