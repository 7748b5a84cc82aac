# Sets who may use published ports. Arguments: file that keeps the addresses, hook of the network, addresses.
set -eu
file=$1 hook=$2
shift 2
old='' new=''
[ ! -e "$file" ] || while read -r address; do old="$old $address"; done <"$file"
list=''
for address; do
  new="$new $address"
  list="$list${list:+, }$address"
done
if [ "$old" != "$new" ] || [ ! -e "$file" ]; then
  : >"$file.new"
  for address; do printf '%s\n' "$address" >>"$file.new"; done
  mv "$file.new" "$file"
fi
{
  echo 'flush set inet stratos peers'
  [ -z "$list" ] || echo "add element inet stratos peers { $list }"
} | nft -f - 2>/dev/null || "$hook"
