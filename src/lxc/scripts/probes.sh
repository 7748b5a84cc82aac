# Runs commands of policies, all side by side, in processes or on the VM. Arguments: folder of the processes, where cgroups are
# mounted; then for each command its number, the process it runs in (`-`: the VM), the longest time it may take in seconds, a
# little more than that, how many words it has, and the words. Prints for each that was run a line with its number, what it printed
# and its status, with tabs between; see probes.ts.
set -u
export LC_ALL=C
processes=$1 cgroups=$2
shift 2

# A sleeper is not woken for this: in a frozen process nothing would run, and a stopped one is not there. Process $1.
is_awake() {
  state=''
  for file in "$cgroups/freezer/lxc.payload.$1/freezer.state" "$cgroups/lxc.payload.$1/cgroup.freeze"; do
    [ ! -r "$file" ] || read -r state <"$file"
  done
  case $state in THAWED | 0) return 0 ;; esac
  return 1
}

# What a command left running goes with it, as its output would never end. Time limit $1, then the command.
limited() {
  timeout -s KILL "$@" </dev/null 2>/dev/null &
  pid=$!
  wait "$pid"
  status=$?
  kill -KILL "-$pid"
  printf '\n=%s' "$status"
}

# Number $1, process $2, limits $3 and $4, then the command. Its status is the end of what is kept of its output; where that is
# missing there was too much, or somebody who cannot be found holds the output open.
probe() {
  number=$1 name=$2 limit=$3 patience=$4
  shift 4
  if [ "$name" = - ]; then
    set -- env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
  else
    is_awake "$name" && read -r uid gid home <"$processes/$name/user" || return 0
    start=init
    [ ! -e "$processes/$name/stratos/as-user" ] || start=as-user uid=0 gid=0
    set -- lxc-attach -P "$processes" -n "$name" --clear-env -v "HOME=$home" -v container=lxc -u "$uid" -g "$gid" \
      -- "/.stratos/$start" "$@"
  fi
  output=$(limited "$limit" "$@" | timeout "$patience" head -c 256 | tr '\000-\037\177' '[\t*]')
  printf '%s\t%s\n' "$number" "$output"
}

while [ $# -ge 5 ]; do
  number=$1 name=$2 limit=$3 patience=$4 words=$5
  shift 5
  (
    # Only the words of this command: they go behind the others, which are dropped.
    others=$(($# - words))
    left=$words
    while [ "$left" -gt 0 ]; do
      first=$1
      shift
      set -- "$@" "$first"
      left=$((left - 1))
    done
    shift "$others"
    probe "$number" "$name" "$limit" "$patience" "$@"
  ) 2>/dev/null &
  shift "$words"
done
wait
