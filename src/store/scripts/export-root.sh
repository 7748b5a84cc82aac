# Writes the root file system of an image as a tar. To be run by unshare --mount. Arguments: working folder, file, "gzip", "zstd" or
# "cat", first mapped id, number of ids, then the folders of its layers with the topmost first.
set -eu
export LC_ALL=C
folder=$1 file=$2 compress=$3 first=$4 count=$5
shift 5
cd "$folder"
mkdir -p root
stack='' depth=0
for lower; do
  depth=$((depth + 1))
  ln -sfn "$lower" "l$depth"
  stack=${stack:+$stack:}l$depth
done
if [ "$depth" = 1 ]; then
  mount --bind l1 root
else
  mount -t overlay -o "ro,lowerdir=$stack" overlay root
fi
printf 'root:%s:%s\n' "$first" "$count" >subid
for id in /etc/subuid /etc/subgid; do
  [ ! -e "$id" ] || mount --bind subid "$id"
done
{
  (cd root && lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" -- tar --sort=name --numeric-owner --format=posix \
    --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f --xattrs --xattrs-include='user.*' \
    --xattrs-include=security.capability --anchored --exclude=./.stratos -cf - .) || echo tar >trouble
} | "$compress" >"$file" || echo "$compress" >trouble
if [ -e trouble ]; then
  echo "it cannot be packed by $(cat trouble)" >&2
  exit 1
fi
