#!/usr/bin/env bash
# Build the page of the service into src/tumorscope/serve/static.
# Exit status 3: there is no Node that is new enough, and no built page to go on with.
set -euo pipefail
cd "$(dirname "$0")/../src/tumorscope/serve/ui"

if ! command -v npm >/dev/null; then
    echo "The page of the service is built by npm, and there is none: install Node 20.19 or later." >&2
    exit 3
fi
# The lock file and what was installed by it; a change of either installs anew.
if ! cmp --silent package-lock.json node_modules/.installed-by; then
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.installed-by
fi
npm run --silent build -- --logLevel warn
