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

# suite NAME [OPTION…]: runs it and leaves its report; what failed is counted in the end.
suite() {
  name=$1
  shift
  say "suite $name"
  vitest run --project "$name" "$@" --reporter=default --reporter=json --outputFile.json="$results/$name.json" || true
}
suite unit --maxWorkers=2
suite host --maxWorkers=2
# Both mostly wait: for sleepers and time-outs, and for the servers of a cloud.
suite serial >"$results/serial.log" 2>&1 &
suite slow
wait
cat "$results/serial.log"
suite alone

node scripts/count.js "$gate" "$results/unit.json" "$results/host.json" "$results/serial.json" "$results/alone.json" "$results/slow.json"
