#!/bin/sh
# The gate: types, lint, format, import directions, dead code, shell scripts, generated files. Runs all, then fails if one did.
cd "$(dirname -- "$0")/.." || exit 1
status=0
step() {
  name=$1
  shift
  if output=$("$@" 2>&1); then
    printf '  ok    %s\n' "$name"
  else
    printf '  FAIL  %s\n%s\n' "$name" "$output"
    status=1
  fi
}
step types tsc -p .
step lint eslint --max-warnings 0 .
step format prettier --check --log-level warn .
step 'import directions' depcruise --config .dependency-cruiser.cjs --output-type err src
step 'dead code' knip
# shellcheck disable=SC2046 # a list of files
step 'shell scripts' shellcheck -s sh -x -P SCRIPTDIR $(git ls-files '*.sh') bin/stratos
step 'generated files' node scripts/generate.ts --check
exit $status
