# Snapshots of one container by LXC's own means. Arguments: folder of the processes, verb, name of the process, then for
# `take` a comment, for `restore` and `remove` the snapshot. LXC takes and restores stopped containers only: one that runs is
# stopped for that time. Prints {"snapshot","createdAt","comment"} for each snapshot that is there (list) or was made (take).
set -u
export LC_ALL=C
processes=$1 verb=$2 name=$3 value=${4-}
folder=$processes/$name
unit=stratos-process@$name.service

refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}

# Tells snapshot $1.
tell() {
  taken=$(date -u -r "$folder/snaps/$1/ts" +%Y-%m-%dT%H:%M:%SZ)
  comment=''
  [ ! -e "$folder/snaps/$1/comment" ] ||
    comment=$(tr '\n\t' '  ' <"$folder/snaps/$1/comment" | tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g; s/ *$//')
  printf '{"snapshot":"%s","createdAt":"%s","comment":"%s"}\n' "$1" "$taken" "$comment"
}

# The snapshots there are, oldest first.
list() {
  for snapshot in "$folder"/snaps/*/ts; do
    [ -e "$snapshot" ] || continue
    snapshot=${snapshot%/ts}
    printf '%s %s\n' "$(stat -c %Y "$snapshot/ts")" "${snapshot##*/}"
  done | sort -k 1n -k 2V | cut -d ' ' -f 2
}

resume() {
  [ "$was" != active ] || systemctl start "$unit"
}

[ -e "$folder/label.json" ] || refuse "Cannot $verb a snapshot of $name as it is not on this VM"
case $verb in
list)
  list | while read -r snapshot; do tell "$snapshot"; done
  exit
  ;;
restore | remove)
  [ -e "$folder/snaps/$value/config" ] || refuse "Cannot $verb a snapshot of $name as there is none of that name: $value"
  ;;
esac
if [ "$verb" = remove ]; then
  lxc-snapshot -P "$processes" -n "$name" -d "$value" >&2
  exit
fi

# A request that comes meanwhile waits.
mkdir -p /run/stratos
echo $$ >"/run/stratos/held.$name"
was=$(systemctl is-active "$unit" || :)
[ "$was" != activating ] || was=active
systemctl stop "$unit"
if [ "$verb" = take ]; then
  before=$(list)
  comment=$folder/.comment
  printf '%s' "$value" >"$comment"
  # Without a comment file LXC writes none.
  set --
  [ -z "$value" ] || set -- -c "$comment"
  lxc-snapshot -P "$processes" -n "$name" "$@" >&2
  status=$?
  rm -f "$comment"
  for snapshot in $(list); do
    case "
$before
" in
    *"
$snapshot
"*) ;;
    *) tell "$snapshot" ;;
    esac
  done
else
  # LXC writes a configuration with a new MAC, and folders that anybody in the group may enter.
  cp -p "$folder/config" "$folder/.config"
  lxc-snapshot -P "$processes" -n "$name" -r "$value" >&2
  status=$?
  mv "$folder/.config" "$folder/config"
  owner=$(stat -c %u:%g "$folder/stratos/output")
  chown root:root "$folder" "$folder/overlay" && chmod 755 "$folder" "$folder/overlay"
  chown "$owner" "$folder/overlay/delta" "$folder/overlay/work"
fi
resume
rm -f "/run/stratos/held.$name"
exit "$status"
