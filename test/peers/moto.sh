#!/bin/sh
# moto, which speaks EC2's API, on 127.0.0.1, in the foreground until it is ended. Debian has it since 13 (trixie); on an older one its
# package is unpacked beside the system, and what it needs is the system's own.
#
#   moto.sh install
#   moto.sh serve PORT
set -eu

home=/var/cache/stratos/moto
needs='python3-boto3 python3-flask python3-flask-cors python3-responses python3-xmltodict python3-werkzeug python3-cryptography'

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# trixie COMMAND…: apt with that suite alone, lists and packages of its own.
trixie() {
  apt-get -qq -o "Dir::Etc::sourcelist=$home/trixie.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::lists=$home/lists" -o "Dir::Cache=$home/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# mirror: where this machine takes Debian's main component from; nothing where it takes none.
mirror() {
  # shellcheck disable=SC2016 # names of apt's and of awk's
  apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $4; exit }'
}

case ${1:-} in
  install)
    missing=
    for package in $needs; do
      dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    # shellcheck disable=SC2086 # a list of package names
    [ -z "$missing" ] || install_packages $missing
    [ ! -e "$home/ready" ] || exit 0
    ! /usr/bin/python3 -c 'import moto' 2>/dev/null || exit 0
    if [ -n "$(apt-cache madison python3-moto)" ]; then
      install_packages python3-moto
      exit 0
    fi
    from=$(mirror)
    [ -n "$from" ] || { echo 'this machine takes no packages from Debian' >&2 && exit 1; }
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from trixie main" >"$home/trixie.list"
    trixie update
    (cd "$home" && trixie download python3-moto && dpkg -x python3-moto_*.deb root)
    rm -rf "$home/lists" "$home/cache" "$home"/python3-moto_*.deb
    touch "$home/ready"
    ;;
  serve)
    [ ! -e "$home/ready" ] || export PYTHONPATH="$home/root/usr/lib/python3/dist-packages"
    exec /usr/bin/python3 -m moto.server -H 127.0.0.1 -p "$2"
    ;;
  *) echo "usage: $0 install | serve PORT" >&2 && exit 64 ;;
esac
