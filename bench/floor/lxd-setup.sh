# Debian's LXD with a directory pool, a bridge, and the root file system in the tar file $1 as image `bench`.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends lxd >/dev/null
lxd waitready --timeout=30
lxc storage create default dir
lxc network create lxdbr0 ipv4.address=10.221.77.1/24 ipv4.nat=true ipv6.address=none
lxc profile device add default root disk path=/ pool=default
lxc profile device add default eth0 nic network=lxdbr0 name=eth0
work=$(mktemp -d)
printf 'architecture: %s\ncreation_date: 1\nproperties: {description: bench}\n' "$(uname -m)" >"$work/metadata.yaml"
tar -C "$work" -czf "$work/metadata.tar.gz" metadata.yaml
lxc image import "$work/metadata.tar.gz" "$1" --alias bench
rm -rf "$work"
