# Snapshots of one container by LXC's own means. Arguments: folder of the processes, verb, name of the process, then for
# `take` a comment, for `restore` and `remove` the snapshot. LXC takes and restores stopped containers only: one that runs is
# stopped for that time. Prints {"snapshot","createdAt","comment"} for each snapshot that is there (list) or was made (take).
# What was kept of another process of the subscription that went is NAME/SNAPSHOT, and has "image" when that is another one.
set -u
export LC_ALL=C
processes=$1 verb=$2 name=$3 value=${4-}
folder=$processes/$name
kept=${processes%/*}/snapshots
unit=stratos-process@$name.service

refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}

# Puts the image of the process with the label $1 into `image`.
read_image() {
  image=''
  [ ! -r "$1" ] || read -r image <"$1"
  image=${image##*\"image\":\"}
  image=${image%%\"*}
}

# Puts the folder of snapshot $1 into `place`, and into `other` the image it is of where that is another one.
find_snapshot() {
  place=$folder/snaps/$1 other=''
  case $1 in
  */*)
    place=$kept/$1
    case ${1%%/*}${1#*/} in *[!0-9a-z-]*) refuse "Cannot $verb a snapshot of $name as there is none of that name: $1" ;; esac
    read_image "$folder/label.json"
    own=$image
    read_image "$place/label.json"
    [ "$image" = "$own" ] || other=$image
    ;;
  esac
}

# Tells snapshot $1.
tell() {
  find_snapshot "$1"
  taken=$(date -u -r "$place/ts" +%Y-%m-%dT%H:%M:%SZ)
  comment=''
  [ ! -e "$place/comment" ] ||
    comment=$(tr '\n\t' '  ' <"$place/comment" | tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g; s/ *$//')
  printf '{"snapshot":"%s","createdAt":"%s","comment":"%s"%s}\n' "$1" "$taken" "$comment" "${other:+,\"image\":\"$other\"}"
}

# The snapshots there are, oldest first: its own, and with `kept` those of processes of the subscription that went.
list() {
  set -- "$folder"/snaps/*/ts ${1:+"$kept/${name%-*}"-*/*/ts}
  for snapshot; do
    [ -e "$snapshot" ] || continue
    from=${snapshot#"$kept/${name%-*}-"}
    at=${snapshot%/ts}
    case $snapshot in
    "$kept"/*)
      # Not those of a subscription whose name only begins like this one's.
      case ${from%%/*} in *[!0-9]*) continue ;; esac
      at=${name%-*}-${from%/ts}
      ;;
    *) at=${at##*/} ;;
    esac
    printf '%s %s\n' "$(stat -c %Y "$snapshot")" "$at"
  done | sort -k 1n -k 2V | cut -d ' ' -f 2
}

resume() {
  [ "$was" != active ] || systemctl start "$unit"
}

[ -e "$folder/label.json" ] || refuse "Cannot $verb a snapshot of $name as it is not on this VM"
[ "$verb" = list ] || [ ! -e "$folder/podman" ] || refuse "Cannot $verb a snapshot of $name as its runtime has none: podman"
case $verb in
list)
  list kept | while read -r snapshot; do tell "$snapshot"; done
  exit
  ;;
restore | remove)
  find_snapshot "$value"
  [ -e "$place/config" ] || refuse "Cannot $verb a snapshot of $name as there is none of that name: $value"
  ;;
esac
if [ "$verb" = remove ]; then
  case $value in
  */*)
    rm -rf "$place"
    rmdir "${place%/*}" 2>/dev/null || :
    ;;
  *) lxc-snapshot -P "$processes" -n "$name" -d "$value" >&2 ;;
  esac
  exit
fi
if [ "$verb" = restore ]; then
  [ -z "$other" ] || refuse "Cannot restore $value to $name as it is of another image: $other"
  [ "$(stat -c %u "$place/overlay/delta")" = "$(stat -c %u "$folder/overlay/delta")" ] ||
    refuse "Cannot restore $value to $name as only one of them is of a privileged process"
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
  own=$value
  # LXC puts a process back by making it anew, and its disk would go.
  [ ! -e "$folder/disk" ] || own=/
  case $own in
  */*)
    # LXC knows of its own only.
    cp -a "$place/overlay/delta" "$folder/overlay/.delta" >&2 && rm -rf "$folder/overlay/delta" "$folder/overlay/work/work" &&
      mv "$folder/overlay/.delta" "$folder/overlay/delta"
    status=$?
    if [ "$status" != 0 ]; then
      rm -rf "$folder/overlay/.delta"
      [ ! -e "$folder/disk" ] || printf 'Its disk may have no room for what it has and what comes back\n' >&2
    fi
    ;;
  *)
    lxc-snapshot -P "$processes" -n "$name" -r "$value" >&2
    status=$?
    ;;
  esac
  mv "$folder/.config" "$folder/config"
  owner=$(stat -c %u:%g "$folder/stratos/output")
  chown root:root "$folder" "$folder/overlay" && chmod 755 "$folder" "$folder/overlay"
  chown "$owner" "$folder/overlay/delta" "$folder/overlay/work"
fi
resume
rm -f "/run/stratos/held.$name"
exit "$status"
