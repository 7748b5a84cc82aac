#!/bin/sh
# From a fresh machine to a page: installs what is missing, builds, makes a project with two partition VMs and four processes of
# the php cartridge, and fetches the page. A second run changes nothing and says so. --down removes every trace.
. "$(dirname -- "$0")/setup.sh"

project=${STRATOS_DIR:-$root/quickstart}
stratos() { "$root/bin/stratos" --dir "$project" "$@"; }

preflight
case ${1:-} in
--down)
  install_modules
  build
  [ -f "$project/stratos.yaml" ] && stratos destroy --yes --purge
  rm -rf "$project"
  say "removed $project, its VMs and their caches"
  exit 0
  ;;
'') ;;
*)
  printf 'usage: npm run quickstart [-- --down]\n' >&2
  exit 64
  ;;
esac

install_packages run
install_modules
build

mkdir -p "$project"
[ -f "$project/stratos.yaml" ] || cp "$root/fixtures/quickstart/stratos.yaml" "$project/stratos.yaml"

if ! stratos cartridge show php:8.2 >/dev/null 2>&1; then
  say 'building the php cartridge, and two VMs beside it'
  stratos reconcile --quiet &
  machines=$!
  stratos cartridge build "$root/fixtures/cartridges/php" --tag php:8.2
  wait "$machines"
fi

if ! stratos status -o json | grep -q '"alias": *"hello"'; then
  say 'subscribing hello'
  stratos subscribe hello --cartridge php --port 8080 --min 4 --max 4
fi

say 'reconciling'
stratos reconcile
stratos status

url=$(stratos status -o json | sed -n 's/.*"\(http:[^"]*:8080\)".*/\1/p' | head -n 1)
[ -n "$url" ] || { printf 'error: Cannot find where hello answers\n  bin/stratos --dir %s status\n' "$project" >&2; exit 1; }
say "fetching $url"
curl -fsS --max-time 10 "$url/"

cat <<TEXT

What this did: built the php cartridge once, started two partition VMs (LXC, on this machine), copied the image to each,
started two processes on each, and put HAProxy in front of them. What to type next:

  export STRATOS_DIR=$project PATH=$root/bin:\$PATH
  stratos status                        what runs, and where it answers
  stratos process ls                    the four processes
  stratos process shell hello-1         look inside one
  stratos scale hello --min 2 && stratos plan     see what would change
  stratos reconcile                     make it so; safe every minute from cron
  npm run quickstart -- --down          remove every trace
TEXT
