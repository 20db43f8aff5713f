#!/usr/bin/env bash
# One viewer does its worst at every door in turn, and an approver asks for a page of the queue all the while. Prints for
# each door the approver's median and p99 without and beside the attack, the process' greatest resident memory, and what
# the attacker got for an answer. Fails when a median is 5 times the calm one or more, a p99 is 500 ms or more, the
# process takes 300 MB or more, or the approver is refused.
#
# Needs: the release binary, psql, curl and python3, and as many open files as the doors open connections (2,000). Everything
# happens in a scratch directory and on loopback. Attackers are niced, for they share the machine with what they attack.
# Takes: BINARY (target/release/virtual-tagging), SECONDS_EACH (60), CALM_SECONDS (10), RESOURCES (50000, three tags each),
# DOORS (all; names by blanks), API_PORT (18097).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${BINARY:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
port=${API_PORT:-18097}
ulimit -n "$(ulimit -Hn)"
scratch=$(mktemp -d)
# So that PostgreSQL's account gets there where this runs as root.
chmod 711 "$scratch"
export JWT_SECRET=a-secret-of-thirty-two-bytes-or-more RUST_LOG=error
finish() {
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$scratch"
}
env -u DATABASE_URL DATA_DIR="$scratch" API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
    "$binary" serve >"$scratch/service.log" 2>&1 &
service=$!
trap finish EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null

# The server says where it listens in its own status file.
PGHOST=$(sed -n 5p "$scratch"/postgres/postmaster.pid) PGPORT=$(sed -n 4p "$scratch"/postgres/postmaster.pid) \
    PGUSER=virtual_tagging PGDATABASE=virtual_tagging psql -qX -v ON_ERROR_STOP=1 -v n="${RESOURCES:-50000}" -f "$here/rows.sql"
viewer=$("$binary" token --sub mallory --role viewer --ttl 12h)
approver=$("$binary" token --sub ann --role approver --ttl 12h)
python3 "$here/hostile_viewer.py" "$port" "$service" "$viewer" "$approver" "${SECONDS_EACH:-60}" "${CALM_SECONDS:-10}" \
    ${DOORS:-} || { tail -n 20 "$scratch/service.log" >&2; exit 1; }
