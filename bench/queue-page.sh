#!/usr/bin/env bash
# Requests per second of the queue page (50 pending tags with their resources, 32 connections) beside what pgbench
# reaches with the equivalent SQL prepared, on this machine, in this run. The two take turns, so that a machine that
# slows down slows both. Prints each round and the ratio of the medians.
#
# Needs: pgbench, psql, curl, wrk. Takes: RESOURCES (200000, three tags each), SECONDS_PER_ROUND (10), ROUNDS (3).
. "$(dirname "$0")/lib.sh"
resources=${RESOURCES:-200000} seconds=${SECONDS_PER_ROUND:-10} rounds=${ROUNDS:-3}
start_service ''
sql -v n="$resources" -f "$bench/rows.sql"
echo "page: $(check_queue_page "$url"); $((resources * 3)) tags in the table"

sql_tps() {
    "$PG_BIN/pgbench" -n -M prepared -c 32 -j 2 -T "$seconds" -f "$bench/queue-page.sql" 2>/dev/null |
        awk '/^tps/ {print int($3)}'
}
queue_page_rps "$url" "$seconds" >/dev/null # warm
for round in $(seq "$rounds"); do
    s=$(queue_page_rps "$url" "$seconds") p=$(sql_tps)
    echo "round $round: service $s requests/s, pgbench $p transactions/s"
    echo "$s" >>"$scratch/by_service" && echo "$p" >>"$scratch/by_pgbench"
done
awk -v s="$(median "$scratch/by_service")" -v p="$(median "$scratch/by_pgbench")" \
    'BEGIN {printf "queue page: %d requests/s, %.1f %% of %d transactions/s\n", s, 100*s/p, p}'
