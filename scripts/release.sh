#!/usr/bin/env bash
# Build the source distribution, the wheel from it, and what a hospital asks for beside
# them: the list of parts (CycloneDX SBOM) and the audit of known vulnerabilities.
#
# Usage: scripts/release.sh PYTHON [options of pip]
#
# The tools live in an environment of their own, and what is listed and audited is another
# one that holds the wheel and its dependencies only, as users install them.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$1
shift
work=build/release
tools=$work/tools
runtime=$work/runtime

rm -rf dist
# The page as it is in this checkout, not as it was built some time ago.
scripts/build_page.sh
test -x "$tools/bin/pip-audit" || {
	"$python" -m venv "$tools"
	"$tools/bin/python" -m pip install --quiet --disable-pip-version-check "$@" \
		'build>=1.2' 'cyclonedx-bom>=7' 'hatchling>=1.27' 'pip-audit>=2.9'
}

echo '== source distribution, and the wheel from it'
"$tools/bin/python" -m build --no-isolation --outdir dist .
wheel=$(ls dist/*.whl)
"$tools/bin/python" - "$wheel" <<'PYTHON'
import sys
import zipfile

names = set(zipfile.ZipFile(sys.argv[1]).namelist())
page = "tumorscope/serve/static/index.html"
sys.exit(0 if page in names else f"{sys.argv[1]}: the page {page} is missing")
PYTHON

echo '== an environment with the wheel and nothing else'
rm -rf "$runtime"
"$python" -m venv "$runtime"
"$runtime/bin/python" -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt "$@" "$wheel"
site=$("$runtime/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

echo '== list of parts: dist/sbom.cdx.json'
"$tools/bin/cyclonedx-py" environment --pyproject pyproject.toml \
	--output-reproducible --of JSON -o dist/sbom.cdx.json "$runtime/bin/python"

echo '== known vulnerabilities: dist/audit.json'
"$tools/bin/pip-audit" --path "$site" --skip-editable --format json \
	--output dist/audit.json --progress-spinner off
# A package that the index of vulnerabilities does not know was not audited at all.
"$tools/bin/python" - dist/audit.json <<'PYTHON'
import json
import sys

parts = json.load(open(sys.argv[1], encoding="utf-8"))["dependencies"]
unknown = [one["name"] for one in parts if "skip_reason" in one]
unknown = [name for name in unknown if name != "tumorscope"]
if unknown:
    sys.exit(
        f"{len(unknown)} of {len(parts)} packages could not be audited, among them "
        f"{', '.join(unknown[:5])}: the index of vulnerabilities cannot be reached from "
        "here, or does not know them; nothing in dist/ is fit for release"
    )
print(f"{len(parts)} packages audited")
PYTHON
(cd dist && sha256sum -- *.whl *.tar.gz *.json >SHA256SUMS)
echo '== done'
ls -l dist
