# What a VM lacks of an image. Arguments: blobs folder, images folder, hex of the image, variant (rootfs or privileged), then
# HEX=SIZE for each blob. Prints JSON lines: {"complete":true}, or {"missing":"HEX"} for each blob and {"free":BYTES}.
set -eu
blobs=$1 images=$2 hex=$3 variant=$4
shift 4
if [ -e "$images/$hex/complete" ] && [ -d "$images/$hex/$variant" ]; then
  echo '{"complete":true}'
  exit 0
fi
mkdir -p "$blobs" "$images"
for blob in "$@"; do
  file=$blobs/${blob%%=*}
  # A shorter file is what a cut copy left: rsync goes on from it.
  if [ ! -f "$file" ] || [ "$(stat -c %s "$file")" != "${blob#*=}" ]; then
    printf '{"missing":"%s"}\n' "${blob%%=*}"
  fi
done
printf '{"free":%s}\n' "$(($(stat -f -c '%a * %S' "$images")))"
