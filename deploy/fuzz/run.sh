#!/usr/bin/env bash
# Fuzzes the reader and the canonical form of S3 requests with libFuzzer. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
source deploy/lib/common.sh

usage() {
    cat <<USAGE
Usage: deploy/fuzz/run.sh [SECONDS]

Compiles what of VolumeModel and S3Protocol reads a request, with libFuzzer, beside the package's own
build, and runs it for SECONDS (60). What was found worth keeping stays in .build/fuzz, and the next
run begins with it. Exit status: 0 where nothing was found; otherwise the input that fails is named.
USAGE
}

case "${1-}" in
-h | --help)
    usage
    exit 0
    ;;
esac
readonly seconds="${1-60}"
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || fail "'$seconds' is no number of seconds" "give one from 1 on"
command -v swiftc > /dev/null || fail "swiftc is not in the PATH" "install Swift 6.3 or newer"

readonly out=.build/fuzz
readonly corpus=$out/s3request
mkdir -p "$corpus" "$out/artifacts"

# Of VolumeModel, what instants and errors take; of S3Protocol, all but what needs swift-crypto.
readonly model=(Sources/VolumeModel/{CalendarText,Entry,Hex,PercentEncoding,PerigeeError,Printable,Timestamp+*}.swift)
protocol=(Sources/S3Protocol/Errors/*.swift Sources/S3Protocol/Request/*.swift)
for file in Sources/S3Protocol/Signing/*.swift; do
    grep -q 'SigningKey' "$file" || protocol+=("$file")
done

readonly flags=(
    -O -g -swift-version 6 -package-name perigee -parse-as-library -sanitize=fuzzer
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility
    -enable-upcoming-feature InternalImportsByDefault
)

step "Compiling"
swiftc "${flags[@]}" -module-name VolumeModel -wmo -c -o "$out/VolumeModel.o" \
    -emit-module -emit-module-path "$out/VolumeModel.swiftmodule" \
    "${model[@]}"
swiftc "${flags[@]}" -module-name S3Protocol -wmo -I "$out" -o "$out/s3request-fuzzer" \
    "${protocol[@]}" deploy/fuzz/s3request/*.swift "$out/VolumeModel.o"

step "Seeds: what botocore signs"
awk -F '\t' -v folder="$corpus" '{
    file = folder "/botocore-" NR
    printf "%s %s", $2, $3 > file
    for (part = 4; part <= NF; part++) printf "\n%s", $part > file
    close(file)
}' Tests/S3ProtocolTests/Fixtures/signed.tsv

step "Running for $seconds seconds"
# Swift's own report of a crash would come in the place of libFuzzer's, which keeps the input. The
# timeout is long because it counts a busy machine's pauses too.
SWIFT_BACKTRACE=enable=no "$out/s3request-fuzzer" -max_total_time="$seconds" -max_len=20000 \
    -timeout=30 -rss_limit_mb=1024 -dict=deploy/fuzz/s3request/s3request.dict \
    -artifact_prefix="$out/artifacts/" -verbosity=0 -print_final_stats=1 "$corpus"
