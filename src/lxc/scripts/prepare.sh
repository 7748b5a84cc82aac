# Makes a plain Linux machine a VM of ours, or brings one up to date. Arguments: lineage, name of the VM, fingerprint of this
# preparation, root folder, first mapped id, number of ids, then the units to enable. Standard input has the files to install, see prepared-files.ts. Ends
# with 3 when the machine carries another lineage, with 4 when it lacks what cannot be installed, with 5 when it is no systemd
# machine. Prints {"prepared":true,"installed":[PACKAGE…]}. Quick and without effect when all is in place.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
lineage=$1 vm=$2 fingerprint=$3 root=$4 first=$5 count=$6
shift 6
umask 022

refuse() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

if [ -e "$root/label.json" ]; then
  read -r label <"$root/label.json" || :
  case $label in
  *"\"lineage\":\"$lineage\""*) ;;
  *) refuse 3 "Cannot prepare the machine as it belongs to another inventory: $label" ;;
  esac
fi
[ -d /run/systemd/system ] || refuse 5 'Cannot prepare the machine as systemd does not run on it'

# Where the kernel has AppArmor, LXC starts containers with a profile, which something must load. In a VM that is a container that is
# its machine's.
guard=''
if [ ! -e /run/systemd/container ] && grep -qsx Y /sys/module/apparmor/parameters/enabled; then guard=apparmor:apparmor_parser; fi
# Packages, each with a program that shows it is there.
missing='' programs=''
for pair in lxc:lxc-start uidmap:newuidmap rsync:rsync haproxy:haproxy nftables:nft iproute2:ip zstd:zstd attr:setfattr openssl:openssl socat:socat curl:curl busybox-static:busybox \
  procps:ps util-linux:nsenter $guard; do
  command -v "${pair#*:}" >/dev/null 2>&1 || missing="$missing ${pair%%:*}" programs="$programs ${pair#*:}"
done
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || refuse 4 "Cannot prepare the machine as it has no apt-get and lacks:$programs"
  # Without a bridge of LXC's own, which nobody needs and its service would wait for.
  [ -e /etc/default/lxc-net ] || echo 'USE_LXC_BRIDGE="false"' >/etc/default/lxc-net
  apt() {
    apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >&2
  }
  # shellcheck disable=SC2086 # names of packages
  apt install --no-install-recommends $missing || {
    apt update && apt install --no-install-recommends $missing
  } || refuse 4 "Cannot prepare the machine as these packages cannot be installed (Ubuntu has some in universe):$missing"
  # The distribution's own proxy would take the ports; it is ours to stop only where it came with us.
  case " $missing " in *' haproxy '*) systemctl disable --now -q haproxy.service >&2 || : ;; esac
fi
profiles=/sys/kernel/security/apparmor/profiles
if [ -n "$guard" ] && [ -e "$profiles" ] && [ -e /etc/apparmor.d/lxc-containers ]; then
  grep -q '^lxc-container-default' "$profiles" || apparmor_parser -r -W -T /etc/apparmor.d/lxc-containers >&2 || :
fi
if ! grep -qs '^USE_LXC_BRIDGE=.\{0,1\}false' /etc/default/lxc-net && [ ! -d /sys/class/net/lxcbr0 ]; then
  # lxc.service would wait half a minute for a bridge that is not there.
  touch /etc/default/lxc-net
  sed -i '/^USE_LXC_BRIDGE=/d' /etc/default/lxc-net
  echo 'USE_LXC_BRIDGE="false"' >>/etc/default/lxc-net
fi

for file in /etc/subuid /etc/subgid; do
  grep -qsx "root:$first:$count" "$file" || echo "root:$first:$count" >>"$file"
done

mkdir -p "$root/blobs/sha256" "$root/layers" "$root/images" "$root/processes" "$root/volumes" "$root/wake" "$root/gateway" "$root/bin" /run/stratos
chmod 711 "$root" "$root/images"
# What is in layers is got to by way of the images alone: there may be programs in it that run as root.
chmod 700 "$root/blobs" "$root/layers"
# Only root and the root of containers get to what is in processes.
chown "root:$first" "$root/processes" "$root/volumes"
chmod 710 "$root/processes" "$root/volumes"
chmod 700 "$root/gateway"

# A shell for images that have none, see make.sh: of the same file system as the processes, so that a link is enough.
shell=$(command -v busybox)
cmp -s "$shell" "$root/bin/busybox" || { cp "$shell" "$root/bin/busybox.new" && mv "$root/bin/busybox.new" "$root/bin/busybox"; }

resolver=/etc/resolv.conf
[ ! -e /run/systemd/resolve/resolv.conf ] || resolver=/run/systemd/resolve/resolv.conf
[ "$(readlink "$root/resolv.conf" || :)" = "$resolver" ] || ln -sfn "$resolver" "$root/resolv.conf"

# What was sent stays beside what it became, so that an observation sees what somebody edits.
cat >"$root/prepared.new"
# Installs what differs: a file `.new` is beside its place only for a moment.
# shellcheck disable=SC2016
changed=$(awk '
  function put(path, text) { print text > path; if (close(path) != 0) exit 2 }
  $1 == "file" {
    mode = $2; path = $3; text = ""; old = ""; had = 0
    for (count = $4; count > 0; count--) { if ((getline line) <= 0) exit 3; text = text line (count > 1 ? "\n" : "") }
    while ((getline line < path) > 0) old = old (had++ ? "\n" : "") line
    close(path)
    if (had && old == text) next
    put(path ".new", text)
    print mode, path
  }
' "$root/prepared.new")
mv "$root/prepared.new" "$root/prepared"
units=''
while read -r mode file; do
  [ -n "$mode" ] || continue
  chmod "$mode" "$file.new"
  mv "$file.new" "$file"
  case $file in
  */systemd/*) units=yes ;;
  esac
done <<CHANGED
$changed
CHANGED

wants=/etc/systemd/system/multi-user.target.wants
mkdir -p "$wants"
for unit; do
  [ -h "$wants/$unit" ] || { ln -s "../$unit" "$wants/$unit" && units=yes; }
done
[ -z "$units" ] || systemctl daemon-reload

# Whatever somebody did to the network since, it is as it shall be now.
"$root/bin/network-up" >&2
systemctl start stratos-network.service stratos-processes.service >&2

label=$(printf '{"lineage":"%s","vm":"%s","prepared":"%s"}' "$lineage" "$vm" "$fingerprint")
old=''
[ ! -e "$root/label.json" ] || read -r old <"$root/label.json" || :
if [ "$old" != "$label" ]; then
  printf '%s\n' "$label" >"$root/label.json.new"
  sync -f "$root/label.json.new" || :
  mv "$root/label.json.new" "$root/label.json"
fi
installed=''
for package in $missing; do installed="$installed${installed:+,}\"$package\""; done
printf '{"prepared":true,"installed":[%s]}\n' "$installed"
