# Packs folders as layers; comes before the scripts that do so.

# Packs the working folder as $2/layer, and says in $2/layer.json what came out; $1 is the newest time of files, and what
# follows the program, if any, that tar is run by. $2/diff_id has the digest of the tar. The same tree gives the same bytes.
pack_layer() {
  pack_epoch=$1 pack_result=$2
  shift 2
  mkfifo "$pack_result/plain" "$pack_result/sized"
  sha256sum <"$pack_result/plain" >"$pack_result/diff_id" &
  pack_hashing=$!
  wc -c <"$pack_result/sized" >"$pack_result/unpacked" &
  pack_sizing=$!
  # Several threads, however many there are, give the same bytes.
  {
    "$@" tar --sort=name --numeric-owner --format=posix \
      --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f --clamp-mtime "--mtime=@$pack_epoch" \
      --xattrs --xattrs-include='user.*' --xattrs-include=security.capability \
      --anchored --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' --exclude='./run/*' -cf - . ||
      echo tar >"$pack_result/trouble"
  } | tee "$pack_result/plain" "$pack_result/sized" | zstd -q -c -T0 -8 >"$pack_result/layer" ||
    echo zstd >"$pack_result/trouble"
  wait "$pack_hashing" "$pack_sizing"
  if [ -e "$pack_result/trouble" ]; then
    echo "the layer cannot be packed by $(cat "$pack_result/trouble")" >&2
    exit 1
  fi
  pack_digest=$(sha256sum <"$pack_result/layer")
  printf '{"digest":"%s","size":%s,"diffId":"%s","unpackedSize":%s' "${pack_digest%% *}" \
    "$(stat -c %s "$pack_result/layer")" "$(cut -c -64 "$pack_result/diff_id")" "$(tr -d ' ' <"$pack_result/unpacked")" \
    >"$pack_result/layer.json"
  rm -f "$pack_result/plain" "$pack_result/sized" "$pack_result/unpacked"
}
