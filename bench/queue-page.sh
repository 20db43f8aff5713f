#!/usr/bin/env bash
# Requests per second of the queue page (50 pending tags with their resources, 32 connections) beside what pgbench
# reaches with the equivalent SQL prepared, on this machine, in this run. The two take turns, so that a machine that
# slows down slows both. Prints each round and the ratio of the medians.
#
# Needs: the release binary, pgbench and psql, and wrk (all in Debian: postgresql, postgresql-contrib, wrk).
# Takes: RESOURCES (200000, three tags each), SECONDS_PER_ROUND (10), ROUNDS (3), BIN (target/release/virtual-tagging).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
resources=${RESOURCES:-200000} seconds=${SECONDS_PER_ROUND:-10} rounds=${ROUNDS:-3}
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
pgbench=$(command -v pgbench || ls /usr/lib/postgresql/*/bin/pgbench | tail -n 1)
port=${API_PORT:-8790}

data=$(mktemp -d)
cleanup() {
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$data"
}
env -u DATABASE_URL DATA_DIR="$data" API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
    RUST_LOG=warn "$bin" serve >"$data/service.log" 2>&1 &
service=$!
trap cleanup EXIT
for _ in $(seq 100); do
    curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null

# The server says where it listens in its own status file.
socket=$(sed -n 5p "$data"/postgres/postmaster.pid)
export PGHOST=$socket PGUSER=virtual_tagging PGDATABASE=virtual_tagging PGPORT=$(sed -n 4p "$data"/postgres/postmaster.pid)
psql -qX -v ON_ERROR_STOP=1 -v n="$resources" -f "$here/rows.sql"

cat >"$data/post.lua" <<LUA
local file = io.open("$here/queue-page.graphql")
local query = file:read("*a"):gsub("%s+", " "):gsub('"', '\\\\"')
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"query":"' .. query .. '"}'
LUA
answer=$(curl -fsS "http://127.0.0.1:$port/graphql" -H 'Content-Type: application/json' \
    -d "{\"query\":\"$(tr -s ' \n' ' ' <"$here/queue-page.graphql")\"}")
nodes=$(grep -o '"tagKey"' <<<"$answer" | wc -l)
[ "$nodes" = 50 ] || { echo "the page has $nodes tags, not 50: ${answer:0:300}" >&2; exit 1; }
echo "page: $nodes tags, ${#answer} bytes; $((resources * 3)) tags in the table"

service_rps() {
    wrk -t2 -c32 -d"${seconds}s" -s "$data/post.lua" "http://127.0.0.1:$port/graphql" >"$data/wrk.log"
    ! grep -qE 'Non-2xx|Socket errors' "$data/wrk.log" || { cat "$data/wrk.log" >&2; exit 1; }
    awk '/Requests\/sec/ {print int($2)}' "$data/wrk.log"
}
sql_tps() {
    "$pgbench" -n -M prepared -c 32 -j 2 -T "$seconds" -f "$here/queue-page.sql" 2>/dev/null |
        awk '/^tps/ {print int($3)}'
}
service_rps >/dev/null # warm
for round in $(seq "$rounds"); do
    s=$(service_rps) p=$(sql_tps)
    echo "round $round: service $s requests/s, pgbench $p transactions/s"
    echo "$s" >>"$data/service" && echo "$p" >>"$data/pgbench"
done
median() { sort -n "$1" | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
awk -v s="$(median "$data/service")" -v p="$(median "$data/pgbench")" \
    'BEGIN {printf "queue page: %d requests/s, %.1f %% of %d transactions/s\n", s, 100*s/p, p}'
