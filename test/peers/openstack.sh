#!/bin/sh
# A real OpenStack control plane of Debian on 127.0.0.1: Keystone, Glance, Placement, Nova, Neutron. Its servers run nothing (Nova's
# fake driver), all before that is real. In the foreground until it is ended, or who started it is gone; then nothing of it is left.
#
#   openstack.sh install
#   openstack.sh serve DIR PORT
#
# DIR gets the configuration and all data; it takes nine ports from PORT on: Keystone, Placement, Glance, Nova, Neutron, and five
# that nobody else needs. "ready" is printed when all of them answer. User admin of project admin has the password `secret`.
# What the first start prepared (tables, keys) is kept in $CACHE, without which it takes 20 s longer.
set -eu

CACHE=${STRATOS_PEERS_CACHE:-/var/cache/stratos/peers}
HOST=fakehost

# start NAME COMMAND…: in a session of its own, so that all of it can be ended at once.
start() {
  name=$1
  shift
  setsid "$@" >"$dir/log/$name" 2>&1 </dev/null &
  echo $! >"$dir/run/$name"
}

# finish: ends all that was started; the data go with DIR, so nobody needs to be asked politely.
finish() {
  for file in "$dir"/run/*; do
    [ ! -f "$file" ] || kill -KILL "-$(cat "$file")" 2>/dev/null || :
    rm -f "$file"
  done
}

# until WHAT COMMAND…: waits until the command succeeds, at most 3 min.
until_so() {
  what=$1
  shift
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 1800 ] || { echo "$what does not come up: $(tail -n 5 "$dir"/log/* 2>/dev/null)" >&2 && exit 1; }
    sleep 0.1
  done
}

answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/")" != 000 ]; }
listens() { ss -ltnH "sport = :$1" | grep -q .; }
# A service that is connected to RabbitMQ takes calls.
connected() { ss -tnpH state established "dst 127.0.0.1:$mq" | grep -q "pid=$(cat "$dir/run/$1"),"; }
sql() { mariadb --no-defaults -S "$dir/mysql.sock" "$@"; }

database() { echo "connection = mysql+pymysql://root:pw@127.0.0.1:$db/$1?charset=utf8"; }

# credentials: how services prove who they are.
credentials() {
  cat <<TEXT
auth_type = password
auth_url = http://127.0.0.1:$identity/v3
www_authenticate_uri = http://127.0.0.1:$identity/v3
project_name = admin
project_domain_name = Default
username = admin
user_domain_name = Default
password = secret
region_name = RegionOne
service_token_roles_required = false
TEXT
}

catalog() {
  for service in "identity $identity/v3" "placement $placement" "image $image" "compute $compute/v2.1" "network $network"; do
    type=${service%% *}
    for side in public internal admin; do
      echo "catalog.RegionOne.$type.${side}URL = http://127.0.0.1:${service#* }"
    done
    echo "catalog.RegionOne.$type.name = $type"
  done
}

configure() {
  catalog >"$etc/catalog"
  cat >"$etc/keystone.conf" <<TEXT
[DEFAULT]
use_stderr = true
[database]
$(database keystone)
[fernet_tokens]
key_repository = $etc/fernet
[credential]
key_repository = $etc/credential
[identity]
password_hash_rounds = 4
[catalog]
driver = templated
template_file = $etc/catalog
TEXT
  cat >"$etc/glance-api.conf" <<TEXT
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $image
workers = 0
use_stderr = true
enabled_backends = fs:file
[os_glance_staging_store]
filesystem_store_datadir = $dir/state
[os_glance_tasks_store]
filesystem_store_datadir = $dir/state
[database]
$(database glance)
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = $dir/images
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = $dir/lock
[keystone_authtoken]
$(credentials)
TEXT
  cat >"$etc/placement.conf" <<TEXT
[DEFAULT]
use_stderr = true
[placement_database]
$(database placement)
[api]
auth_strategy = keystone
[keystone_authtoken]
$(credentials)
TEXT
  cat >"$etc/nova.conf" <<TEXT
[DEFAULT]
use_stderr = true
host = $HOST
my_ip = 127.0.0.1
state_path = $dir/state
instances_path = $dir/state
transport_url = rabbit://guest:guest@127.0.0.1:$mq/
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $compute
osapi_compute_workers = 1
compute_driver = fake.FakeDriver
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
sync_power_state_interval = -1
[conductor]
workers = 1
[scheduler]
workers = 1
[wsgi]
api_paste_config = /etc/nova/api-paste.ini
[api_database]
$(database nova_api)
[database]
$(database nova)
[oslo_concurrency]
lock_path = $dir/lock
[vnc]
enabled = false
[glance]
api_servers = http://127.0.0.1:$image
[placement]
$(credentials)
[neutron]
$(credentials)
[cinder]
$(credentials)
[keystone_authtoken]
$(credentials)
TEXT
  cat >"$etc/neutron.conf" <<TEXT
[DEFAULT]
use_stderr = true
bind_host = 127.0.0.1
bind_port = $network
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
transport_url = rabbit://guest:guest@127.0.0.1:$mq/
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
dhcp_agent_notification = false
state_path = $dir/state
api_paste_config = /etc/neutron/api-paste.ini
[database]
$(database neutron)
[oslo_concurrency]
lock_path = $dir/lock
[keystone_authtoken]
$(credentials)
TEXT
  cat >"$etc/ml2.ini" <<TEXT
[ml2]
type_drivers = local,flat
tenant_network_types = local
mechanism_drivers = openvswitch
extension_drivers = port_security
[securitygroup]
enable_security_group = true
TEXT
}

DATABASES='keystone glance placement nova_api nova nova_cell0 neutron'

# prepare: tables and first rows; three rows of services side by side, as each start of Python takes a second.
prepare() {
  for each in $DATABASES; do sql -e "create database $each character set utf8"; done
  (
    manage='keystone-manage --config-file'
    $manage "$etc/keystone.conf" db_sync
    $manage "$etc/keystone.conf" fernet_setup --keystone-user root --keystone-group root
    $manage "$etc/keystone.conf" credential_setup --keystone-user root --keystone-group root
    $manage "$etc/keystone.conf" bootstrap --bootstrap-password secret
    glance-manage --config-file "$etc/glance-api.conf" db_sync
    placement-manage --config-file "$etc/placement.conf" db sync
  ) >"$dir/log/prepare-1" 2>&1 &
  first=$!
  (
    neutron-db-manage --config-file "$etc/neutron.conf" --config-file "$etc/ml2.ini" upgrade heads
    # An agent that is alive until 2099: with it ports are bound, though no agent runs.
    sql neutron -e "insert into agents(id,agent_type,\`binary\`,topic,host,admin_state_up,created_at,started_at,heartbeat_timestamp,configurations,\`load\`)
      values(uuid(),'Open vSwitch agent','neutron-openvswitch-agent','N/A','$HOST',1,now(),now(),'2099-01-01',
      '{\"bridge_mappings\":{},\"tunnel_types\":[],\"datapath_type\":\"system\",\"ovs_hybrid_plug\":false}',0)"
  ) >"$dir/log/prepare-2" 2>&1 &
  second=$!
  (
    # Without ports of their own, so that the same tables serve at other ports.
    nova-manage --config-file "$etc/nova.conf" api_db sync
    nova-manage --config-file "$etc/nova.conf" cell_v2 map_cell0 \
      --database_connection 'mysql+pymysql://root:pw@{hostname}:{port}/nova_cell0?charset=utf8'
    nova-manage --config-file "$etc/nova.conf" db sync
    nova-manage --config-file "$etc/nova.conf" cell_v2 create_cell --name cell1 \
      --transport-url 'rabbit://guest:guest@{hostname}:{port}/' \
      --database_connection 'mysql+pymysql://root:pw@{hostname}:{port}/nova?charset=utf8'
  ) >"$dir/log/prepare-3" 2>&1 &
  third=$!
  for each in "$first" "$second" "$third"; do
    wait "$each" || { tail -n 5 "$dir"/log/prepare-* >&2 && exit 1; }
  done
}

# keep: for the next start.
keep() {
  mkdir -p "$CACHE"
  part=$(mktemp -d "$CACHE/part.XXXXXX")
  # shellcheck disable=SC2086 # a list of names
  mariadb-dump --no-defaults -S "$dir/mysql.sock" --single-transaction --databases $DATABASES >"$part/tables.sql"
  cp -a "$etc/fernet" "$etc/credential" "$part"
  mv -T "$part" "$kept" 2>/dev/null || rm -rf "$part"
}

serve() {
  dir=$1 identity=$2 placement=$(($2 + 1)) image=$(($2 + 2)) compute=$(($2 + 3)) network=$(($2 + 4))
  mq=$(($2 + 5)) db=$(($2 + 8))
  etc=$dir/etc
  mkdir -p "$etc/fernet" "$etc/credential" "$dir/log" "$dir/run" "$dir/state" "$dir/lock" "$dir/images" "$dir/rabbit/mnesia"
  kept=$CACHE/openstack-$({ cat "$0"; dpkg-query -W nova-api keystone glance-api placement-api neutron-server; } | sha256sum | cut -c 1-16)
  trap finish EXIT
  trap 'exit 0' TERM INT HUP

  # Erlang's port mapper, which RabbitMQ would else start as a daemon that outlives it.
  start epmd epmd -address 127.0.0.1 -port $((mq + 2))
  echo '[].' >"$dir/rabbit/plugins"
  printf 'listeners.tcp.1 = 127.0.0.1:%s\nloopback_users = none\n' "$mq" >"$dir/rabbit/rabbitmq.conf"
  start rabbitmq env HOME="$dir/rabbit" RABBITMQ_NODENAME="test$mq@localhost" RABBITMQ_DIST_PORT=$((mq + 1)) \
    RABBITMQ_MNESIA_BASE="$dir/rabbit/mnesia" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_CONFIG_FILE="$dir/rabbit/rabbitmq" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$dir/rabbit/plugins" RABBITMQ_CONF_ENV_FILE=/dev/null \
    ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((mq + 2)) \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
    /usr/lib/rabbitmq/bin/rabbitmq-server
  mariadb-install-db --no-defaults --user=root --datadir="$dir/mysql" --skip-test-db --auth-root-authentication-method=normal \
    >"$dir/log/mysql-install" 2>&1
  # Its data need not outlive a power cut.
  start mysql mariadbd --no-defaults --user=root --datadir="$dir/mysql" --socket="$dir/mysql.sock" --bind-address=127.0.0.1 \
    --port="$db" --skip-grant-tables --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 \
    --innodb-flush-method=nosync --innodb-log-file-size=32M --performance-schema=0 --max-connections=400
  configure
  until_so MariaDB sql -e 'select 1'
  if [ -d "$kept" ]; then
    sql <"$kept/tables.sql"
    cp -a "$kept/fernet" "$kept/credential" "$etc"
  else
    prepare
  fi
  began=$(sql -N -e 'select utc_timestamp()')

  # Connections end with their answer, as one that is kept would hold a thread of uwsgi.
  wsgi='--processes 1 --threads 4 --enable-threads --need-app --die-on-term --buffer-size 65535'
  # shellcheck disable=SC2086 # a list of options
  start keystone env OS_KEYSTONE_CONFIG_DIR="$etc" uwsgi_python3 --http-socket "127.0.0.1:$identity" \
    --wsgi-file /usr/bin/keystone-wsgi-public $wsgi --add-header 'Connection: close'
  # shellcheck disable=SC2086 # a list of options
  start placement env OS_PLACEMENT_CONFIG_DIR="$etc" uwsgi_python3 --http-socket "127.0.0.1:$placement" \
    --wsgi-file /usr/bin/placement-api $wsgi --add-header 'Connection: close'
  until_so RabbitMQ listens "$mq"
  start glance glance-api --config-file "$etc/glance-api.conf"
  start nova-conductor nova-conductor --config-file "$etc/nova.conf"
  until_so Keystone answers "$identity"
  until_so Placement answers "$placement"
  start neutron neutron-server --config-file "$etc/neutron.conf" --config-file "$etc/ml2.ini"
  until_so nova-conductor connected nova-conductor
  start nova-scheduler nova-scheduler --config-file "$etc/nova.conf"
  # Debian's package of nova-compute would bring libvirt and QEMU; python3-nova has the service itself.
  start nova-compute /usr/bin/python3 -c "import sys
sys.argv = ['nova-compute', '--config-file', '$etc/nova.conf']
from nova.cmd.compute import main
main()"
  start nova-api nova-api --config-file "$etc/nova.conf"
  until_so Glance answers "$image"
  until_so Nova answers "$compute"
  until_so Neutron answers "$network"
  until_so nova-compute inventoried
  until_so nova-compute beats
  # Neutron with routers answers 500 to its first questions, until one has made it read its tables.
  token=$(token)
  for path in networks ports floatingips; do until_so "Neutron's $path" asked "$network/v2.0/$path"; done
  if [ ! -d "$kept" ]; then
    until_so 'the host of nova-compute' discovered
    keep
  fi
  until_so nova-scheduler connected nova-scheduler
  echo ready
  # Without whoever started this, nobody would end it.
  while kill -0 "$PPID" 2>/dev/null; do
    sleep 1 &
    wait $!
  done
}

asked() { [ "$(curl -s -o /dev/null -w '%{http_code}' -H "X-Auth-Token: $token" "http://127.0.0.1:$1")" = 200 ]; }
inventoried() { [ "$(sql -N -e 'select count(*) > 0 from placement.inventories')" = 1 ]; }
# The first beat comes 5 s after nova-compute takes calls; before it no machine counts as valid.
beats() { [ "$(sql -N -e "select count(*) > 0 from nova.services where \`binary\` = 'nova-compute' and last_seen_up >= '$began'")" = 1 ]; }
discovered() { nova-manage --config-file "$etc/nova.conf" cell_v2 discover_hosts --verbose | grep -q 'Creating host mapping'; }
token() {
  curl -si "http://127.0.0.1:$identity/v3/auth/tokens" -H 'Content-Type: application/json' -d '{"auth": {
    "identity": {"methods": ["password"], "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": "secret"}}},
    "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}' |
    tr -d '\r' | awk 'tolower($1) == "x-subject-token:" {print $2}'
}

case ${1:-} in
  install)
    command -v nova-api >/dev/null && command -v neutron-server >/dev/null && command -v mariadbd >/dev/null && exit 0
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends keystone glance-api placement-api nova-api \
      nova-scheduler nova-conductor neutron-server mariadb-server rabbitmq-server curl >/dev/null
    ;;
  serve) serve "$2" "$3" ;;
  *) echo "usage: $0 install | serve DIR PORT" >&2 && exit 64 ;;
esac
