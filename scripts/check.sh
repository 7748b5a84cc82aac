#!/bin/sh
# The gate: types, lint, format, import directions, dead code, shell scripts, generated files. Runs all, then fails if one did.
cd "$(dirname -- "$0")/.." || exit 1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
: >"$out/order"
# Starts a step; all run side by side, and are told in their order.
step() {
  name=$1
  shift
  echo "$name" >>"$out/order"
  (
    status=0
    "$@" >"$out/$name" 2>&1 || status=$?
    echo $status >"$out/$name.status"
  ) &
}
step types tsc -p .
step lint eslint --max-warnings 0 .
step format prettier --check --log-level warn .
step 'import directions' depcruise --config .dependency-cruiser.cjs --output-type err src
step 'dead code' knip
# shellcheck disable=SC2046 # a list of files
step 'shell scripts' shellcheck -s sh -x -P SCRIPTDIR $(git ls-files '*.sh') bin/stratos
step 'generated files' node scripts/generate.ts --check
wait
failed=0
while read -r name; do
  if [ "$(cat "$out/$name.status")" = 0 ]; then
    printf '  ok    %s\n' "$name"
  else
    printf '  FAIL  %s\n%s\n' "$name" "$(cat "$out/$name")"
    failed=1
  fi
done <"$out/order"
exit $failed
