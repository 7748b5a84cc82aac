# Packs folders as layers; comes before the scripts that do so.

# What the folders named in the file folders have in view $1, one a line: d or -, and the path; a newline in a name is \\001.
pack_entries() {
  (cd "$1" && xargs -0 -r sh -c 'find "$@" -mindepth 1 -maxdepth 1 \( -type d -printf "d %p\0" -o -printf "- %p\0" \) 2>/dev/null || :' sh) \
    <folders | tr '\n\000' '\001\n'
}

# Makes in the working folder, from the folder delta (the upper one of an overlay), the folder packed as a layer has it: links to
# what changed, with the marks of OCI instead of overlay's, which are devices. $1 is what was below, $2 the view of both, and $3
# who the marks belong to. Removed is what was there below and is not there now, or is a folder now and was none, or the other way
# round. Found by comparing, which also covers folders that were replaced whole: OCI prefers these marks to its opaque one.
pack_changes() {
  (cd delta && find . -type d -print0) >folders
  {
    pack_entries "$2"
    echo --
    pack_entries "$1"
  } | awk '
    $0 == "--" { before = 1; next }
    { kind = substr($0, 1, 1); path = substr($0, 3) }
    !before { seen[path] = kind; next }
    !(path in seen) || (seen[path] == "d") != (kind == "d") {
      cut = match(path, /[^\/]*$/)
      print substr(path, 1, cut - 1) ".wh." substr(path, cut)
    }' | sort | tr '\n\001' '\000\n' >marks
  cp -al delta packed
  find packed \( -type c -o -type b \) -delete
  # shellcheck disable=SC2016
  (cd packed && xargs -0 -r sh -c 'touch -- "$@" && chown -h -- "$0" "$@"' "$3") <marks
}

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
      --xattrs --xattrs-include='user.*' --xattrs-include=security.capability --xattrs-exclude='user.overlay.*' \
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
