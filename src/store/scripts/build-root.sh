# Puts the root file system of a build together and holds it: mounts of its own, an overlay of the base (lower) and the
# changes (delta), and on it the build container, or with "files" just the mount. Arguments: folder of the build, absolute
# path of the lower folder, "container" or "files". To be run by unshare --mount; ends when it is killed, and all with it.
set -eu
folder=$1 lower=$2 mode=$3
cd "$folder"
# newuidmap asks these files; here they say what the container's map needs, whatever the machine has in them.
for file in /etc/subuid /etc/subgid; do
  [ ! -e "$file" ] || mount --bind subid "$file"
done
# Where the container's root can walk to, whatever folder the cache is in: this folder is of nobody's concern here, and what
# covers it is seen by this build alone.
mount -t tmpfs -o mode=755 build /var/lib/lxc
mkdir -p /var/lib/lxc/root /var/lib/lxc/machine "/var/lib/lxc/build/${folder##*/}"
mount --bind machine /var/lib/lxc/machine
# The lower folder is named through a link and the others without a path: overlay cannot read all characters in a path.
ln -sfn "$lower" lower
mount -t overlay -o lowerdir=lower,upperdir=delta,workdir=work,redirect_dir=off,metacopy=off,index=off overlay /var/lib/lxc/root
: >ready
case $mode in
container)
  cp config "/var/lib/lxc/build/${folder##*/}/"
  exec lxc-start -F -P /var/lib/lxc/build -n "${folder##*/}" -o "$folder/lxc.log" -l WARN
  ;;
*) exec sleep 86400 ;;
esac
