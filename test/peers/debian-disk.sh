#!/bin/sh
# A disk with Debian 12 as clouds have it: a kernel of its own, cloud-init, sshd. What preparation asks for is in it, as in an image of
# `vm bake`. It boots by BIOS and by EFI. Made of Debian's packages in about two minutes, without a VM and without loop devices, and kept
# in $CACHE.
#
#   debian-disk.sh make
#
# Prints the path of the disk (qcow2).
set -eu

CACHE=${STRATOS_PEERS_CACHE:-/var/cache/stratos/peers}
# debootstrap does not see that python3-cffi-backend is what cloud-init needs by another name. What makes a machine of a cloud, then what preparation asks for, and what only the boot loader is made with.
MACHINE='linux-image-cloud-amd64 systemd-sysv udev dbus libpam-systemd systemd-resolved systemd-timesyncd netplan.io openssh-server sudo cloud-init python3-cffi-backend cloud-guest-utils qemu-guest-agent apparmor ca-certificates'
PREPARED='lxc uidmap rsync haproxy nftables iproute2 iputils-ping procps util-linux e2fsprogs zstd attr openssl socat curl busybox-static'
LOADERS='grub-common grub-pc-bin grub-efi-amd64-bin mtools'
# Sectors of 512 bytes: the boot loader of BIOS, that of EFI, the root file system, which the first boot lets grow.
EFI_FROM=2048 EFI_SIZE=16384 ROOT_FROM=18432 SIZE=6291456
# What every GRUB since 2.04 reads, whatever this machine's mkfs would choose.
FEATURES=none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum

# mirror: where this machine takes Debian's main component from; nothing where it takes none.
mirror() {
  # shellcheck disable=SC2016 # names of apt's and of awk's
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $4; exit }'
}

# What debootstrap made becomes an image: nothing in it is one machine's own.
finish() {
  root=$1
  echo 'LABEL=root / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
  : >"$root/etc/machine-id"
  rm -f "$root/etc/hostname" "$root"/etc/ssh/ssh_host_* "$root/etc/dpkg/dpkg.cfg.d/build"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
  echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
  # As preparation leaves them.
  echo 'USE_LXC_BRIDGE="false"' >"$root/etc/default/lxc-net"
  chroot "$root" systemctl disable --quiet haproxy.service
  ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
  kernel=$(basename "$(ls "$root"/boot/vmlinuz-*)")
  cat >"$root/boot/grub.cfg" <<GRUB
linux /boot/$kernel root=LABEL=root ro console=tty0 console=ttyS0,115200
initrd /boot/initrd.img-${kernel#vmlinuz-}
boot
GRUB
}

# Both loaders find the root file system by its label, and there what to boot.
loaders() {
  root=$1
  mkdir "$root/loader"
  cat >"$root/loader/early.cfg" <<GRUB
search --label root --set=root
configfile (\$root)/boot/grub.cfg
GRUB
  modules='part_msdos ext2 search search_label configfile normal linux'
  # shellcheck disable=SC2086 # names of modules
  chroot "$root" grub-mkimage -O i386-pc -p /none -c /loader/early.cfg -o /loader/core.img biosdisk $modules
  # shellcheck disable=SC2086
  chroot "$root" grub-mkimage -O x86_64-efi -p /none -c /loader/early.cfg -o /loader/bootx64.efi $modules
  cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/loader/"
  truncate -s $((EFI_SIZE * 512)) "$root/loader/esp"
  chroot "$root" mformat -i /loader/esp -v EFI ::
  chroot "$root" mmd -i /loader/esp ::/EFI ::/EFI/BOOT
  chroot "$root" mcopy -i /loader/esp /loader/bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
  mv "$root/loader" "$2"
}

case ${1:-}/${INSIDE:-} in
make/)
  disk=$CACHE/debian-12-$(sha256sum "$0" | cut -c 1-12).qcow2
  mkdir -p "$CACHE"
  exec 9>"$CACHE/debian-12.lock"
  flock 9
  if [ ! -e "$disk" ]; then
    # Nothing that it mounts or starts outlives it.
    INSIDE=yes setpriv --pdeathsig KILL unshare --mount --pid --ipc --uts --fork --kill-child --mount-proc "$0" make "$disk" >&2
    # Of older versions of this script.
    for file in "$CACHE"/debian-12-*.qcow2; do [ "$file" = "$disk" ] || rm -f "$file"; done
  fi
  echo "$disk"
  ;;
make/yes)
  work=$2.building
  rm -rf "$work"
  mkdir -p "$work"
  trap 'umount "$work/tree" 2>/dev/null || :; rm -rf "$work"' EXIT
  # In memory: dpkg waits for the disk after every file.
  mkdir "$work/tree"
  mount -t tmpfs -o size=3g,mode=755 tree "$work/tree"
  root=$work/tree/root
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/build"
  from=$(mirror)
  include=$(echo "$MACHINE $PREPARED $LOADERS" | tr ' ' ,)
  DEBIAN_FRONTEND=noninteractive debootstrap --arch=amd64 --variant=minbase "--include=$include" bookworm "$root" \
    "${from:-http://deb.debian.org/debian}" || { tail -n 20 "$root/debootstrap/debootstrap.log" && exit 1; }
  finish "$root"
  loaders "$root" "$work/loader"
  truncate -s $((SIZE * 512)) "$work/raw"
  printf 'label: dos\nstart=%s, size=%s, type=ef\nstart=%s, type=83, bootable\n' "$EFI_FROM" "$EFI_SIZE" "$ROOT_FROM" |
    sfdisk --quiet "$work/raw"
  dd if="$work/loader/boot.img" of="$work/raw" bs=440 count=1 conv=notrunc status=none
  dd if="$work/loader/core.img" of="$work/raw" seek=1 conv=notrunc status=none
  dd if="$work/loader/esp" of="$work/raw" seek="$EFI_FROM" conv=notrunc status=none
  umount -l "$root/proc" "$root/sys" 2>/dev/null || :
  mke2fs -q -F -t ext4 -O "$FEATURES" -L root -d "$root" -E "offset=$((ROOT_FROM * 512)),root_owner=0:0" \
    "$work/raw" $(((SIZE - ROOT_FROM) / 2))k
  qemu-img convert -O qcow2 "$work/raw" "$work/disk"
  mv "$work/disk" "$2"
  ;;
*) echo "usage: $0 make" >&2 && exit 64 ;;
esac
