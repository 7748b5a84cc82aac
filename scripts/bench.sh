#!/bin/sh
# The benchmarks, side by side with their peers, into docs/performance.md. With names of suites only those: `npm run bench -- startup`.
. "$(dirname -- "$0")/setup.sh"

preflight
[ $# -gt 0 ] || set -- startup lifecycle plan decide simulate observe traffic scaleup wake build store registry iaas
for suite in "$@"; do
  if [ ! -f "bench/$suite.ts" ] || [ ! -f "docs/performance.md" ] || ! grep -q "^<!-- $suite " docs/performance.md; then
    printf 'error: Cannot run the suite as there is none of this name: %s\n  npm run bench -- startup lifecycle plan decide simulate observe traffic scaleup wake build store registry iaas\n' "$suite" >&2
    exit 64
  fi
done
install_packages bench
install_modules
build

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
for suite in "$@"; do
  say "suite $suite"
  node "bench/$suite.ts" >"$results/$suite" || status=1
  cat "$results/$suite"
  if [ -s "$results/$suite" ]; then node scripts/write-performance.ts "$suite" <"$results/$suite"; fi
done
exit "$status"
