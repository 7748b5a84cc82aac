# Removes images that are not needed, and layers that no image has. Arguments: folders of the images, of the layers, of the blobs, of
# the processes and of what lives as long as the VM runs; minutes that a layer nobody names, or a blob, must have been here; `keep`
# or `drop` for the blobs of layers that stay; then the hex of each image to keep. An image that a process or a snapshot of one stands on is kept in any case. Prints JSON lines:
# {"removed":"HEX"} for each image, {"layer":"HEX"} for each layer, {"freed":BYTES} at the end.
set -eu
images=$1 layers=$2 blobs=$3 processes=$4 run=$5 minutes=$6 compressed=$7
shift 7
[ -d "$images" ] || exit 0
mkdir -p "$run"
before=$(($(stat -f -c '%a * %S' "$images")))
keep=" $* "
for target in "$images"/*/; do
  # Without any image the pattern stands for itself.
  [ -d "$target" ] || continue
  target=${target%/}
  hex=${target##*/}
  case $keep in *" $hex "*) continue ;; esac
  ! cat "$processes"/*/config "$processes"/*/snaps/*/config 2>/dev/null | grep -qF "/$hex/" || continue
  # Nobody may be making it at this moment.
  exec 9>"$run/image.$hex"
  flock -n 9 || continue
  for folder in "$target"/*/; do
    if mountpoint -q "$folder"; then umount "$folder" 2>/dev/null || continue 2; fi
  done
  rm -f "$target/complete"
  # A mount on top of its parts means that something uses it: rm then fails and leaves the rest.
  if rm -rf --one-file-system "$target" 2>/dev/null; then
    rm -f "$run/image.$hex"
    printf '{"removed":"%s"}\n' "$hex"
  fi
done
if [ -d "$layers" ]; then
  find "$layers" -mindepth 1 -maxdepth 1 -type d -name '[0-9a-f]*' -mmin "+$minutes" | while IFS= read -r target; do
    hex=${target##*/}
    ! cat "$images"/*/layers 2>/dev/null | grep -qxF "$hex" || continue
    # Nobody may be unpacking it at this moment.
    exec 8>"$run/layer.$hex.rootfs" 9>"$run/layer.$hex.privileged"
    flock -n 8 || continue
    flock -n 9 || continue
    rm -f "$target"/*.complete "$target"/*.fresh
    rm -rf --one-file-system "$target" && printf '{"layer":"%s"}\n' "$hex"
  done
  # What a killed unpacking left, and nobody took up.
  find "$layers" -mindepth 1 -maxdepth 1 -name '.*' -mmin "+$minutes" -exec rm -rf --one-file-system {} +
fi
[ ! -d "$blobs" ] || find "$blobs" -type f -mmin "+$minutes" | while IFS= read -r blob; do
  # A layer says which blob it came in.
  if [ "$compressed" = keep ] && cat "$layers"/*/blob 2>/dev/null | grep -qxF "${blob##*/}"; then continue; fi
  rm -f "$blob"
done
freed=$(($(stat -f -c '%a * %S' "$images") - before))
# Others write to the disk meanwhile.
[ "$freed" -ge 0 ] || freed=0
printf '{"freed":%s}\n' "$freed"
