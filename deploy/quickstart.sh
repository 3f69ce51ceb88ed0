#!/usr/bin/env bash
# Builds Perigee, publishes a sample archive as volumes, mounts them and reads a FITS header
# through the mount. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source deploy/lib/common.sh

# Folders of the sample archive, as the missions name them: volume euclid-q1 is euclid_q1.
readonly FOLDERS=(hst jwst euclid_q1 euclid_ero psa)

configuration=release
folder="${XDG_STATE_HOME:-$HOME/.local/state}/perigee-quickstart"
perigee=

usage() {
    cat <<USAGE
Usage: deploy/quickstart.sh [--dir DIR] [--configuration release|debug]

Installs the Debian packages that are missing, builds perigee, writes a small sample archive of
synthetic HST, JWST, Euclid and PSA files, publishes it as volumes, mounts them, and shows a FITS
header read through the mount. Run again, it goes on where it stopped or shows what is there.

  --dir DIR         where the archive, the state and the mount go
                    (default: $folder)
  --configuration   release (the default) serves reads as they would be in use; its first build took
                    10 min of processor time on two cores. debug took 5 min, and the sample archive,
                    scans and reads without passthrough are slower.

The last line says how to undo it all.
USAGE
}

parse() {
    while (($# > 0)); do
        case "$1" in
        --dir | --configuration)
            (($# > 1)) || { usage >&2 && exit 64; }
            if [[ "$1" == --dir ]]; then folder="$2"; else configuration="$2"; fi
            shift
            ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 64 ;;
        esac
        shift
    done
    [[ "$configuration" == release || "$configuration" == debug ]] || { usage >&2 && exit 64; }
    folder="$(realpath -m -- "$folder")"
}

# The last line tells to remove the folder, so there must be nothing else in it.
check_folder() {
    local name
    [[ -d "$folder" ]] || return 0
    while IFS= read -r name; do
        case "$name" in
        archive | state | mount) ;;
        *) fail "the folder $folder holds other things: $name" \
            "name another, which need not exist, with --dir" ;;
        esac
    done < <(ls -A -- "$folder")
}

build() {
    step "Building perigee ($configuration)"
    swift build --configuration "$configuration" --product perigee
    perigee="$(swift build --configuration "$configuration" --show-bin-path)/perigee"
}

# The state is named in each command, so that one of yours in PERIGEE_STATE is never meant.
p() {
    "$perigee" "$@" --state "$folder/state"
}

# The second word of `perigee volume ls` for a volume: its revision, `-` before the first publish,
# nothing where there is no such volume.
revision() {
    p volume ls | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

publish() {
    local name volume report
    step "Publishing the sample archive"
    mkdir -p "$folder"
    # Writes what is missing or differs; the same arguments give the same bytes and times.
    "$perigee" sample-archive "$folder/archive"
    p init
    for name in "${FOLDERS[@]}"; do
        volume="${name//_/-}"
        if [[ -z "$(revision "$volume")" ]]; then
            p volume add "$volume" --origin "posix:$folder/archive/$name" \
                --title "Sample of $name" --domain "Space Science" --public --quiet
        fi
        # A candidate is there only if something differs from what is published.
        report="$(p volume scan "$volume" --json --quiet)"
        if [[ "$report" == *'"candidate":'* ]]; then
            p volume publish "$volume"
        else
            printf '%s@%s is published already\n' "$volume" "$(revision "$volume")"
        fi
    done
}

mount_volumes() {
    step "Mounting"
    # Fails on the mount of a process that was killed, which `perigee mount` then takes away.
    mkdir -p "$folder/mount" 2>/dev/null || true
    # A mount that hangs must not hang this script.
    if timeout 10 "$perigee" stat "$folder/mount" >/dev/null 2>&1; then
        printf '%s is mounted already\n' "$folder/mount"
    else
        p mount "$folder/mount"
    fi
    ls "$folder/mount"
}

# A FITS header is lines of 80 bytes without line ends.
cards() {
    fold -w 80 | sed 's/ *$//'
    echo
}

show_header() {
    local plain packed
    plain="$(find "$folder/mount" -name '*.fits' -print -quit)"
    packed="$(find "$folder/mount/hst" -name '*.fits.gz' -print -quit)"
    [[ -n "$plain" && -n "$packed" ]] || fail "there is no FITS file below $folder/mount"
    step "The first cards of $plain"
    dd if="$plain" bs=80 count=12 status=none | cards
    step "The first cards of $packed"
    # zcat is ended by the pipe when dd has what it wants.
    { zcat "$packed" 2>/dev/null || true; } |
        dd bs=80 count=12 iflag=fullblock status=none | cards
    step "What is known of it"
    "$perigee" stat "$packed"
}

tell_undo() {
    step "Done"
    printf 'Look around in %s; perigee is %s\n' "$folder/mount" "$perigee"
    printf 'Undo it all: %q unmount --lazy %q; rm -rf %q\n' "$perigee" "$folder/mount" "$folder"
}

parse "$@"
check_folder
require_swift
install_packages "${BUILD_PACKAGES[@]}"
# Before the build, which is long.
require_fuse
build
publish
mount_volumes
show_header
tell_undo
