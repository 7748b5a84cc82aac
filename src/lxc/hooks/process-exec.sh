#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Runs a program in the container $1 with the process's own user, environment and directory: NAME PROGRAM ARGUMENT…
set -eu
. "${0%/*}/layout"
name=$1
shift
if [ ! -e "$processes/$name/user" ]; then
  echo "Cannot enter $name as it is not on this VM" >&2
  exit 1
fi
# What is frozen takes nobody in, and nobody would get out again.
if [ -s "$processes/$name/asleep" ]; then
  printf 'Cannot enter %s as it is asleep\n  stratos process wake %s\n' "$name" "$name" >&2
  exit 1
fi
read -r uid gid home <"$processes/$name/user"
# What an observation counts as sessions: a file with the id that lxc-attach, or crun, takes over. Those of sessions that ended go with the
# next one.
for file in "/run/stratos/session.$name".*; do [ -d "/proc/${file##*.}" ] || rm -f -- "$file"; done
true >"/run/stratos/session.$name.$$" || true
[ ! -e "$processes/$name/podman" ] || exec "${0%/*}/podman-exec" "$name" "$@"
# Where its user has further groups, another start gives them: see make.sh.
start=init
[ ! -e "$processes/$name/stratos/as-user" ] || start=as-user uid=0 gid=0
exec lxc-attach -P "$processes" -n "$name" --clear-env -v "HOME=$home" -v "TERM=${TERM:-dumb}" -v container=lxc \
  -u "$uid" -g "$gid" -- "/.stratos/$start" "$@"
