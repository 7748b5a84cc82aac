# $2 overlay clones of the base in folder $1, started.
set -eu
i=0
while [ $((i += 1)) -le "$2" ]; do
  lxc-copy -P "$1" -p "$1" -n base -N "c$i" -B overlay -s
  lxc-start -P "$1" -n "c$i"
done
