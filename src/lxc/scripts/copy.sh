# Files of a container that runs, seen and written as its own root does. Arguments: lineage, folder of the processes, verb, name of the
# process, path inside it. `look` prints {"uid","gid","place","parent"}: the ids it runs as, and what the path and the folder it is in
# are: directory, file, other or none. `out` writes the path as a tar, with its last part as its name; `in` unpacks a tar into the path.
#
# The program is the VM's, as the image may have none, and runs in the mounts, the ids and the tasks of the container: no link and no
# `..` leads out of it, and what it writes has the owner it says. It gets there, with its libraries, as open files: a folder would be a
# way back to the VM's.
set -u
export LC_ALL=C
lineage=$1 processes=$2 verb=$3 name=$4 path=$5
folder=$processes/$name

refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}

label=''
[ ! -e "$folder/label.json" ] || read -r label <"$folder/label.json"
case $label in
*"\"lineage\":\"$lineage\""*) ;;
*) refuse "Cannot copy files of $name as it is not on this VM, or not ours" ;;
esac
pid=''
for groups in /sys/fs/cgroup/pids /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ -e "$groups/lxc.payload.$name/cgroup.procs" ] || continue
  read -r pid <"$groups/lxc.payload.$name/cgroup.procs" || :
  break
done
[ -n "$pid" ] || refuse "Cannot copy files of $name as it does not run"

# Opens program $1 of the VM and its libraries; sets `loader` and `preload`. A shell counts its files to 9.
# shellcheck disable=SC2034,SC2094 # number is used by eval
open_program() {
  file=$(command -v "$1") number=4 loader='' preload=''
  exec 3<"$file"
  while read -r library arrow target _; do
    case $library$arrow in
    /*) target=$library loader=/proc/self/fd/$number ;;
    *'=>') case $target in /*) preload="$preload /proc/self/fd/$number" ;; *) continue ;; esac ;;
    *) continue ;;
    esac
    [ "$number" -le 9 ] || refuse "Cannot copy files of $name as $1 of the VM needs too many libraries"
    eval "exec $number<\"\$target\""
    number=$((number + 1))
  done <<LIBRARIES
$(ldd "$file" 2>/dev/null)
LIBRARIES
}

# Runs what was opened inside, with the arguments.
inside() {
  ids='-U -S 0 -G 0'
  [ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ] || ids=''
  # shellcheck disable=SC2086 # words
  if [ -n "$loader" ]; then
    nsenter -t "$pid" -m -p $ids -- "$loader" --library-path /nowhere --preload "$preload" /proc/self/fd/3 "$@"
  else
    nsenter -t "$pid" -m -p $ids -- /proc/self/fd/3 "$@"
  fi
}

kind() {
  case $(inside -L -c %F -- "$1" 2>/dev/null) in
  directory) echo directory ;;
  regular*) echo file ;;
  '') echo none ;;
  *) echo other ;;
  esac
}

parent=${path%/*}
case $verb in
look)
  open_program stat
  read -r uid gid _ <"$folder/user"
  printf '{"uid":%d,"gid":%d,"place":"%s","parent":"%s"}\n' "$uid" "$gid" "$(kind "$path")" "$(kind "${parent:-/}")"
  ;;
out)
  open_program tar
  inside -C "${parent:-/}" -cf - -- "${path##*/}"
  # 1: a file changed while it was read, as files of a process that runs do.
  [ $? -le 1 ]
  ;;
in)
  open_program tar
  inside -C "$path" -xpf - --same-owner --numeric-owner --no-overwrite-dir
  ;;
esac
