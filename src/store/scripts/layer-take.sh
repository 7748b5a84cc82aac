# shellcheck shell=sh
# Takes a layer: its compressed bytes come on standard input and are unpacked while they arrive; what was cut stays and is gone on
# from. Nothing of it counts before a digest is right: that of its tar, by which it is kept, or that of the blob, where the operator
# knows which tar this is. When something is not, the blob's tells whose fault it is. Arguments: folders of the layers, of the blobs,
# of what lives as long as the VM runs, folder to hide from what is unpacked; hex of the tar's digest, variant, first mapped id, number
# of ids; kind (zstd, gzip or tar), hex of the blob's digest, its size, how much of it is here already, longest tar, `keep` or `drop`
# for what is to be done with the blob then, and `tar` or `blob` for what is digested. Variant rootfs has its owners shifted to the
# mapped range, privileged has them as they are. Prints a JSON line: {"present":true}, {"unpacked":true}, {"have":BYTES} (cut, or not as much here as was said),
# {"damaged":true} (the bytes are not the blob: dropped), {"free":BYTES} (no space), {"long":true} (longer than it may be) or
# {"refused":"why"}. Safe to run twice and at the same time.
set -eu
export LC_ALL=C
layers=$1 blobs=$2 run=$3 hide=$4 hex=$5 variant=$6 first=$7 count=$8 kind=$9
shift 9
blob=$1 size=$2 offset=$3 limit=$4 keep=$5 check=$6
umask 022
for folder in "$layers" "$blobs" "$run"; do [ -d "$folder" ] || mkdir -p "$folder"; done

# The kernel frees these locks when their holder dies.
exec 9>"$run/layer.$hex.$variant"
flock 9
if layer_whole "$layers" "$hex" "$variant"; then
  echo '{"present":true}'
  exit 0
fi
# Both variants of a layer come from the same blob.
exec 8>"$run/blob.$blob"
flock 8
part=$blobs/$blob.part
# A whole one is of a neighbour's copying, or of the time when all blobs stayed.
[ ! -e "$blobs/$blob" ] || mv "$blobs/$blob" "$part"
have=0
[ ! -e "$part" ] || have=$(stat -c %s "$part")
if [ "$have" -lt "$offset" ]; then
  printf '{"have":%s}\n' "$have"
  exit 3
fi

target=$layers/$hex
work=$layers/.$hex.$variant
# Whoever made this is dead, else it would hold the lock.
[ ! -e "$work" ] || rm -rf "$work"
mkdir -p "$target"
mkdir -m 700 "$work"
trap 'rm -rf "$work"' EXIT
printf 'root:%s:%s\n' "$first" "$count" >"$work/subid"
owner=$first
[ "$variant" = rootfs ] || owner=0
make_root() { install -d -m 755 -o "$owner" -g "$owner" "$work/$variant"; }
make_root

# By the processor's own instructions where it has them.
digest() {
  if command -v openssl >/dev/null; then openssl dgst -sha256 -r; else sha256sum; fi
}

# In a shell of its own, whose place it takes: whoever ends that ends the program.
expand() {
  case $kind in
  zstd) exec zstd -dcq ;;
  gzip) exec gzip -dcq ;;
  *) exec cat ;;
  esac
}

# Appends standard input to the part, and says a line for each piece: through a file nobody waits, as sshd takes a multiple of the
# processor when what it hands on is not taken at once.
receive() {
  at=$offset
  [ "$at" = 0 ] || echo
  while dd bs=256k count=16 iflag=fullblock status=none 2>/dev/null >&6; do
    # How far the part is: a program less than asking for its size.
    while read -r key now; do [ "$key" != pos: ] || break; done </proc/self/fdinfo/6
    [ "$now" -gt "$at" ] || break
    at=$now
    echo
  done
} 6>>"$part"

# What has come of the part so far, for each line.
follow() {
  while read -r _; do cat <&5 || :; done
}

