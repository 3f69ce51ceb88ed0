#!/bin/bash
# Runs benchmarks by hand; never part of the tests.
#
#   deploy/bench/run.sh [--quick] [--json FOLDER] [--clean] [NAME...]    scan walk smallfiles read accessmount s3 remote
#
# As root, with a release build: swift build -c release --product perigee. $PERIGEE names another
# binary. Test data go below ${TMPDIR:-/var/tmp}/perigee-bench, which must be on a disk; the tree of
# a million files stays there until --clean.
#
# On a shared machine run first: echo -20 >/proc/self/autogroup
# Compare ratios of one run only, and believe none whose noise is as wide as what it is to show.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

words=()
names=()
json=
while (($#)); do
    case $1 in
        --quick) words+=(--quick) ;;
        --json) json=${2:?--json needs a folder}; shift ;;
        --clean) rm -rf "${TMPDIR:-/var/tmp}/perigee-bench"; exit ;;
        -h | --help) sed -n '2,12s/^#$//p;2,12s/^# //p' "${BASH_SOURCE[0]}"; exit ;;
        scan | walk | smallfiles | read | accessmount | s3 | remote) names+=("$1") ;;
        *) echo "run.sh: unknown: $1 (scan walk smallfiles read accessmount s3 remote, --quick, --json FOLDER, --clean)" >&2; exit 64 ;;
    esac
    shift
done
((${#names[@]})) || names=(scan walk smallfiles read accessmount s3 remote)
[[ -z ${PERIGEE:-} ]] || words+=(--perigee "$PERIGEE")

missing=()
for peer in bindfs cc curl nginx python3; do command -v "$peer" >/dev/null || missing+=("$peer"); done
if ((${#missing[@]})); then
    echo "run.sh: missing: ${missing[*]} (apt-get install bindfs curl gcc libc6-dev nginx-light python3)" >&2
    exit 1
fi

[[ -z $json ]] || mkdir -p "$json"
for name in "${names[@]}"; do
    python3 "$here/$name.py" "${words[@]}" ${json:+--json "$json/$name.json"}
    echo
done
