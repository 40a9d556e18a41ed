#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the page's JavaScript: syntax with node, the types in its comments with TypeScript. The compiler is only a check,
# so it is kept outside the tree (ANNOT_CACHE_DIR, else the user's cache) and fetched once.
set -u
top=$(cd "${G_TEST_SRCDIR:-$(dirname "$0")/../..}" && pwd)
cache=${ANNOT_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/annotationd}/typescript-5.9

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

command -v node >/dev/null || skip_all "node is not installed"
command -v npm >/dev/null || skip_all "npm is not installed"

failed=0
number=0
tell() {
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number - $2"
  else
    echo "not ok $number - $2"
    failed=1
  fi
}

# Without a package.json beside them node would take the modules for scripts.
status=0
for file in "$top"/data/web/js/*.js; do
  node --experimental-default-type=module --check "$file" >&2 || status=1
done
tell $status "node can parse every module"

tsc=$cache/node_modules/typescript/bin/tsc
if [ ! -f "$tsc" ]; then
  mkdir -p "$cache" 2>/dev/null &&
    timeout 120 npm install --prefix "$cache" --no-save --no-fund --no-audit --silent typescript@5.9 >&2
fi
if [ -f "$tsc" ]; then
  status=0
  node "$tsc" --project "$top/tests/browser/tsconfig.json" >&2 || status=1
  tell $status "the types hold"
else
  number=$((number + 1))
  echo "ok $number - the types hold # SKIP the package registry is out of reach"
fi
echo "1..$number"
exit $failed
