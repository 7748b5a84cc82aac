#!/bin/sh
# What quickstart and the tests need on this machine: checks first, then installs only what is missing.
# Sourced by them with the name of the caller's command in $1.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# refuse REASON: says what to do instead and ends before anything was touched.
refuse() {
  cat >&2 <<TEXT
error: Cannot run the local IaaS here: $1

Stratos itself runs on any machine with Node 22.18 or newer, SSH and rsync. Only VMs on this machine (kind: local) need
Linux, root and apt. Use machines that exist already instead:

  npm ci && npm run build
  bin/stratos init --iaas static --dir my-project
  \$EDITOR my-project/stratos.yaml     # iaas: {mine: {kind: static, hosts: {one: {address: …, hostKey: …}}}}
TEXT
  exit 1
}

preflight() {
  [ "$(uname -s)" = Linux ] || refuse "this is $(uname -s), not Linux"
  command -v apt-get >/dev/null 2>&1 || refuse 'there is no apt-get'
  [ "$(id -u)" = 0 ] || refuse "you are $(id -un), not root"
}

# Debian's packages for what $1 says: `run` (the local IaaS and building cartridges), `test` (the gate too) or `bench` (peers).
install_packages() {
  wanted='lxc lxc-templates debootstrap rsync openssh-client openssh-server uidmap haproxy iproute2 nftables zstd tar xz-utils curl ca-certificates busybox-static'
  [ "$1" != test ] || wanted="$wanted shellcheck skopeo umoci buildah docker-registry apache2-utils openssl sudo socat glance-api keystone cloud-init libarchive-tools"
  # OpenStack's control plane (test/peers/openstack.sh).
  [ "$1" != test ] || wanted="$wanted placement-api nova-api nova-scheduler nova-conductor neutron-server mariadb-server rabbitmq-server"
  # libvirt with QEMU (test/peers/libvirt.sh), and a disk for its VMs.
  [ "$1" != test ] || wanted="$wanted libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils dnsmasq-base xorriso ipxe ovmf"
  # What moto needs, which is a package of its own only since Debian 13 (test/peers/moto.sh).
  [ "$1" != test ] || wanted="$wanted python3-boto3 python3-flask python3-flask-cors python3-responses python3-xmltodict python3-werkzeug python3-cryptography"
  # Where the kernel has AppArmor, LXC wants its profile for containers loaded.
  ! grep -qsx Y /sys/module/apparmor/parameters/enabled || wanted="apparmor $wanted"
  # A browser for the pages; Ubuntu has none as a package of its own.
  [ "$1" != test ] || ! grep -qx 'ID=debian' /etc/os-release || wanted="$wanted chromium"
  [ "$1" != bench ] || wanted="$wanted ansible socat skopeo docker-registry"
  missing=
  for package in $wanted; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  # cloud-init is wanted for its schema alone: this machine is not its to set up.
  case $missing in *cloud-init*) mkdir -p /etc/cloud && touch /etc/cloud/cloud-init.disabled ;; esac
  say "installing$missing"
  # Daemons of these packages are not wanted on this machine: nothing is started by installing them.
  policy=/usr/sbin/policy-rc.d
  made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=yes
  fi
  status=0
  # shellcheck disable=SC2086 # a list of package names
  {
    apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  } || status=$?
  [ -z "$made" ] || rm -f "$policy"
  [ "$status" = 0 ] || say 'apt cannot install them; on Ubuntu they need the component universe: add-apt-repository universe'
  load_profiles
  return "$status"
}

# The profile that LXC starts containers with: its service, which was not started, would load it.
load_profiles() {
  profiles=/sys/kernel/security/apparmor/profiles
  [ -e "$profiles" ] && [ -e /etc/apparmor.d/lxc-containers ] || return 0
  grep -qs '^lxc-container-default' "$profiles" || apparmor_parser -r -W -T /etc/apparmor.d/lxc-containers || :
}

# npm's packages, when the lock file is newer than what is installed.
install_modules() {
  if [ -z "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
    say 'installing npm packages'
    npm ci --no-audit --no-fund --loglevel=error >&2
    touch node_modules/.package-lock.json
  fi
  PATH=$root/node_modules/node/bin:$root/node_modules/.bin:$PATH
  export PATH
}

build() {
  if [ ! -f dist/main.js ] || [ -n "$(find src scripts/build.js package-lock.json -newer dist/main.js -type f -print -quit)" ]; then
    say 'building'
    node scripts/build.js
  fi
}
