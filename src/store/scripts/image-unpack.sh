# Unpacks an image whose blobs are here. Arguments: blobs folder, images folder, hex of the image, variant, first mapped id,
# number of ids, bytes needed, folder to hide from what is unpacked, then KIND=HEX for each blob: layers in order with KIND
# zstd, gzip or tar; blob for what is only verified. Variant rootfs has its ownership shifted to the mapped range, variant
# privileged has it as it is. Prints JSON lines: {"present":true}, {"unpacked":true}, {"damaged":"HEX"} (deleted, so that
# the next copy brings it again) or {"free":BYTES,"need":BYTES}. Safe to run twice and at the same time.
set -eu
export LC_ALL=C
blobs=$1 images=$2 hex=$3 variant=$4 first=$5 count=$6 need=$7 hide=$8
shift 8
umask 022
mkdir -p "$images"

# The kernel frees these locks when their holder dies. The first keeps pruning away, which looks at when a root was used last.
exec 8>>"$images/../lock"
flock -s 8
exec 9>"$images/.$hex.lock"
flock 9
target=$images/$hex
if [ -e "$target/complete" ] && [ -d "$target/$variant" ]; then
  touch "$target"
  echo '{"present":true}'
  exit 0
fi

damaged=$(for blob in "$@"; do printf '%s  %s/%s\n' "${blob#*=}" "$blobs" "${blob#*=}"; done |
  sha256sum -c 2>/dev/null | sed -n 's/^.*\/\([0-9a-f]\{64\}\): FAILED.*$/\1/p')
if [ -n "$damaged" ]; then
  for blob in $damaged; do
    rm -f "$blobs/$blob"
    printf '{"damaged":"%s"}\n' "$blob"
  done
  exit 3
fi

# Whoever made these is dead, else it would hold the lock.
rm -rf "$target".tmp-*
free=$(($(stat -f -c '%a * %S' "$images")))
if [ "$free" -lt "$need" ]; then
  printf '{"free":%s,"need":%s}\n' "$free" "$need"
  exit 4
fi

temporary=$target.tmp-$$
trap 'rm -rf "$temporary"' EXIT
mkdir -m 700 "$temporary"
mkdir "$temporary/$variant"
printf 'root:%s:%s\n' "$first" "$count" >"$temporary/subid"
[ "$variant" = privileged ] || chown "$first:$first" "$temporary/$variant"

# Runs a command in the new root as root of the mapped range. The mounts are private to it: the id range, so that nothing
# depends on /etc/subuid, and an empty folder over everything of ours, so that no link in a layer leads into another image.
inside() {
  # shellcheck disable=SC2016
  unshare -m sh -eu -c '
    root=$1 hide=$2 variant=$3 first=$4 count=$5
    shift 5
    cd "$root"
    [ "$variant" != privileged ] || exec "$@"
    for file in /etc/subuid /etc/subgid; do
      [ ! -e "$file" ] || mount --bind ../subid "$file"
    done
    mount -t tmpfs -o size=4k hidden "$hide"
    exec lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" -- "$@"
  ' sh "$temporary/$variant" "$hide" "$variant" "$first" "$count" "$@"
}

expand() {
  case ${1%%=*} in
  zstd) zstd -dcq "$blobs/${1#*=}" ;;
  gzip) gzip -dc "$blobs/${1#*=}" ;;
  *) cat "$blobs/${1#*=}" ;;
  esac || : >"$temporary/cut"
}

# Removes what the names on standard input hide: .wh.NAME hides NAME, .wh..wh..opq all that is in its folder so far.
# shellcheck disable=SC2016
whiteouts='while IFS= read -r line; do
  case /$line/ in */../*) continue ;; esac
  folder=${line%/*} name=${line##*/}
  [ "$folder" != "$line" ] || folder=.
  case $name in
  .wh..wh..opq) [ ! -d "./$folder" ] || find "./$folder" -mindepth 1 -delete ;;
  .wh..wh.*) ;;
  .wh.?*) rm -rf -- "./$folder/${name#.wh.}" ;;
  esac
done'

lower=
for blob in "$@"; do
  case $blob in blob=*) continue ;; esac
  if [ -n "$lower" ]; then
    expand "$blob" | tar -tf - --quoting-style=literal | grep -E '(^|/)\.wh\.' >"$temporary/whiteouts" || :
    [ ! -s "$temporary/whiteouts" ] || inside sh -c "$whiteouts" <"$temporary/whiteouts"
  fi
  lower=yes
  status=0
  expand "$blob" | inside tar -xpf - --numeric-owner --same-owner --xattrs --xattrs-include='user.*' \
    --xattrs-include=security.capability --exclude='.wh.*' --anchored --exclude='dev/*' --exclude='./dev/*' || status=$?
  if [ "$status" != 0 ] || [ -e "$temporary/cut" ]; then
    free=$(($(stat -f -c '%a * %S' "$images")))
    [ "$free" -gt 1048576 ] || printf '{"free":%s,"need":%s}\n' "$free" "$need"
    exit 5
  fi
done

# What every process has mounted into it finds its place here, else LXC makes that anew in the layer of each. A place that is a
# link is left to LXC, which does not follow it out of the root.
# shellcheck disable=SC2016
inside sh -c '
  for folder in .stratos dev etc proc sys; do [ -e "$folder" ] || [ -h "$folder" ] || mkdir "$folder"; done
  [ ! -d etc ] || [ -h etc ] || for file in etc/hosts etc/resolv.conf; do
    [ -e "$file" ] || [ -h "$file" ] || : >"$file"
  done'

rm -f "$temporary/subid" "$temporary/whiteouts"
# On disk before it counts as complete: a VM that loses power must not come back with half an image.
sync -f "$temporary"
if [ -d "$target" ]; then
  rm -rf "${target:?}/$variant"
  mv "$temporary/$variant" "$target/$variant"
else
  chmod 755 "$temporary"
  mv "$temporary" "$target"
fi
: >"$target/complete"
echo '{"unpacked":true}'
