# What processes have changed on their own layers, in bytes; changes nothing. $1 folder of the processes, $2 longest time in seconds.
# Prints a line for each that was counted in that time: bytes, a tab, and its folder.
set -u
export LC_ALL=C
processes=$1 limit=$2
set --
for folder in "$processes"/*/overlay/delta; do
  name=${folder%/overlay/delta}
  name=${name##*/}
  case $name in *[!0-9a-z-]*) continue ;; esac
  [ ! -d "$folder" ] || set -- "$@" "$folder"
done
[ $# -gt 0 ] || exit 0
# Each is told as soon as it is counted, so that the time cuts off only those that are left; with the disk for others first.
timeout "$limit" nice -n 19 stdbuf -oL du -sxB1 -- "$@" 2>/dev/null || :
