# Makes the disk of a prepared VM fit to be the image of others, or brings the VM back to what it is. Arguments: lineage, root folder,
# `seal` or `open`. What one machine alone is (its label, its id, that it has booted) is put aside in memory and not in the image.
# Ends with 3 when the machine carries another lineage, with 6 when something of ours is on it. Safe to run twice.
set -eu
lineage=$1 root=$2 way=$3
aside=/run/stratos/sealed

if [ "$way" = open ]; then
  [ -d "$aside" ] || exit 0
  cat "$aside/machine-id" >/etc/machine-id
  mv "$aside/label.json" "$root/label.json"
  rm -r "$aside"
  exit 0
fi

[ -d "$aside" ] && exit 0
read -r label <"$root/label.json" || :
case $label in
*"\"lineage\":\"$lineage\""*) ;;
*)
  printf 'Cannot seal the machine as it belongs to another inventory: %s\n' "$label" >&2
  exit 3
  ;;
esac
for place in processes volumes; do
  left=$(ls -A "$root/$place")
  [ -z "$left" ] || {
    printf 'Cannot seal the machine as it is not empty: %s\n' "$left" >&2
    exit 6
  }
done
mkdir -p "$aside.new"
cat /etc/machine-id >"$aside.new/machine-id"
cp "$root/label.json" "$aside.new/label.json"
mv "$aside.new" "$aside"
rm -f "$root/label.json"
: >/etc/machine-id
# Cloud-init sets a machine up at its first boot only, and each one made of the image has one.
if command -v cloud-init >/dev/null 2>&1; then cloud-init clean --logs >&2 || :; fi
sync
