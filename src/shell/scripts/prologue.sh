# Beginning of every batch; $1 is the batch's nonce. Standard input becomes the lifeline: a number on it ends the step of that
# number, its end ends everything this program has started. The steps themselves read /dev/null.
stratos_nonce=$1
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
exec 3<&0 </dev/null

# The name of this process tells the lifeline (and ps) which step runs, as it cannot see a variable. No newline: it would split
# the line in /proc.
stratos_begin() {
  printf 'stratos:%s' "$1" 2>/dev/null >"/proc/$$/comm"
}

# Closes step $1, which ended with status $2, on both streams.
stratos_end() {
  printf '%s %s %s\n' "$stratos_nonce" "$1" "$2"
  printf '%s %s %s\n' "$stratos_nonce" "$1" "$2" >&2
  return "$2"
}

# The lifeline goes first, so that closing the connection after the last marker ends nothing that shall stay.
stratos_finish() {
  kill -KILL "$stratos_lifeline" 2>/dev/null
  printf '%s end 0\n' "$stratos_nonce"
  exit 0
}

# Prints the processes this program has started, but not lifeline $1 and its own. A process that lost its parent is known by
# the session, where the session is ours alone (sshd and sudo make it so).
stratos_processes() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v root=$$ -v parent="$PPID" -v lifeline="$1" '
    function under(pid, top) {
      while (pid > 0 && pid != top) pid = ppid[pid]
      return pid == top
    }
    { pid = $1; sub(/^.*\) /, ""); ppid[pid] = $2; session[pid] = $4 }
    END {
      own = session[root] == root || session[root] == parent ? session[root] : 0
      for (pid in ppid) {
        if (under(root, pid) || under(pid, lifeline)) continue
        if (under(pid, root) || (own && session[pid] == own)) print pid
      }
    }'
}

# Sends signal $2 to step $1 if that is the one that runs. Looked up first and checked last: a step that begins meanwhile is
# not among the processes found.
stratos_signal() {
  stratos_found=$(stratos_processes "$3")
  read -r stratos_running <"/proc/$$/comm"
  # shellcheck disable=SC2086 # a list of numbers
  [ "$stratos_running" != "stratos:$1" ] || kill "-$2" $stratos_found
}

{
  read -r stratos_self _ </proc/self/stat
  while read -r stratos_step _; do
    stratos_signal "$stratos_step" TERM "$stratos_self"
    sleep 2
    stratos_signal "$stratos_step" KILL "$stratos_self"
  done
  stratos_found=$(stratos_processes "$stratos_self")
  kill -KILL $$
  # shellcheck disable=SC2086 # a list of numbers
  kill -TERM $stratos_found
  sleep 1
  # shellcheck disable=SC2046,SC2086 # lists of numbers
  kill -KILL $stratos_found $(stratos_processes "$stratos_self")
} <&3 3<&- >/dev/null 2>&1 &
stratos_lifeline=$!
exec 3<&-
stratos_end start 0
