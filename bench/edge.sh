#!/usr/bin/env bash
# Requests per second of the queue page (50 pending tags with their resources, 32 connections) with the service's edge
# (tokens checked, documents guarded and kept, limits, cost, rate, room, request ids, metrics) beside the same schema on
# the same database without any of that (examples/bare.rs). The two take turns, so that a machine that slows down slows
# both. Prints each round and the ratio of the medians; fails when the edge takes more than 10 %.
#
# Needs: the release binary and the example (cargo build --release --bins --example bare), psql and wrk.
# Takes: RESOURCES (50000, three tags each), SECONDS_PER_ROUND (10), ROUNDS (5), BIN, BARE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
resources=${RESOURCES:-50000} seconds=${SECONDS_PER_ROUND:-10} rounds=${ROUNDS:-5}
release=${CARGO_TARGET_DIR:-$here/../target}/release
bin=${BIN:-$release/virtual-tagging} bare=${BARE:-$release/examples/bare}
port=${API_PORT:-8792} bare_port=${BARE_PORT:-8793}
secret=a-secret-of-a-benchmark-0123456789

data=$(mktemp -d)
without=
cleanup() {
    [ -z "$without" ] || { kill "$without" 2>/dev/null && wait "$without" 2>/dev/null || true; }
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$data"
}
# The rate is counted, and high enough for one caller on 32 connections.
env -u DATABASE_URL DATA_DIR="$data" API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
    ENABLE_WORKERS=false JWT_SECRET="$secret" RATE_LIMIT_COST=1000000000 RUST_LOG=warn "$bin" serve \
    >"$data/service.log" 2>&1 &
service=$!
trap cleanup EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null

# The server says where it listens in its own status file.
socket=$(sed -n 5p "$data"/postgres/postmaster.pid)
export PGHOST=$socket PGUSER=virtual_tagging PGDATABASE=virtual_tagging PGPORT=$(sed -n 4p "$data"/postgres/postmaster.pid)
psql -qX -v ON_ERROR_STOP=1 -v n="$resources" -f "$here/rows.sql"
DATABASE_URL="postgres://virtual_tagging@localhost:$PGPORT/virtual_tagging?host=$socket" "$bare" "$bare_port" \
    >"$data/bare.log" 2>&1 &
without=$!

token=$(JWT_SECRET="$secret" "$bin" token --sub bench --role admin --ttl 8h)
query=$(tr -s ' \n' ' ' <"$here/queue-page.graphql")
cat >"$data/post.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $token"
wrk.body = '{"query":"$query"}'
LUA
for each in "$port" "$bare_port"; do
    answer=
    for _ in $(seq 50); do
        answer=$(curl -s "http://127.0.0.1:$each/graphql" -H "Authorization: Bearer $token" \
            -H 'Content-Type: application/json' -d "{\"query\":\"$query\"}") && break
        sleep 0.2
    done
    nodes=$(grep -o '"tagKey"' <<<"$answer" | wc -l)
    [ "$nodes" = 50 ] || { echo "the page has $nodes tags, not 50: ${answer:0:300}" >&2; exit 1; }
done

rps() {
    wrk -t2 -c32 -d"${seconds}s" -s "$data/post.lua" "http://127.0.0.1:$1/graphql" >"$data/wrk.log"
    ! grep -qE 'Non-2xx|Socket errors' "$data/wrk.log" || { cat "$data/wrk.log" >&2; exit 1; }
    awk '/Requests\/sec/ {print int($2)}' "$data/wrk.log"
}
rps "$port" >/dev/null && rps "$bare_port" >/dev/null # warm
for round in $(seq "$rounds"); do
    e=$(rps "$port") b=$(rps "$bare_port")
    echo "round $round: with the edge $e requests/s, without $b"
    echo "$e" >>"$data/with" && echo "$b" >>"$data/without"
done
median() { sort -n "$1" | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
awk -v e="$(median "$data/with")" -v b="$(median "$data/without")" \
    'BEGIN {printf "the edge takes %.1f %%: %d requests/s with it, %d without\n", 100*(b-e)/b, e, b; exit e < 0.9*b}'
