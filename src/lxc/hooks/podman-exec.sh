#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Becomes a program in the container of podman of the process $1, as process-exec does: NAME PROGRAM ARGUMENT… Without podman, which would let the
# program go on when whoever called it is gone, and by the same runtime: with its user, groups, rights and limits.
set -eu
. "${0%/*}/layout"
PATH=/usr/sbin:/usr/bin:/sbin:/bin
name=$1
shift
read -r uid gid HOME <"$processes/$name/user"
groups=''
[ ! -e "$processes/$name/groups" ] || read -r groups <"$processes/$name/groups" || :
id=''
[ ! -s "/run/stratos/podman/$name.id" ] || read -r id <"/run/stratos/podman/$name.id" || :
if [ -z "$id" ]; then
  echo "Cannot enter $name as it does not run" >&2
  exit 1
fi
[ -t 0 ] && terminal=true || terminal=false
session=/run/stratos/session.$name.$$
export HOME TERM="${TERM:-dumb}"
umask 077
# shellcheck disable=SC2016
awk '
  function quoted(text, i) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    for (i = 1; i < 32; i++) if (index(text, sprintf("%c", i))) gsub(sprintf("%c", i), sprintf("\\u%04x", i), text)
    return "\"" text "\""
  }
  BEGIN {
    groups = ARGV[4]
    gsub(/ +/, ",", groups)
    printf "{\"terminal\":%s,\"user\":{\"uid\":%d,\"gid\":%d,\"additionalGids\":[%s]},\"cwd\":\"/\",", ARGV[1], ARGV[2], ARGV[3], groups
    printf "\"env\":[%s,%s,\"container=podman\"],\"args\":[\"/.stratos/init\"", quoted("HOME=" ENVIRON["HOME"]), quoted("TERM=" ENVIRON["TERM"])
    for (i = 5; i < ARGC; i++) printf ",%s", quoted(ARGV[i])
    print "]}"
  }' "$terminal" "$uid" "$gid" "$groups" "$@" >"$session"
for group in "/sys/fs/cgroup/lxc.payload.$name" /sys/fs/cgroup/*/"lxc.payload.$name"; do
  [ ! -e "$group/cgroup.procs" ] || echo $$ >"$group/cgroup.procs"
done
exec crun exec --process "$session" "$id"
