# One step of a build: an overlay on the layers below, in mounts of its own, what the step does to it, and the layer that makes.
# To be run by unshare --mount, after pack-layer.sh. Arguments: folder of the build, name of its container, folder of finished layers, digest of the
# chain below, first mapped id, number of ids, newest time of files in seconds, "hold" or "end" after a command that fails, the
# folders below with the topmost first, --, then "packages" NAME…, "run" COMMAND, or "copy" FOLDER TO KIND OWNER MODE: KIND says
# whether TO is the place of a "directory" or the folder of a "file"; OWNER and MODE may be empty. The folder of the build has
# setup/config (LXC) and setup/env (variables, as sh reads them) where a command is to be run. Prints {"failed":STATUS} for a
# command that failed, or {"digest","size","diffId","unpackedSize","chain"}; the layer is then in LAYERS/CHAIN, as the file
# "layer" and as the folder "delta" for builds that go on from it. What tools say goes to standard error.
set -eu
export LC_ALL=C
folder=$1 name=$2 layers=$3 below=$4 first=$5 count=$6 epoch=$7 failing=$8
shift 8
umask 022
root=/var/lib/lxc/root
lower=/var/lib/lxc/lower
exec 3>&1 1>&2

cd "$folder"
rm -rf delta work packed entry go-on
mkdir delta work
chown "$first:$first" delta work
printf 'root:%s:%s\n' "$first" "$count" >subid
# newuidmap asks these files; here they say what the container's map needs, whatever the machine has in them.
for file in /etc/subuid /etc/subgid; do
  [ ! -e "$file" ] || mount --bind subid "$file"
done
# Where the container's root can walk to, whatever folder the cache is in: this folder is of nobody's concern here, and what
# covers it is seen by this step alone.
mount -t tmpfs -o mode=755 build /var/lib/lxc
mkdir -p "$root" "$lower" /var/lib/lxc/machine "/var/lib/lxc/build/$name"
# Folders are named through links and without a path: overlay cannot read all characters in a path.
stack='' depth=0
while [ "$1" != -- ]; do
  depth=$((depth + 1))
  ln -sfn "$1" "l$depth"
  stack=${stack:+$stack:}l$depth
  shift
done
shift
options=redirect_dir=off,metacopy=off,index=off
mount -t overlay -o "lowerdir=$stack,upperdir=delta,workdir=work,$options" overlay "$root"
if [ "$depth" = 1 ]; then
  mount --bind l1 "$lower"
else
  mount -t overlay -o "ro,lowerdir=$stack,$options" overlay "$lower"
fi

# Finds what path $1 means in the image: links are followed as they would be there, and never lead out of it. Sets resolved,
# without a leading slash; what does not exist yet is taken as it stands.
resolve() {
  todo=$1 resolved='' links=0
  while [ -n "$todo" ]; do
    part=${todo%%/*}
    case $todo in
    */*) todo=${todo#*/} ;;
    *) todo='' ;;
    esac
    case $part in
    '' | .) continue ;;
    ..)
      case $resolved in
      */*) resolved=${resolved%/*} ;;
      *) resolved='' ;;
      esac
      continue
      ;;
    esac
    if [ -h "$root/$resolved/$part" ]; then
      links=$((links + 1))
      if [ "$links" -gt 40 ]; then
        echo "the links of the image make a loop: $1"
        exit 1
      fi
      # A newline at the end of the target is part of it.
      target=$(readlink "$root/$resolved/$part" && echo .)
      target=${target%??}
      case $target in /*) resolved='' ;; esac
      todo=$target/$todo
    else
      resolved=${resolved:+$resolved/}$part
    fi
  done
}

# Makes folder $1 (resolved) with its parents; they belong to $2, those that are missing above to the image's root.
make_folder() {
  [ ! -d "$root/$1" ] || return 0
  case $1 in */*) make_folder "${1%/*}" "$first:$first" ;; esac
  mkdir -m 755 "$root/$1"
  chown "$2" "$root/$1"
}

# Prints field $4 and, where given, $5 of the line of file $1 in the image whose name, or field $3, is $2.
account() {
  resolve "/etc/$1"
  [ ! -f "$root/$resolved" ] ||
    awk -F : -v key="$2" -v id="$3" -v a="$4" -v b="${5:-0}" \
      '$1 == key || (key ~ /^[0-9]+$/ && $id == key) { print $a, (b ? $b : ""); exit }' "$root/$resolved"
}

# Sets owner to the ids that $1, `user` or `user:group` by name or number, has on this machine.
find_owner() {
  owner=$first:$first
  [ -n "$1" ] || return 0
  user=${1%%:*} group=''
  case $1 in *:*) group=${1#*:} ;; esac
  found=$(account passwd "$user" 3 3 4)
  case $found$user in *[!0-9\ ]*) [ -n "$found" ] || { echo "the image has no such user: $user" && exit 1; } ;; esac
  uid=${found%% *} gid=${found#* }
  [ -n "$found" ] || uid=$user gid=$user
  if [ -n "$group" ]; then
    gid=$(account group "$group" 3 3)
    gid=${gid% }
    case $group$gid in *[!0-9]*) [ -n "$gid" ] || { echo "the image has no such group: $group" && exit 1; } ;; esac
    gid=${gid:-$group}
  fi
  owner=$((first + uid)):$((first + gid))
}