# Expands descriptor 3. Who ends because nobody reads on is not at fault.
expanding() {
  expand <&3 2>"$work/expand" &
  echo "$!" >"$work/expander"
  wait "$!" || [ "$?" = 141 ] || : >"$work/cut"
}

# Unpacks standard input in mounts of its own: everything but the new folder is read-only, what is ours is hidden, and the range
# of ids does not depend on /etc/subuid. No device can be made, by right of the user namespace or for want of the capability.
# A folder that the tar does not describe has a mode that nobody else gives, so that it is known. What is longer than it may be ends
# with the block that is too much. Only who came to the end says so: lxc-usernsexec takes one that was killed for well.
unpack() {
  # shellcheck disable=SC2016
  unshare -m sh -eu -c '
    root=$1 hide=$2 variant=$3 first=$4 count=$5
    shift 5
    umask 0072
    for file in /etc/subuid /etc/subgid; do
      [ -e "$file" ] || continue
      while read -r line; do [ "$line" != "root:$first:$count" ] || continue 2; done <"$file"
      mount --bind "$root/../subid" "$file"
    done
    mount --bind "$root" "$root"
    cd "$root"
    mount -o remount,bind,ro /
    mount -t tmpfs -o size=4k,ro hidden "$hide"
    if [ "$variant" = privileged ]; then
      exec setpriv --inh-caps=-mknod --bounding-set=-mknod -- "$@"
    fi
    exec lxc-usernsexec -m "u:0:$first:$count" -m "g:0:$first:$count" -- "$@"
  ' sh "$work/$variant" "$hide" "$variant" "$first" "$count" sh -c '"$@" && echo whole' sh \
    tar -xpf - --blocking-factor=128 --numeric-owner --same-owner \
    "--checkpoint=$((limit / 65536 < 4000000000 ? limit / 65536 + 2 : 4000000000))" '--checkpoint-action=exec=echo too long >&2; kill "$PPID"' \
    --delay-directory-restore --xattrs --xattrs-include='user.*' --xattrs-include=security.capability \
    --anchored --exclude='dev/*' --exclude='./dev/*' >"$work/whole" 2>"$work/trouble" || :
  [ -s "$work/whole" ] || echo failed >"$work/failed"
}

if [ "$have" -gt "$offset" ]; then truncate -s "$offset" "$part"; else : >>"$part"; fi
if [ "$check" = tar ]; then
  mkfifo "$work/plain"
  # The first to see that it is too long ends the expander: what is digested is not far behind what is written.
  {
    dd bs=128k iflag=fullblock,count_bytes count="$limit" status=none
    if [ "$(head -c 1 | wc -c)" != 0 ]; then
      : >"$work/long"
      until [ -s "$work/expander" ]; do sleep 0.01; done
      kill "$(cat "$work/expander")" || :
      cat >/dev/null
    fi
  } <"$work/plain" | digest >"$work/sum" &
  digesting=$!
  # What follows the end of an archive belongs to its digest too.
  receive | follow 5<"$part" | expanding 3<&0 | tee "$work/plain" | {
    unpack
    cat >/dev/null
  } || :
  wait "$digesting" || :
else
  # Digested when all is here, beside the last of unpacking.
  {
    receive
    exec >&-
    digest <"$part" >"$work/sum"
  } | follow 5<"$part" | expanding 3<&0 | unpack || :
fi
[ ! -s "$work/failed" ] || ! grep -qxF 'too long' "$work/trouble" || : >"$work/long"

have=$(stat -c %s "$part")
free_bytes() { echo "$(($(stat -f -c '%a * %S' "$layers")))"; }
read -r sum _ <"$work/sum" || sum=''
right=$hex
[ "$check" = tar ] || right=$blob
if [ "$have" -lt "$size" ]; then
  # The rest did not come, or found no room.
  free=$(free_bytes)
  if [ "$free" -lt 1048576 ]; then printf '{"free":%s}\n' "$free"; else printf '{"have":%s}\n' "$have"; fi
  exit 3
fi
damaged=''
[ "$have" = "$size" ] || damaged=yes
if [ -e "$work/long" ] || [ -e "$work/cut" ] || [ -e "$work/failed" ] || [ "$sum" != "$right" ]; then
  [ "$(digest <"$part" | cut -d ' ' -f 1)" = "$blob" ] || damaged=yes
fi
if [ -n "$damaged" ]; then
  rm -f "$part"
  echo '{"damaged":true}'
  exit 3
fi
# From here on what is wrong with the layer is wrong with the image.
refuse() {
  rm -f "$part"
  printf '{"refused":"%s"}\n' "$(printf '%s' "$1" | tr -d '"\\[:cntrl:]' | cut -c -300)"
  exit 4
}
if [ -e "$work/long" ]; then
  rm -f "$part"
  echo '{"long":true}'
  exit 4
fi
if [ "$sum" = "$right" ] && [ -s "$work/failed" ] && grep -qF 'Unexpected EOF' "$work/trouble"; then
  # umoci leaves out what fills the last block up.
  rm -rf "${work:?}/$variant" "$work/failed"
  make_root
  expand <"$part" 2>/dev/null | dd ibs=512 obs=128k iflag=fullblock conv=sync status=none | unpack
fi
if [ -s "$work/failed" ]; then
  if grep -qF 'No space left' "$work/trouble"; then
    printf '{"free":%s}\n' "$(free_bytes)"
    exit 3
  fi
  line=$(grep -v -e '^tar: Removing leading' -e 'Exiting with failure status' "$work/trouble" | head -n 1)
  case $line in
  '' | Killed | Terminated)
    if [ ! -e "$work/cut" ]; then
      echo 'what unpacks it was ended, as it is for want of memory' >&2
      exit 5
    fi
    ;;
  *'Cannot mknod: Operation not permitted') line=${line#tar: } && refuse "it has a device file: ${line%: Cannot mknod*}" ;;
  esac
  [ ! -e "$work/cut" ] || line=$(head -n 1 "$work/expand")
  refuse "${line#tar: }"
elif [ -e "$work/cut" ]; then
  refuse "it cannot be decompressed: $(head -n 1 "$work/expand")"
fi
[ "$sum" = "$right" ] || refuse 'its content is not what the configuration of the image says'

# Marks of OCI become those of overlay: .wh.NAME says that NAME of the layers below is gone, .wh..wh..opq that all of its folder is.
# They are about other layers only: where this one has NAME itself, it hides what is below.
# shellcheck disable=SC2016
marks='
  rm -rf -- "$@"
  for mark; do
    folder=${mark%/*} name=${mark##*/}
    case $name in
    .wh..wh..opq) name=$folder ;;
    .wh..wh.* | .wh. | .wh... | .wh..) continue ;;
    *) name=$folder/${name#.wh.} ;;
    esac
    if [ -h "$name" ]; then continue; fi
    if [ -d "$name" ]; then setfattr -n trusted.overlay.opaque -v y "$name"; elif [ ! -e "$name" ]; then mknod "$name" c 0 0; fi || exit
  done'
cd "$work/$variant"
find . -mindepth 1 -name '.wh.*' -prune -exec sh -c "$marks" sh {} + -o \
  -type d -perm 0705 -print0 -exec chmod 0755 {} + >"$work/$variant.implied" || refuse 'its marks of removed files cannot be set'
cd /

for old in "$target/$variant"*; do [ ! -e "$old" ] || rm -rf "$old"; done
# In this order: the last is the layer.
mv "$work/$variant.implied" "$work/$variant" "$target/"
read -r boot </proc/sys/kernel/random/boot_id
echo "$boot" >"$target/$variant.fresh"
if [ "$keep" = keep ]; then mv "$part" "$blobs/$blob" && echo "$blob" >"$target/blob"; else rm -f "$part"; fi
echo '{"unpacked":true}'
# What is not on the disk yet is not waited for.
# shellcheck disable=SC2016
setsid sh -c 'sync -f "$1" && mv "$1.fresh" "$1.complete"' sh "$target/$variant" </dev/null >/dev/null 2>&1 8>&- 9>&- &
