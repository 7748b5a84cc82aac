# Makes a plain Linux machine a VM of ours, or brings one up to date. Arguments: lineage, name of the VM, fingerprint of this
# preparation, root folder, first mapped id, number of ids, rows of further packages or nothing, then the units to enable. Standard input has the files to install, see prepared-files.ts. Ends
# with 3 when the machine carries another lineage, with 4 when it lacks what cannot be installed, with 5 when processes of
# ours cannot run there. Prints {"prepared":true,"installed":[PACKAGE…]}. Quick and without effect when all is in place.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
lineage=$1 vm=$2 fingerprint=$3 root=$4 first=$5 count=$6 further=$7
shift 7
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
distribution=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/os-release 2>/dev/null || :)
[ -d /run/systemd/system ] ||
  refuse 5 "Cannot prepare the machine as systemd does not run on it, and processes are its units: ${distribution:-no /etc/os-release}"
# Both would quietly keep from users what a gateway serves.
if command -v firewall-cmd >/dev/null 2>&1 && firewall-cmd --state >/dev/null 2>&1; then
  refuse 5 'Cannot prepare the machine as firewalld drops what gateways serve: systemctl disable --now firewalld'
fi
if [ "$(getenforce 2>/dev/null || :)" = Enforcing ]; then
  refuse 5 'Cannot prepare the machine as SELinux keeps HAProxy from ports: setenforce 0, and SELINUX=permissive in /etc/selinux/config'
fi

# Where the kernel has AppArmor, LXC starts containers with a profile, which something must load. In a VM that is a container that is
# its machine's.
guard=''
if [ ! -e /run/systemd/container ] && grep -qsx Y /sys/module/apparmor/parameters/enabled; then guard=apparmor:-:apparmor_parser; fi
# Package managers, and where their distributions keep what LXC's own bridge is told.
if command -v apt-get >/dev/null 2>&1; then
  family=debian sysconfig=/etc/default
elif command -v dnf >/dev/null 2>&1; then
  family=rhel sysconfig=/etc/sysconfig
else
  family='' sysconfig=/etc/default
fi
# Packages of Debian and of RHEL's family (LXC and BusyBox are in EPEL), each with a program that shows it is there.
missing='' programs=''
for row in lxc:lxc:lxc-start uidmap:shadow-utils:newuidmap rsync:rsync:rsync haproxy:haproxy:haproxy nftables:nftables:nft iproute2:iproute:ip iproute2:iproute-tc:tc \
  zstd:zstd:zstd attr:attr:setfattr openssl:openssl:openssl socat:socat:socat curl:curl:curl busybox-static:busybox:busybox procps:procps-ng:ps \
  util-linux:util-linux:nsenter e2fsprogs:e2fsprogs:mkfs.ext4 $guard $further; do
  program=${row##*:} package=${row%%:*}
  if command -v "$program" >/dev/null 2>&1; then continue; fi
  if [ "$family" = rhel ]; then package=${row#*:} package=${package%:*}; fi
  missing="$missing $package" programs="$programs $program"
done
# shellcheck disable=SC2086 # names of packages
install_missing() {
  case $family in
  debian)
    apt() {
      apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >&2
    }
    apt install --no-install-recommends $missing || {
      apt update && apt install --no-install-recommends $missing
    } || refuse 4 "Cannot prepare the machine as these packages cannot be installed (Ubuntu has some in universe):$missing"
    ;;
  rhel)
    packages() {
      dnf -q -y --setopt=install_weak_deps=False install "$@" >&2
    }
    packages $missing || {
      packages epel-release && packages $missing
    } || refuse 4 "Cannot prepare the machine as these packages cannot be installed (LXC and BusyBox are in EPEL):$missing"
    ;;
  *) refuse 4 "Cannot prepare the machine as it has neither apt-get nor dnf and lacks:$programs" ;;
  esac
}
if [ -n "$missing" ]; then
  # Without a bridge of LXC's own, which nobody needs and its service would wait for.
  [ -e "$sysconfig/lxc-net" ] || { mkdir -p "$sysconfig" && echo 'USE_LXC_BRIDGE="false"' >"$sysconfig/lxc-net"; }
  install_missing
  # The distribution's own proxy would take the ports; it is ours to stop only where it came with us.
  case " $missing " in *' haproxy '*) systemctl disable --now -q haproxy.service >&2 || : ;; esac
  # Nor does anybody call podman here, or have it look for newer images.
  case " $missing " in
  *' podman '*) systemctl disable --now -q podman.socket podman.service podman-restart.service podman-auto-update.timer >&2 || : ;;
  esac
fi
if [ -n "$further" ]; then
  version=$(podman --version) version=${version##* }
  [ "${version%%.*}" -ge 4 ] ||
    refuse 4 "Cannot prepare the machine as its podman is older than 4: $version"
fi
profiles=/sys/kernel/security/apparmor/profiles
if [ -n "$guard" ] && [ -e "$profiles" ] && [ -e /etc/apparmor.d/lxc-containers ]; then
  grep -q '^lxc-container-default' "$profiles" || apparmor_parser -r -W -T /etc/apparmor.d/lxc-containers >&2 || :
fi
if ! grep -qs '^USE_LXC_BRIDGE=.\{0,1\}false' "$sysconfig/lxc-net" && [ ! -d /sys/class/net/lxcbr0 ]; then
  # lxc.service would wait half a minute for a bridge that is not there.
  touch "$sysconfig/lxc-net"
  sed -i '/^USE_LXC_BRIDGE=/d' "$sysconfig/lxc-net"
  echo 'USE_LXC_BRIDGE="false"' >>"$sysconfig/lxc-net"
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

# What gives a process the further groups of its user, see make.sh, with all that it is linked to: an image may have none of it.
setpriv=$(command -v setpriv)
parts="setpriv=$setpriv $(ldd "$setpriv" | awk '$1 ~ "^/" { print "ld.so=" $1 } $2 == "=>" { print $1 "=" $3 }')"
stale=''
for part in $parts; do cmp -s "${part#*=}" "$root/bin/setpriv/${part%%=*}" || stale=yes; done
if [ -n "$stale" ]; then
  rm -rf "$root/bin/setpriv.new"
  mkdir "$root/bin/setpriv.new"
  for part in $parts; do cp -L "${part#*=}" "$root/bin/setpriv.new/${part%%=*}"; done
  rm -rf "$root/bin/setpriv"
  mv "$root/bin/setpriv.new" "$root/bin/setpriv"
fi

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
