#!/bin/sh
# The whole test: set-up where needed, the gate, every suite. The last line has the true counts.
. "$(dirname -- "$0")/setup.sh"

preflight
# Side by side: one waits for npm's registry, the other for Debian's.
install_modules &
modules=$!
install_packages test
test/peers/moto.sh install || say 'moto cannot be had here: the contract of ec2 will fail'
wait "$modules"
install_modules
build

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
gate=0
npm run --silent check || gate=1

for suite in unit host alone slow; do
  say "suite $suite"
  workers=
  case $suite in unit | host) workers=--maxWorkers=2 ;; esac
  # shellcheck disable=SC2086 # an option or nothing
  vitest run --project "$suite" $workers --reporter=default --reporter=json --outputFile.json="$results/$suite.json" || true
done

node scripts/count.js "$gate" "$results/unit.json" "$results/host.json" "$results/alone.json" "$results/slow.json"
