# Stops and destroys $2 containers in folder $1.
set -eu
i=0
while [ $((i += 1)) -le "$2" ]; do
  lxc-stop -k -P "$1" -n "c$i"
  lxc-destroy -P "$1" -n "c$i"
done
