# Makes the list of tenants of a process what standard input says, and tells the process. Arguments: lineage, folder of the processes,
# folder of the hooks, name of the process, name of the file, unit of the process, longest time of the command in seconds, and the
# command, if there is one. Prints `unchanged`, `told`, `later` (it does not run, or sleeps: it reads the file when it starts) or
# `failed` with the reason. What it was last told is kept beside the folder that it sees.
set -eu
umask 022
lineage=$1 processes=$2 bin=$3 name=$4 file=$5 unit=$6 patience=$7
shift 7
folder=$processes/$name
label=''
[ ! -r "$folder/label.json" ] || read -r label <"$folder/label.json" || :
case $label in
*"\"lineage\":\"$lineage\""*) ;;
# What is not there, or not ours, has nobody to tell; who misses it says so elsewhere.
*)
  echo later
  exit 0
  ;;
esac
cat >"$folder/tenants.new"
# One that was made before its cartridge served tenants is replaced anyway.
[ -d "$folder/tenants" ] || mkdir "$folder/tenants"
if cmp -s "$folder/tenants.new" "$folder/tenants.told" && cmp -s "$folder/tenants.new" "$folder/tenants/$file"; then
  rm -f "$folder/tenants.new"
  echo unchanged
  exit 0
fi
cp "$folder/tenants.new" "$folder/tenants/.$file.new"
mv "$folder/tenants/.$file.new" "$folder/tenants/$file"
if [ $# -gt 0 ]; then
  if [ -s "$folder/asleep" ] || ! systemctl is-active --quiet "$unit"; then
    rm -f "$folder/tenants.new"
    echo later
    exit 0
  fi
  if ! timeout -s KILL "$patience" "$bin/process-exec" "$name" "$@" </dev/null >"$folder/tenants.said" 2>&1; then
    echo "failed $(tail -n 1 "$folder/tenants.said" | head -c 200 | tr -d '\000-\037\177')"
    rm -f "$folder/tenants.new" "$folder/tenants.said"
    exit 0
  fi
  rm -f "$folder/tenants.said"
fi
mv "$folder/tenants.new" "$folder/tenants.told"
echo told
