#!/usr/bin/env bash
# Requests per second of the queue page (50 pending tags with their resources, 32 connections) with all that a request
# passes before it is executed (tokens checked, documents limited and kept, cost, rate, concurrency, request ids, metrics)
# beside the same schema on the same database without any of that (examples/bare.rs). The two take turns, so that a machine
# that slows down slows both. Prints each round and the ratio of the medians; fails when that takes more than 10 %.
#
# Needs: the example (cargo build --release --example bare), psql, curl, wrk.
# Takes: RESOURCES (50000, three tags each), SECONDS_PER_ROUND (10), ROUNDS (5), BARE (target/release/examples/bare).
. "$(dirname "$0")/lib.sh"
seconds=${SECONDS_PER_ROUND:-10} rounds=${ROUNDS:-5} bare=${BARE:-$release/examples/bare}
[ -x "$bare" ] || { echo "$bare: no such program; cargo build --release --example bare, or set BARE" >&2; exit 2; }
# The rate is counted, and high enough for one caller on 32 connections.
start_service '' ENABLE_WORKERS=false JWT_SECRET="$secret" RATE_LIMIT_COST=1000000000
sql -v n="${RESOURCES:-50000}" -f "$bench/rows.sql"
bare_port=$(free_port) bare_url=http://127.0.0.1:$bare_port
DATABASE_URL="postgres://virtual_tagging@localhost:$PGPORT/virtual_tagging?host=$PGHOST" "$bare" "$bare_port" \
    >"$scratch/bare.log" 2>&1 &
running[$!]=1
token=$(token bench admin)
bare_answers() { ask '{__typename}' "$bare_url" >/dev/null 2>&1; }
wait_until 10 "the schema without the edge answers" bare_answers
for each in "$url" "$bare_url"; do check_queue_page "$each" -H "Authorization: Bearer $token" >/dev/null; done

rps() { queue_page_rps "$1" "$seconds" "$token"; }
rps "$url" >/dev/null && rps "$bare_url" >/dev/null # warm
for round in $(seq "$rounds"); do
    w=$(rps "$url") o=$(rps "$bare_url")
    echo "round $round: with the edge $w requests/s, without $o"
    echo "$w" >>"$scratch/with" && echo "$o" >>"$scratch/without"
done
awk -v e="$(median "$scratch/with")" -v b="$(median "$scratch/without")" \
    'BEGIN {printf "the edge takes %.1f %%: %d requests/s with it, %d without\n", 100*(b-e)/b, e, b; exit e < 0.9*b}'
