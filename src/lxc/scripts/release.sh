# Takes everything of ours off a machine: processes, units, network, files; not the packages. Arguments: lineage, root folder,
# bridge. Ends with 3 when the machine carries another lineage. No effect on a machine without a label.
set -eu
lineage=$1 root=$2 bridge=$3
if [ -e "$root/label.json" ]; then
  read -r label <"$root/label.json" || :
  case $label in
  *"\"lineage\":\"$lineage\""*) ;;
  *)
    printf 'Cannot release the machine as it belongs to another inventory: %s\n' "$label" >&2
    exit 3
    ;;
  esac
else
  # An earlier release that was cut has already removed the label, or there was nothing.
  [ -e "$root/releasing" ] || exit 0
fi
# From here a second run goes on, even where the first is cut after the label.
: >"$root/releasing"
units=''
for label in "$root"/processes/*/label.json; do
  [ -e "$label" ] || continue
  name=${label%/label.json}
  units="$units stratos-process@${name##*/}.service"
done
for wake in "$root"/wake/*; do
  [ ! -e "$wake" ] || units="stratos-wake@${wake##*/}.socket stratos-wake@${wake##*/}.service $units"
done
# shellcheck disable=SC2086 # names of units
systemctl stop $units stratos-gateway.service stratos-processes.service stratos-network.service 2>/dev/null || :
for unit in stratos-gateway.service stratos-processes.service stratos-network.service 'stratos-process@.service' \
  'stratos-wake@.service' 'stratos-wake@.socket'; do
  rm -f "/etc/systemd/system/multi-user.target.wants/$unit" "/etc/systemd/system/$unit"
done
systemctl daemon-reload
# shellcheck disable=SC2086
[ -z "$units" ] || systemctl reset-failed $units 2>/dev/null || :
nft delete table inet stratos 2>/dev/null || :
for detour in /sys/class/net/stratos-bw*; do
  [ ! -d "$detour" ] || ip link delete dev "${detour##*/}"
done
[ ! -d "/sys/class/net/$bridge" ] || ip link delete dev "$bridge"
for image in "$root"/images/*/*/ "$root"/processes/*/overlay/; do
  ! mountpoint -q "$image" || umount "$image"
done
rm -f "$root/label.json"
# The folder itself may be a mount of its own.
find "$root" -mindepth 1 -maxdepth 1 ! -name releasing -exec rm -rf {} +
rm -f "$root/releasing"
rmdir "$root" 2>/dev/null || :
rm -rf /run/stratos
echo '{"released":true}'
