# A base container for the floor and for Ansible: the cartridge's own root file system, id map and network, in folder $1.
set -eu
folder=$1
[ ! -d "$folder/base/rootfs" ] || exit 0
mkdir -p "$folder/base"
for rootfs in /var/lib/stratos/images/*/rootfs; do cp -a "$rootfs" "$folder/base/rootfs"; done
cat >"$folder/base/config" <<CONFIG
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.pty.max = 1024
lxc.tty.max = 0
lxc.rootfs.path = dir:$folder/base/rootfs
lxc.uts.name = base
lxc.console.path = none
lxc.init.cmd = /usr/local/bin/serve
lxc.net.0.type = veth
lxc.net.0.link = stratosbr0
lxc.net.0.flags = up
CONFIG
chown 100000:100000 "$folder/base"
