# What a VM lacks of an image. Arguments: folders of the images, of the layers and of the blobs, hex of the image, variant (rootfs
# or privileged), then TAR=BLOB for each layer, digests in hex. Prints JSON lines: {"complete":true}, or {"missing":"TAR","have":BYTES}
# for each layer, with how much of its blob is here, and {"free":BYTES}.
set -eu
images=$1 layers=$2 blobs=$3 hex=$4 variant=$5
shift 5
mkdir -p "$images" "$layers" "$blobs"
complete=''
if [ -e "$images/$hex/complete" ] && [ -d "$images/$hex/$variant" ]; then
  complete=yes
  # As an older version made it: whole by itself.
  [ -e "$images/$hex/layers" ] || set --
fi
wanted=''
for pair; do
  layer=${pair%=*} have=0
  if layer_whole "$layers" "$layer" "$variant"; then
    wanted="$wanted $layers/$layer"
    continue
  fi
  complete=''
  for file in "$blobs/${pair#*=}" "$blobs/${pair#*=}.part"; do
    [ ! -f "$file" ] || { have=$(stat -c %s "$file") && break; }
  done
  printf '{"missing":"%s","have":%s}\n' "$layer" "$have"
done
if [ -n "$complete" ]; then
  echo '{"complete":true}'
  exit 0
fi
# Nobody shall take them for forgotten before they are part of an image.
# shellcheck disable=SC2086 # paths without spaces
[ -z "$wanted" ] || touch $wanted
printf '{"free":%s}\n' "$(($(stat -f -c '%a * %S' "$layers")))"
