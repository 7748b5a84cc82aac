# Packs what a process changed as a layer. To be run by unshare --mount, after pack-layer.sh. Arguments: working folder, folder of
# the processes, folder of the hooks, name of the process, lineage, first mapped id, number of ids, then paths in the process whose
# contents stay out. A process that runs is frozen while its changes are copied, and as before afterwards. Prints
# {"digest","size","diffId","unpackedSize","frozen"}, the last in ms; the layer is the file entry/layer in the working folder.
set -eu
export LC_ALL=C
umask 022
folder=$1 processes=$2 hooks=$3 name=$4 lineage=$5 first=$6 count=$7
shift 7
exec 3>&1 1>&2
home=$processes/$name

refuse() {
  echo "Cannot take the changes of $name as $1"
  exit 1
}

label=''
[ ! -e "$home/label.json" ] || read -r label <"$home/label.json" || :
case $label in
*"\"lineage\":\"$lineage\""*) ;;
*) refuse 'it is not on this VM, or not ours' ;;
esac
lower='' delta='' shifted=''
while read -r key _ value; do
  case $key in
  lxc.rootfs.path) value=${value#overlay:} && lower=${value%%:*} delta=${value##*:} ;;
  lxc.idmap) shifted=yes ;;
  esac
done <"$home/config"
if [ ! -d "$lower" ] || [ ! -d "$delta" ]; then refuse 'its image is not here'; fi
# The layers of an image are mounted for processes that run; not since the VM was started, maybe.
[ ! -x "$hooks/image-mount" ] || [ -d "$lower/.stratos" ] || "$hooks/image-mount" "$lower"

# The same of a file system of its own.
[ ! -e "$home/disk" ] || "$hooks/process-disk" "$name"

freezer=''
for file in "/sys/fs/cgroup/freezer/lxc.payload.$name/freezer.state" "/sys/fs/cgroup/lxc.payload.$name/cgroup.freeze" \
  "/sys/fs/cgroup/unified/lxc.payload.$name/cgroup.freeze"; do
  [ ! -e "$file" ] || freezer=$file
done
held=''
thaw() {
  [ -n "$held" ] || return 0
  held=''
  case $freezer in
  */freezer.state) echo THAWED >"$freezer" ;;
  *) echo 0 >"$freezer" ;;
  esac
}
# However this ends, the process goes on.
trap thaw EXIT
trap 'exit 1' HUP INT TERM
freeze() {
  [ -n "$freezer" ] || return 0
  read -r before <"$freezer"
  case $before in FROZEN | 1) return 0 ;; esac
  held=yes tries=0
  case $freezer in
  */freezer.state) echo FROZEN >"$freezer" ;;
  *) echo 1 >"$freezer" ;;
  esac
  until is_frozen; do
    tries=$((tries + 1))
    [ "$tries" -lt 500 ] || refuse 'it cannot be frozen'
    sleep 0.01
  done
}
is_frozen() {
  case $freezer in
  */freezer.state) read -r state <"$freezer" && [ "$state" = FROZEN ] ;;
  *) grep -qx 'frozen 1' "${freezer%.freeze}.events" ;;
  esac
}

cd "$folder"
started=$(date +%s%3N)
freeze
cp -a --reflink=auto "$delta" delta
thaw
frozen=$(($(date +%s%3N) - started))

mkdir merged
ln -s "$lower" lower
options=redirect_dir=off,metacopy=off,index=off owner=0:0
# As the process has it mounted, else folders that it replaced would show what was in them.
[ -z "$shifted" ] || options=userxattr owner=$first:$first
mount -t overlay -o "ro,lowerdir=delta:lower,$options" overlay merged
pack_changes lower/ merged "$owner"
umount merged

# Whether no part of path $1 in the changes is a link, which could lead out of them.
is_plain() {
  rest=$1 walked=packed
  while [ -n "$rest" ]; do
    walked=$walked/${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    if [ ! -d "$walked" ] || [ -h "$walked" ]; then return 1; fi
  done
}
for path; do
  path=${path#/}
  ! is_plain "$path" || find "packed/$path" -mindepth 1 -delete
done
# Places that were made to mount on.
rm -rf packed/.stratos
for file in etc/hosts etc/hostname etc/resolv.conf; do
  [ ! -f "packed/$file" ] || [ -s "packed/$file" ] || rm -f "packed/$file"
done

mkdir entry
for file in /etc/subuid /etc/subgid; do
  [ -z "$shifted" ] || { printf 'root:%s:%s\n' "$first" "$count" >subid && mount --bind subid "$file"; }
done
(
  cd packed
  if [ -n "$shifted" ]; then
    pack_layer "$(date +%s)" "$folder/entry" lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" --
  else
    pack_layer "$(date +%s)" "$folder/entry"
  fi
)
printf '%s,"frozen":%s}\n' "$(cat entry/layer.json)" "$frozen" >&3
