# Removes bases, layers and unpacked roots that builds left for later ones and none has used for a time. Arguments: folder of the
# builds, seconds, and "remove" or "look". What a build that is at work has used since it began stays. Prints a JSON line
# {"bytes":N} for each. Safe to run beside builds and twice.
set -eu
export LC_ALL=C
cache=$1 seconds=$2 verb=$3
[ -d "$cache" ] || exit 0
cd "$cache"

# Builds take what is here, and say so, under a share of this lock.
exec 9>>lock
flock 9
# A build wrote its owner file before it took anything, and what it takes is newer. It may end while we look.
since=$({
  date -d "-$seconds seconds" +%s.%N
  find work -mindepth 2 -maxdepth 2 -name owner -printf '%T@\n' 2>/dev/null || :
} | sort -n | head -n 1)
list=$(for kind in bases layers roots; do
  [ ! -d "$kind" ] || find "$kind" -mindepth 1 -maxdepth 1 -type d ! -newermt "@$since" 2>/dev/null || :
done)
if [ "$verb" = remove ]; then
  trash=$(mktemp -d .trash.XXXXXX)
  for folder in $list; do
    # A base that is made anew goes by itself.
    mv "$folder" "$trash/$(echo "$folder" | tr / -)" 2>/dev/null || continue
    # Whoever unpacks a root has a share of our lock as well.
    [ "${folder%%/*}" != roots ] || rm -f "roots/.${folder#*/}.lock"
  done
fi
flock -u 9
if [ "$verb" = remove ]; then list=$(find "$trash" -mindepth 1 -maxdepth 1); fi
for folder in $list; do
  size=$(du -s -B1 "$folder" 2>/dev/null | cut -f 1)
  printf '{"bytes":%s}\n' "${size:-0}"
  [ "$verb" != remove ] || rm -rf --one-file-system "$folder"
done
# Also of those that were killed.
[ "$verb" != remove ] || find . -mindepth 1 -maxdepth 1 -name '.trash.*' -exec rm -rf --one-file-system {} +
