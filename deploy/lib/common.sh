# shellcheck shell=bash
# What the scripts in deploy/ share. Source it; it runs nothing by itself.

# Debian packages without which the build fails (libcurl, libfuse3, libsqlite3, pkg-config),
# SwiftPM cannot fetch (git, curl, certificates), or an ordinary user cannot mount (fuse3).
# shellcheck disable=SC2034 # Used by those who source this.
readonly BUILD_PACKAGES=(
    ca-certificates fuse3 git libcurl4-openssl-dev libfuse3-dev libsqlite3-dev libssl-dev pkg-config
)

# A heading for what comes next.
step() {
    printf '\n== %s\n' "$*"
}

# What is wrong on the first line, what to do about it on the next ones; ends the script.
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$1" >&2
    shift
    (($# == 0)) || printf '  %s\n' "$@" >&2
    exit 1
}

# Runs a command as root, where that is possible.
as_root() {
    if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi
}

# Installs those of the Debian packages that are missing, and nothing where none is.
install_packages() {
    local name missing=()
    if ! command -v dpkg-query >/dev/null; then
        printf 'This is not Debian: see yourself that there is what these packages hold: %s\n' "$*"
        return
    fi
    for name in "$@"; do
        # The state of a package that was removed is there, and is another.
        [[ "$(dpkg-query -W -f='${Status}' "$name" 2>/dev/null)" == 'install ok installed' ]] ||
            missing+=("$name")
    done
    ((${#missing[@]} > 0)) || return 0
    local command="apt-get install -y --no-install-recommends ${missing[*]}"
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        fail "these Debian packages are missing, and there is no sudo: ${missing[*]}" \
            "run this as root, then this script again: $command"
    fi
    step "Installing Debian packages: ${missing[*]}"
    # A lock that another apt holds is waited for; a list that cannot be renewed may still do.
    as_root apt-get update -q -o DPkg::Lock::Timeout=300 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "${missing[@]}" ||
        fail "the Debian packages could not be installed" "see what apt says above; then: $command"
}

# Ends the script where there is no Swift, or one that cannot read Package.swift.
require_swift() {
    local needed version
    command -v swift >/dev/null ||
        fail "there is no swift in PATH" \
            "install Swift (https://www.swift.org/install/linux) and put its usr/bin into PATH"
    needed="$(sed -n '1s/.*swift-tools-version: *//p' Package.swift)"
    version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')"
    [[ "$(printf '%s\n' "$needed" "$version" | sort -V | head -n 1)" == "$needed" ]] ||
        fail "Swift ${version:-?} is too old" "install Swift $needed or newer"
}

# Ends the script where this user cannot open the kernel's FUSE device.
require_fuse() {
    [[ -e /dev/fuse ]] ||
        fail "there is no /dev/fuse" \
            "load the kernel's module: modprobe fuse (as root)" \
            "in a container: start it with --device /dev/fuse --cap-add SYS_ADMIN"
    [[ -r /dev/fuse && -w /dev/fuse ]] ||
        fail "/dev/fuse cannot be opened by $(id -un)" \
            "give it the mode that Debian gives it: chmod 666 /dev/fuse (as root)"
}
