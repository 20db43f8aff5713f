#!/usr/bin/env bash
# 1,000 clients that send their headers a byte at a time, and 5,000 idle websockets: what a websocket costs, and how quickly
# /healthz answers beside them all. Fails when p99 is 50 ms or more, or a websocket takes more than 50 KB.
#
# Needs python3, a built service (SERVICE), and permission for as many open files. Everything happens in a scratch directory and on loopback.
# Takes: SLOW (1000), IDLE (5000), SECONDS_LONG (20).
set -euo pipefail
cd "$(dirname "$0")/.."
service_binary=${SERVICE:-target/release/virtual-tagging} API_PORT=${API_PORT:-18096}
ulimit -n "$(ulimit -Hn)"
scratch=$(mktemp -d)
export JWT_SECRET=a-secret-of-thirty-two-bytes-or-more DISCOVERY_SOURCES='' DATA_DIR=$scratch/data RUST_LOG=warn API_PORT
"$service_binary" serve >"$scratch/service.log" 2>&1 &
service=$!
finish() {
    kill "$service" && wait "$service" || true
    rm -rf "$scratch"
}
trap finish EXIT
for _ in $(seq 300); do curl -fs "http://127.0.0.1:$API_PORT/readyz" >/dev/null && break; sleep 0.1; done
token=$("$service_binary" token --sub bench --role viewer)
python3 bench/sockets.py "$API_PORT" "$service" "$token" "${SLOW:-1000}" "${IDLE:-5000}" "${SECONDS_LONG:-20}" ||
    { tail -n 20 "$scratch/service.log" >&2; exit 1; }