copy() {
  source=$folder/$1 to=$2 kind=$3 mode=$5
  find_owner "$4"
  cd "$source"
  chown -hR "$owner" .
  # Given here, as a change of the owner takes some of them away.
  [ -z "$mode" ] || find . -type f -exec chmod "$mode" {} +
  find . -type d | sort | while IFS= read -r directory; do
    resolve "$to/$directory"
    if [ "$directory" = . ] && [ "$kind" = file ]; then
      make_folder "$resolved" "$first:$first"
    else
      make_folder "$resolved" "$owner"
    fi
    find "$directory" -mindepth 1 -maxdepth 1 ! -type d \
      -exec cp -dp --remove-destination -t "$root/$resolved" -- {} +
  done
  cd "$folder"
}

# The container, alive as long as this shell.
start_container() {
  mount --bind machine /var/lib/lxc/machine
  cp setup/config "/var/lib/lxc/build/$name/"
  setpriv --pdeathsig KILL lxc-start -F -P /var/lib/lxc/build -n "$name" -o "$folder/lxc.log" -l WARN </dev/null &
  container=$!
  tries=0
  until [ "$(lxc-info -P /var/lib/lxc/build -n "$name" -sH 2>/dev/null)" = RUNNING ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 1000 ] || ! kill -0 "$container" 2>/dev/null; then
      tail -n 8 lxc.log
      echo 'the build container does not start'
      exit 1
    fi
    sleep 0.02
  done
}

stop_container() {
  lxc-stop -k -P /var/lib/lxc/build -n "$name" </dev/null || :
  wait "$container" || :
}

# Runs a shell command in the container; ends the step when it fails, after whoever wants to has looked.
inside() {
  status=0
  # shellcheck disable=SC2016
  env -i sh -c '. ./setup/env && exec lxc-attach -P /var/lib/lxc/build -n "$1" -- sh -c "cd / && $2"' sh "$name" "$1" \
    </dev/null || status=$?
  [ "$status" != 0 ] || return 0
  printf '{"failed":%s}\n' "$status" >&3
  if [ "$failing" = hold ]; then
    until [ -e go-on ]; do sleep 0.2; done
  fi
  stop_container
  exit 3
}

install_packages() {
  # No service may start in a build: 101 says "forbidden by policy".
  resolve /usr/sbin/policy-rc.d
  policy=$root/$resolved
  if [ -e "$policy" ]; then
    policy=''
  else
    make_folder "${resolved%/*}" "$first:$first"
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  inside 'apt-get -q update'
  inside "apt-get -q -y --no-install-recommends install $*"
  [ -z "$policy" ] || rm -f "$policy"
}

# Removes what can be fetched or made again, and what must be different in every process.
# shellcheck disable=SC2016
clean='rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial \
  /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/*- /var/cache/ldconfig/aux-cache /var/lib/dbus/machine-id \
  /var/lib/systemd/random-seed
rm -rf /tmp/* /tmp/.[!.]* /var/tmp/* /var/tmp/.[!.]*
[ ! -d /var/log ] || find /var/log -type f -exec rm -f {} + 2>/dev/null || :
[ ! -e /etc/machine-id ] || [ ! -s /etc/machine-id ] || : >/etc/machine-id'

verb=$1
shift
case $verb in
copy) copy "$@" ;;
packages | run)
  start_container
  if [ "$verb" = run ]; then inside "set -e; $1"; else install_packages "$@"; fi
  inside "$clean"
  stop_container
  # LXC makes files to mount on where there are none: empty, and no part of what was built.
  for file in etc/resolv.conf etc/hosts; do
    [ -s "delta/$file" ] || [ ! -f "delta/$file" ] || [ -e "$lower/$file" ] || [ -h "$lower/$file" ] || rm -f "delta/$file"
  done
  ;;
esac

pack_changes "$lower" "$root" "$first:$first"
umount "$root" "$lower"

mkdir entry
# Inside the map owners and capabilities read as the image has them, not as this machine keeps them.
(
  cd packed
  pack_layer "$epoch" "$folder/entry" lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" --
)
chain=$(printf 'sha256:%s sha256:%s' "$below" "$(cut -c -64 entry/diff_id)" | sha256sum)
chain=${chain%% *}
printf ',"chain":"%s"}\n' "$chain" >>entry/layer.json
rm -f entry/diff_id
mv delta entry/delta
sync -f entry
# Another build may have put the same there in this moment: its layer is as good. Pruning waits, and then sees that it is used.
mkdir -p "$layers"
exec 9>>"${layers%/*}/lock"
flock -s 9
[ -d "$layers/$chain" ] || mv -T entry "$layers/$chain" 2>/dev/null || [ -d "$layers/$chain" ]
touch "$layers/$chain"
flock -u 9
cat "$layers/$chain/layer.json" >&3
