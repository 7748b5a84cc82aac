#!/bin/sh
# The real OpenStack Glance of Debian on 127.0.0.1, with SQLite and without Keystone, in the foreground until it is ended.
#
#   glance.sh install
#   glance.sh serve DIR PORT [--quota BYTES] [--keystone URL]
#
# DIR gets the configuration and all data. With --keystone it asks there who asks, as user admin with the password `secret`.
set -eu

case ${1:-} in
  install)
    command -v glance-api >/dev/null && exit 0
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends glance-api >/dev/null
    ;;
  serve)
    dir=$2 port=$3
    shift 3
    quota=0 keystone=
    while [ $# -gt 0 ]; do
      case $1 in
        --quota) quota=$2 && shift 2 ;;
        --keystone) keystone=$2 && shift 2 ;;
        *) echo "unknown option: $1" >&2 && exit 64 ;;
      esac
    done
    mkdir -p "$dir/images" "$dir/staging" "$dir/tasks" "$dir/lock"
    cat >"$dir/glance-api.conf" <<TEXT
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $port
workers = 0
use_stderr = true
enabled_backends = fs:file
user_storage_quota = $quota
image_property_quota = 128
[os_glance_staging_store]
filesystem_store_datadir = $dir/staging
[os_glance_tasks_store]
filesystem_store_datadir = $dir/tasks
[database]
connection = sqlite:///$dir/glance.sqlite
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = $dir/images
[oslo_concurrency]
lock_path = $dir/lock
[paste_deploy]
config_file = /etc/glance/glance-api-paste.ini
${keystone:+flavor = keystone}
[keystone_authtoken]
auth_type = password
auth_url = $keystone
www_authenticate_uri = $keystone
project_name = admin
project_domain_name = Default
username = admin
user_domain_name = Default
password = secret
TEXT
    glance-manage --config-file "$dir/glance-api.conf" db_sync >"$dir/db.log" 2>&1
    exec glance-api --config-file "$dir/glance-api.conf"
    ;;
  *) echo "usage: $0 install | serve DIR PORT [--quota BYTES] [--keystone URL]" >&2 && exit 64 ;;
esac
