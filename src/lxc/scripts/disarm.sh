# Takes away what wakes processes that need it no longer. Arguments: folder of the processes, folder of wake ports, then the processes
# that keep theirs. One that sleeps keeps it too: without it nobody could wake it but us. Quick where there is nothing to do.
set -u
processes=$1 wakes=$2
shift 2
keep=" $* " units='' files='' elements=''
for file in "$wakes"/*; do
  [ -s "$file" ] || continue
  read -r name _ <"$file"
  case $keep in *" $name "*) continue ;; esac
  [ ! -s "$processes/$name/asleep" ] || continue
  port=${file##*/}
  units="$units stratos-wake@$port.socket stratos-wake@$port.service"
  files="$files $file $processes/$name/wake" elements="$elements$port, "
done
[ -n "$units" ] || exit 0
# shellcheck disable=SC2086 # names of units, paths without spaces
systemctl stop $units >&2 && rm -f $files && { nft delete element inet stratos published "{ $elements }" 2>/dev/null || :; }
