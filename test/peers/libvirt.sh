#!/bin/sh
# libvirt with QEMU, of Debian's packages, in the foreground until it is ended: its own directories, users and sockets are in DIR and
# hide those of the system, so it meets no other libvirt of this machine. Its VMs are on a network of its own.
#
#   libvirt.sh serve DIR
set -eu

# over PATH FILE: FILE stands in its place, for this process and those it starts.
over() { mount --bind "$2" "$1"; }

case ${1:-}/${INSIDE:-} in
  serve/) INSIDE=yes exec unshare --mount --propagation private "$0" serve "$2" ;;
  serve/yes)
    dir=$2
    mkdir -p "$dir/etc" "$dir/run" "$dir/lib" "$dir/cache" "$dir/log/qemu"
    mkdir -p /etc/libvirt /run/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
    # libvirt-daemon-system would make them.
    for file in passwd group; do cp "/etc/$file" "$dir/$file"; done
    grep -q '^libvirt-qemu:' "$dir/passwd" || echo 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin' >>"$dir/passwd"
    grep -q '^libvirt-qemu:' "$dir/group" || echo 'libvirt-qemu:x:64055:' >>"$dir/group"
    cat >"$dir/etc/qemu.conf" <<TEXT
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
TEXT
    cat >"$dir/etc/libvirtd.conf" <<TEXT
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_group = "root"
log_outputs = "3:stderr"
TEXT
    over /etc/passwd "$dir/passwd"
    over /etc/group "$dir/group"
    over /etc/libvirt "$dir/etc"
    over /run/libvirt "$dir/run"
    over /var/lib/libvirt "$dir/lib"
    over /var/cache/libvirt "$dir/cache"
    over /var/log/libvirt "$dir/log"
    exec /usr/sbin/libvirtd --config /etc/libvirt/libvirtd.conf --pid-file /run/libvirt/libvirtd.pid
    ;;
  *) echo "usage: $0 serve DIR" >&2 && exit 64 ;;
esac
