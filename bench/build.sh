#!/usr/bin/env bash
# What building costs: processor time of a clean release build and of a clean build of the tests, of one or more
# checkouts, one after the other; with each the size of the program, and the wall time of a release build after one line
# of the service's crate changed. Processor time is user and system of all processes, so that a busy machine or more
# processors change it little; wall time is what this machine takes.
#
# Each checkout is built in a target directory of its own, which is removed afterwards; dependencies are fetched first and
# not measured. The changed line is taken back.
#
# Takes: checkouts (default: this one), TESTS (1; 0 leaves the tests out), TMPDIR (8 GB).
# bench/build.sh ../before .
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "$here/.."
work=$(mktemp -d)
changed=
cleanup() {
    if [ -n "$changed" ]; then mv "$work/lib.rs" "$changed"; fi
    rm -rf "$work"
}
trap cleanup EXIT
TIMEFORMAT='%R %U %S'

# Runs cargo in a checkout; gives wall seconds and processor seconds.
measure() {
    local checkout=$1 times
    shift
    times=$({ time (cd "$checkout" && CARGO_TARGET_DIR=$work/target cargo "$@") >"$work/log" 2>&1; } 2>&1) || {
        cat "$work/log" >&2
        exit 1
    }
    awk '{ printf "%.0f %.0f\n", $1, $2 + $3 }' <<<"$times"
}

# The hash of a change must differ, or cargo takes the build for done.
touch_line() {
    cp -p "$1" "$work/lib.rs"
    changed=$1
    printf '\n// %s\n' "$RANDOM" >>"$1"
}

printf '%-40s %14s %12s %14s %14s\n' checkout 'release, cpu s' 'size, MB' 'one line, s' 'tests, cpu s'
for checkout in "$@"; do
    checkout=$(cd "$checkout" && pwd)
    (cd "$checkout" && cargo fetch --locked --quiet)
    rm -rf "$work/target"
    times=$(measure "$checkout" build --release --locked)
    release=${times#* }
    size=$(stat --format %s "$work/target/release/virtual-tagging")
    touch_line "$checkout/src/lib.rs"
    times=$(measure "$checkout" build --release --locked)
    one_line=${times% *}
    mv "$work/lib.rs" "$changed"
    changed=
    tests=-
    if [ "${TESTS:-1}" = 1 ]; then
        rm -rf "$work/target"
        times=$(measure "$checkout" test --workspace --no-run --locked)
        tests=${times#* }
    fi
    printf '%-40s %14s %12s %14s %14s\n' "$(basename "$checkout") $(git -C "$checkout" rev-parse --short HEAD)" \
        "$release" "$((size / 1000000))" "$one_line" "$tests"
done
