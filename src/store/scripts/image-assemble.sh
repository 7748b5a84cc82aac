# Makes an image of layers that are here, and mounts it. Arguments: folders of the images, of the layers, of what lives as long as
# the VM runs, and of the hooks; hex of the image, variant, first mapped id, number of folders the image wants, these folders
# (absolute), then the layers from the top, each the hex of its tar's digest. Prints {"assembled":true}, or {"missing":"HEX"} for a
# layer that is not here. Safe to run twice and at the same time.
set -eu
export LC_ALL=C
images=$1 layers=$2 run=$3 hooks=$4 hex=$5 variant=$6 first=$7 folders=$8
shift 8
umask 022
[ -d "$run" ] || mkdir -p "$run"
exec 9>"$run/image.$hex"
flock 9
target=$images/$hex
if [ -e "$target/complete" ] && [ -d "$target/$variant" ]; then
  "$hooks/image-mount" "$target/$variant"
  echo '{"assembled":true}'
  exit 0
fi
[ "$variant" = rootfs ] || first=0
work=$images/.$hex.$variant
# Whoever made this is dead, else it would hold the lock.
[ ! -e "$work" ] || rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$variant.top" "$work/work" "$work/merged" "$work/links" "$target/$variant"
chown "$first:$first" "$work/$variant.top"
: >"$work/wants"
while [ "$folders" -gt 0 ]; do
  printf '%s\n' "$1" >>"$work/wants"
  folders=$((folders - 1))
  shift
done
names='' count=0
for layer; do
  if ! layer_whole "$layers" "$layer" "$variant"; then
    printf '{"missing":"%s"}\n' "$layer"
    exit 3
  fi
  ln -s "$layers/$layer/$variant" "$work/links/$count"
  printf '%s\n' "$layer" >>"$work/layers"
  names=$names${names:+:}$count count=$((count + 1))
done

# What we add is made through the overlay itself, which takes the attributes of folders with it. Its mount ends with the shell.
# shellcheck disable=SC2016
unshare -m sh -eu -c '
  work=$1 names=$2 owner=$3 layers=$4 variant=$5
  shift 5
  cd "$work/links"
  options="lowerdir=$names,upperdir=$work/$variant.top,workdir=$work/work,index=off,metacopy=off,redirect_dir=off"
  # Else its end waits until all that is on its file system, the layers too, has been written out; kernels before 5.10 have no other way.
  mount -t overlay -o "$options,volatile" top "$work/merged" 2>/dev/null || mount -t overlay -o "$options" top "$work/merged"
  cd "$work/merged"
  make() { mkdir "$@" && chown "$owner:$owner" "$@"; }
  # What every process has mounted into it finds its place here, else LXC makes that anew in the layer of each. A place that is a
  # link is left to LXC, which does not follow it out of the root.
  absent=""
  for folder in dev etc proc sys; do [ -e "$folder" ] || [ -h "$folder" ] || absent="$absent $folder"; done
  if [ ! -d .stratos ] || [ -h .stratos ]; then
    if [ -e .stratos ] || [ -h .stratos ]; then rm -f .stratos; fi
    absent="$absent .stratos"
  fi
  [ -z "$absent" ] || make $absent
  absent=""
  [ ! -d etc ] || [ -h etc ] || for file in etc/hosts etc/resolv.conf; do
    [ -e "$file" ] || [ -h "$file" ] || { : >"$file" && absent="$absent $file"; }
  done
  [ -z "$absent" ] || chown "$owner:$owner" $absent
  # Where it runs and where it keeps its data: made where missing, never through a link.
  while IFS= read -r path; do
    place=. rest=$path/
    while [ -n "$rest" ]; do
      name=${rest%%/*} rest=${rest#*/}
      case $name in "" | .) continue ;; ..) break ;; esac
      place=$place/$name
      if [ -h "$place" ]; then break; fi
      if [ ! -e "$place" ]; then make "$place"; elif [ ! -d "$place" ]; then break; fi
    done
  done <"$work/wants"
  # A folder that its layer only implies is as the next layer below says.
  while [ $# -gt 0 ]; do
    implied=$layers/$1/$variant.implied
    shift
    [ -s "$implied" ] || continue
    xargs -0 -r sh -c '"'"'
      variant=$1 layers=$2 below=$3
      shift 3
      for folder; do
        for layer in $below; do
          from=$layers/$layer/$variant/$folder
          if [ -h "$from" ] || [ ! -d "$from" ]; then continue; fi
          if tr "\0" "\n" <"$layers/$layer/$variant.implied" | grep -qxF -e "$folder"; then continue; fi
          if [ -h "$folder" ] || [ ! -d "$folder" ]; then break; fi
          chown --reference="$from" "$folder"
          chmod --reference="$from" "$folder"
          break
        done
      done'"'"' sh "$variant" "$layers" "$*" <"$implied"
  done
' sh "$work" "$names" "$first" "$layers" "$variant" "$@"

[ ! -e "$target/$variant.top" ] || rm -rf "$target/$variant.top"
mv "$work/$variant.top" "$work/layers" "$target/"
sync "$target/layers"
stratos_links=$work/links "$hooks/image-mount" "$target/$variant"
: >"$target/complete"
echo '{"assembled":true}'
