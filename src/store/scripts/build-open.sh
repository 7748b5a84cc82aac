# The folder of a build on a VM. Arguments: "open" or "close", folder of all builds, name of the build. Opening removes folders
# of builds that nobody works in any more: they ended without closing theirs.
set -eu
verb=$1 parent=$2 name=$3

# Whether a process has something of folder $1 mounted.
is_busy() {
  cat /proc/[0-9]*/mountinfo 2>/dev/null | grep -qF "/$1/"
}

discard() {
  rm -rf --one-file-system "${parent:?}/$1"
  find /sys/fs/cgroup -depth -type d -path "*/lxc.*.$1*" -exec rmdir {} + 2>/dev/null || :
}

if [ "$verb" = close ]; then
  tries=0
  while is_busy "$name" && [ "$tries" -lt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
  discard "$name"
  exit
fi
mkdir -p "$parent"
for folder in "$parent"/stratos-build-*; do
  [ -d "$folder" ] || continue
  # An operator may take long to fetch a layer between two steps.
  [ -n "$(find "$folder" -maxdepth 0 -mmin +60)" ] || continue
  is_busy "${folder##*/}" || discard "${folder##*/}"
done
# The machine's settings in it may hold the password of a proxy.
mkdir -m 700 "$parent/$name"
# When it began: what it takes is newer, see build-prune.sh.
: >"$parent/$name/owner"
