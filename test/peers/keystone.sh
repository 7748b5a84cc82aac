#!/bin/sh
# The real OpenStack Keystone of Debian on 127.0.0.1, with SQLite, in the foreground until it is ended.
#
#   keystone.sh install
#   keystone.sh serve DIR PORT IMAGE_URL
#
# DIR gets the configuration and all data. User admin of project admin has the password `secret`; the catalogue has the image service.
set -eu

case ${1:-} in
  install)
    command -v keystone-manage >/dev/null && command -v uwsgi_python3 >/dev/null && exit 0
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends keystone >/dev/null
    ;;
  serve)
    dir=$2 port=$3 image=$4
    mkdir -p "$dir/fernet" "$dir/credential"
    for service in "identity http://127.0.0.1:$port/v3" "image $image"; do
      type=${service%% *}
      for side in public internal admin; do
        printf 'catalog.RegionOne.%s.%sURL = %s\n' "$type" "$side" "${service#* }"
      done
      printf 'catalog.RegionOne.%s.name = %s\n' "$type" "$type"
    done >"$dir/catalog"
    cat >"$dir/keystone.conf" <<TEXT
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///$dir/keystone.sqlite
[fernet_tokens]
key_repository = $dir/fernet
[credential]
key_repository = $dir/credential
[identity]
password_hash_rounds = 4
[catalog]
driver = templated
template_file = $dir/catalog
TEXT
    manage() { keystone-manage --config-file "$dir/keystone.conf" "$@" >>"$dir/manage.log" 2>&1; }
    manage db_sync
    manage fernet_setup --keystone-user root --keystone-group root
    manage credential_setup --keystone-user root --keystone-group root
    manage bootstrap --bootstrap-password secret
    # One request at a time: with SQLite, several threads stop answering. Connections end with their answer, as they would hold it.
    OS_KEYSTONE_CONFIG_DIR=$dir exec uwsgi_python3 --http-socket "127.0.0.1:$port" --wsgi-file /usr/bin/keystone-wsgi-public \
      --processes 1 --enable-threads --need-app --die-on-term --buffer-size 65535 --add-header 'Connection: close'
    ;;
  *) echo "usage: $0 install | serve DIR PORT IMAGE_URL" >&2 && exit 64 ;;
esac
