#!/bin/sh
# The real docker-registry of Debian on 127.0.0.1, in the foreground until it is ended.
#
#   docker-registry.sh install
#   docker-registry.sh serve DIR PORT [--user NAME:PASSWORD] [--tls] [--clients] [--token REALM]
#
# DIR gets the configuration and all data. --tls makes DIR/ca.crt, whose key signs a certificate for 127.0.0.1. --clients, after it, wants
# certificates of clients, which the same key signs: DIR/client.cert with DIR/client.key is one. --token has requests carry a token that REALM
# gave, signed by the key DIR/token.key of the certificate DIR/token.crt.
set -eu

# authority NAME SUBJECT: a key and a certificate that signs itself.
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$2" -keyout "$dir/$1.key" -out "$dir/$1.crt" 2>/dev/null
}

# certificate: for 127.0.0.1, signed by ca.
certificate() {
  authority ca 'test authority'
  openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
  printf 'subjectAltName=IP:127.0.0.1\n' >"$dir/server.ext"
  openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
    -extfile "$dir/server.ext" -out "$dir/server.crt" 2>/dev/null
}

case ${1:-} in
  install)
    for program in docker-registry htpasswd skopeo buildah; do command -v "$program" >/dev/null || missing=yes; done
    [ -n "${missing:-}" ] || exit 0
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker-registry apache2-utils skopeo umoci buildah >/dev/null
    ;;
  serve)
    dir=$2 port=$3
    shift 3
    mkdir -p "$dir/data"
    http="addr: 127.0.0.1:$port"
    auth=
    while [ $# -gt 0 ]; do
      case $1 in
        --user)
          htpasswd -nbB "${2%%:*}" "${2#*:}" >"$dir/htpasswd"
          auth="htpasswd: {realm: test, path: $dir/htpasswd}"
          shift 2
          ;;
        --tls)
          certificate
          http="$http, tls: {certificate: $dir/server.crt, key: $dir/server.key}"
          shift
          ;;
        --clients)
          openssl req -newkey rsa:2048 -nodes -subj /CN=ann -keyout "$dir/client.key" -out "$dir/client.csr" 2>/dev/null
          openssl x509 -req -in "$dir/client.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
            -out "$dir/client.cert" 2>/dev/null
          http="addr: 127.0.0.1:$port, tls: {certificate: $dir/server.crt, key: $dir/server.key, clientcas: [$dir/ca.crt]}"
          shift
          ;;
        --token)
          authority token 'test issuer'
          auth="token: {realm: '$2', service: test, issuer: test, rootcertbundle: $dir/token.crt}"
          shift 2
          ;;
        *) echo "unknown option: $1" >&2 && exit 64 ;;
      esac
    done
    cat >"$dir/config.yml" <<TEXT
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $dir/data}, delete: {enabled: true}}
http: {$http}
${auth:+auth: {$auth\}}
TEXT
    exec docker-registry serve "$dir/config.yml"
    ;;
  *) echo "usage: $0 install | serve DIR PORT [--user NAME:PASSWORD] [--tls] [--clients] [--token REALM]" >&2 && exit 64 ;;
esac
