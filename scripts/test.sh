#!/usr/bin/env bash
# Run every check, the cheapest first, and say at the end what was not run and why.
#
# Usage: scripts/test.sh BIN JOBS default|full [DEBIAN_PACKAGE...]
#   BIN   folder of the environment's commands
#   JOBS  parallel test processes
#   full  also the tests marked `exhaustive`, and measure the coverage of branches
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$1
jobs=$2
extent=$3
shift 3

missing=()
find_missing() {
    missing=()
    local package
    for package in "$@"; do
        dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null |
            grep -q 'ok installed' || missing+=("$package")
    done
}

find_missing "$@"
if ((${#missing[@]})) && [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    wanted=" ${missing[*]} "
    apt-get update --quiet &&
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet \
            --no-install-recommends "${missing[@]}" || true
    # These packages start services, one of which listens on every address; tests start
    # their own.
    local_service() { if [[ $wanted == *" $1 "* ]]; then invoke-rc.d "$1" stop || true; fi; }
    local_service orthanc
    local_service postgresql
    find_missing "$@"
fi
export TUMORSCOPE_MISSING_PACKAGES="${missing[*]-}"

step() {
    local started=$SECONDS
    echo "== $1"
    "${@:2}"
    echo "   $((SECONDS - started)) s"
}

# The page is built first: its tests, and the wheel's, need it. Status 3: there is no Node.
page_missing=
scripts/build_page.sh || page_missing=$?
if [[ -n $page_missing && $page_missing != 3 ]]; then
    exit "$page_missing"
fi

step "format" "$bin/ruff" format --check .
step "lint" "$bin/ruff" check .
step "docstrings of tests" "$bin/interrogate" --quiet tests
step "spelling" "$bin/codespell"
step "contracts" "$bin/lint-imports"
step "types" "$bin/mypy"
step "documentation" "$bin/python" -m sphinx -W --keep-going --quiet \
    -b html docs docs/_build/html
if [[ $extent == full ]]; then
    selection=(--cov --cov-report=term)
else
    selection=(-m "not exhaustive")
fi
step "tests" "$bin/python" -m pytest -n "$jobs" --dist loadgroup \
    --durations=15 --durations-min=5 "${selection[@]}"

echo "All checks passed in $SECONDS s; tests that were skipped are listed above with reasons."
if [[ $extent != full ]]; then
    echo "Left to \`make test-full\`: tests marked exhaustive, and the coverage of branches."
fi
if ((${#missing[@]})); then
    echo "NOT RUN: tests that need the Debian packages ${missing[*]}:"
    echo "         apt-get install ${missing[*]}"
    if [[ ${CI:-} == true ]]; then
        echo "In CI nothing may be left out: failed."
        exit 1
    fi
fi
if [[ -n $page_missing ]]; then
    echo "NOT RUN: tests of the page, because it could not be built (see the first lines):"
    echo "         install Node 20.19 or later with npm, then run make page"
    if [[ ${CI:-} == true ]]; then
        echo "In CI nothing may be left out: failed."
        exit 1
    fi
fi
