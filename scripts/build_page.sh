#!/usr/bin/env bash
# Build the page of the service into src/tumorscope/serve/static.
# Exit status 3: there is no Node, or one that is too old.
set -euo pipefail
cd "$(dirname "$0")/../src/tumorscope/serve/ui"

enough='const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
if ! command -v npm >/dev/null || ! node -e "$enough"; then
    echo "The page of the service needs Node 20.19 or later with npm to be built." >&2
    exit 3
fi
# The lock file and what was installed by it; a change of either installs anew.
if ! cmp --silent package-lock.json node_modules/.installed-by; then
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed-by
fi
npm run --silent build -- --logLevel warn
