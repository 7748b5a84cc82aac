# Writes the changes of a build as the tar of a layer to standard output. Arguments: folder of the changes, first mapped id,
# number of ids, newest time in seconds, file for the id range. To be run by unshare --mount.
set -eu
export LC_ALL=C
delta=$1 first=$2 count=$3 epoch=$4 subid=$5
for file in /etc/subuid /etc/subgid; do
  [ ! -e "$file" ] || mount --bind "$subid" "$file"
done
cd "$delta"
# Inside the map owners and capabilities read as the image has them, not as this machine keeps them.
exec lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" -- \
  tar --sort=name --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f \
  --clamp-mtime "--mtime=@$epoch" --xattrs --xattrs-include='user.*' --xattrs-include=security.capability \
  --anchored --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' --exclude='./run/*' -cf - .
