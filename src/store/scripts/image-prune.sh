# Removes images and blobs that are not needed. Arguments: blobs folder, images folder, processes folder, minutes a blob must
# have been here, then the hex of each image to keep. An image that a process's configuration names is kept in any case.
# Prints JSON lines: {"removed":"HEX"} for each image, {"freed":BYTES} at the end.
set -eu
blobs=$1 images=$2 processes=$3 minutes=$4
shift 4
[ -d "$images" ] || exit 0
before=$(($(stat -f -c '%a * %S' "$images")))
keep=" $* "
for target in "$images"/*/; do
  # Without any image the pattern stands for itself.
  [ -d "$target" ] || continue
  target=${target%/}
  hex=${target##*/}
  case $keep in *" $hex "*) continue ;; esac
  case $hex in
  *.tmp-*) continue ;;
  esac
  if cat "$processes"/*/config 2>/dev/null | grep -qF "/$hex/"; then
    keep="$keep$hex "
    continue
  fi
  # Nobody may be unpacking it at this moment.
  exec 9>"$images/.$hex.lock"
  flock -n 9 || continue
  rm -f "$target/complete"
  # A mount on top of its parts means that something uses it: rm then fails and leaves the rest.
  if rm -rf --one-file-system "$target" 2>/dev/null; then
    rm -f "$images/.$hex.lock"
    printf '{"removed":"%s"}\n' "$hex"
  fi
done
# A manifest names its blobs.
for hex in $keep; do
  [ ! -f "$blobs/$hex" ] || keep="$keep$(grep -o 'sha256:[0-9a-f]\{64\}' "$blobs/$hex" | cut -c 8- | tr '\n' ' ')"
done
if [ -d "$blobs" ]; then
  find "$blobs" -type f -cmin "+$minutes" | while IFS= read -r file; do
    case $keep in *" ${file##*/} "*) ;; *) rm -f "$file" ;; esac
  done
fi
freed=$(($(stat -f -c '%a * %S' "$images") - before))
# Others write to the disk meanwhile.
[ "$freed" -ge 0 ] || freed=0
printf '{"freed":%s}\n' "$freed"
