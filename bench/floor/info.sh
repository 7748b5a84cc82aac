# The state of $2 containers in folder $1; fails when one does not run.
set -eu
i=0
while [ $((i += 1)) -le "$2" ]; do
  [ "$(lxc-info -P "$1" -n "c$i" -s -H)" = RUNNING ]
done
