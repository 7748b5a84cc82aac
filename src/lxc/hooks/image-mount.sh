#!/bin/sh
# shellcheck disable=SC1091,SC2154 # the paths are set by layout
# Mounts the layers of images as one read-only folder each, which is the single lower layer of every process of the image.
# Arguments: the folders. Nothing is done for one that is mounted, or that is whole itself, as images were once. `stratos_links` in the
# environment: who has links to the layers of the one already, as they are made here, has them used.
set -eu
. "${0%/*}/layout"
. "${0%/*}/layer-whole"
for target; do
  folder=${target%/*} variant=${target##*/}
  [ -s "$folder/layers" ] || continue
  # Of every image; the folder itself has nothing in it.
  [ ! -d "$target/.stratos" ] || continue
  [ -d /run/stratos ] || mkdir -p /run/stratos
  exec 9>"/run/stratos/mount.${folder##*/}"
  flock 9
  ! mountpoint -q "$target" || continue
  # By short names, as all of them have to fit into one page.
  made=''
  if [ -z "${stratos_links-}" ]; then
    made=/run/stratos/mount.$$
    mkdir -p "$made"
  fi
  cd "${stratos_links:-$made}"
  ln -sfn "$folder/$variant.top" top
  names=top count=0
  while read -r layer; do
    if ! layer_whole "$layers" "$layer" "$variant"; then
      # The next run of the operator brings what is missing.
      rm -f "$folder/complete"
      echo "Cannot mount $target as a layer of it is not whole: $layer" >&2
      exit 1
    fi
    [ -z "$made" ] || ln -sfn "$layers/$layer/$variant" "$count"
    names=$names:$count count=$((count + 1))
  done <"$folder/layers"
  mount -t overlay -o "ro,nosuid,nodev,lowerdir=$names" stratos "$target"
  cd /
  [ -z "$made" ] || rm -rf "$made"
done
