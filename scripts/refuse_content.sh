#!/usr/bin/env bash
# Refuse files that must not enter the repository: large ones, private keys, medical images.
#
# Usage: scripts/refuse_content.sh FILE...
set -euo pipefail

limit_kib=500
failed=0

refuse() {
    echo "$1: $2" >&2
    failed=1
}

for file in "$@"; do
    [[ -f $file ]] || continue
    size_kib=$((($(wc -c <"$file") + 1023) / 1024))
    if ((size_kib > limit_kib)); then
        refuse "$file" "$size_kib KiB is over the limit of $limit_kib KiB"
    fi
    if grep --quiet --binary-files=text -e '-----BEGIN [A-Z ]*PRIVATE KEY''-----' "$file"; then
        refuse "$file" "holds a private key"
    fi
    case $file in
    *.dcm | *.nii | *.nii.gz | *.mha | *.nrrd)
        refuse "$file" "is a medical image; tests make their own"
        ;;
    esac
done
exit "$failed"
