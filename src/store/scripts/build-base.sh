# Makes a base root file system and packs it as a layer; its log goes to standard error. To be run after pack-layer.sh, in
# namespaces of its own (mount, pid, ipc, uts): nothing it mounts or starts outlives it. Arguments: folder of the build, folder
# that the result becomes, newest time for files in seconds or an empty word, "install" where missing tools may be installed or
# an empty word, then either "debootstrap" SUITE VARIANT INCLUDE MIRROR (all but SUITE may be empty) or "template" NAME and the
# template's own arguments. setup/proxy in the folder of the build has variables for programs that fetch. Prints
# {"digest","size","diffId","unpackedSize","epoch"}; the layer is the file "layer" in the result.
set -eu
export LC_ALL=C
work=$1 result=$2 epoch=$3 install=$4 kind=$5
shift 5
umask 022
exec 3>&1 1>&2
# shellcheck disable=SC1091
[ ! -e "$work/setup/proxy" ] || . "$work/setup/proxy"
if [ -n "$install" ] && [ "$kind" = debootstrap ] && ! command -v debootstrap >/dev/null; then
  apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
  }
  apt --no-install-recommends install debootstrap || {
    apt update && apt --no-install-recommends install debootstrap
  }
fi
folder=$work/base
rm -rf "$folder"
mkdir -p "$folder"

# In memory where there is plenty: dpkg waits for the disk after every file, and all of this is copied out at the end.
available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
[ "${available:-0}" -lt 3000000 ] || mount -t tmpfs -o size=2g,mode=755 base "$folder"
root=$folder/rootfs

case $kind in
debootstrap)
  suite=$1 variant=$2 include=$3 mirror=$4
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
  cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'SLIM'
# Documentation stays out of images; copyright files stay in.
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
SLIM
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/build"
  set -- "$suite" "$root"
  [ -z "$mirror" ] || set -- "$@" "$mirror"
  [ -z "$include" ] || set -- "--include=$include" "$@"
  [ -z "$variant" ] || set -- "--variant=$variant" "$@"
  debootstrap "$@" || {
    status=$?
    tail -n 20 "$root/debootstrap/debootstrap.log" 2>/dev/null || :
    exit "$status"
  }
  for release in "$root"/var/lib/apt/lists/*Release; do
    date=$(sed -n 's/^Date: *//p' "$release")
    [ -n "$epoch" ] || [ -z "$date" ] || made=$(date -d "$date" +%s)
  done
  epoch=${epoch:-${made:-}}
  # The machine's own name and name servers are no part of an image, nor is what apt and dpkg can fetch again.
  rm -f "$root/etc/dpkg/dpkg.cfg.d/build"
  : >"$root/etc/resolv.conf"
  echo localhost >"$root/etc/hostname"
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  find "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale" ! -type d -delete 2>/dev/null || :
  find "$root/usr/share/doc" "$root/usr/share/locale" -mindepth 1 -type d -empty -delete 2>/dev/null || :
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old "$root"/etc/*- "$root"/var/cache/ldconfig/aux-cache
  ;;
template)
  template=$1
  shift
  mkdir -p "$folder/lxc"
  lxc-create -P "$folder/lxc" -n base -B dir -t "$template" -- "$@"
  mv "$folder/lxc/base/rootfs" "$root"
  ;;
esac
find "$root/var/log" -type f -delete 2>/dev/null || :
[ ! -e "$root/etc/machine-id" ] || : >"$root/etc/machine-id"
rm -rf "$root"/var/lib/dbus/machine-id "$root"/tmp/*

epoch=${epoch:-1577836800}
mkdir "$work/entry"
(
  cd "$root"
  pack_layer "$epoch" "$work/entry"
)
printf ',"epoch":%s}\n' "$epoch" >>"$work/entry/layer.json"
rm -f "$work/entry/diff_id"
sync -f "$work/entry"
mkdir -p "${result%/*}"
# An earlier one is replaced: whoever asks for a new base means it.
rm -rf "$result"
mv -T "$work/entry" "$result" 2>/dev/null || [ -d "$result" ]
cat "$result/layer.json" >&3
