#!/usr/bin/env bash
# A bulk decision: 100,000 of 300,000 pending tags are approved by filter, through the API and its run, and on an identical
# copy of the database by one plain SQL statement that does the same updates and audit inserts; the two take turns, so that
# a machine that slows down slows both. Then the queue page at a fixed rate, idle and during such a decision. Prints each
# round, the ratio of the medians, and the p99 of the page.
#
# Needs: PostgreSQL's programs, curl, python3.
# Takes: RESOURCES (150000, three tags each), ROUNDS (3), RATE (50 pages a second), SECONDS_IDLE (10).
. "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-3} rate=${RATE:-50} idle=${SECONDS_IDLE:-10}
start_postgres <<CONF
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 1h
CONF
create_database base
sql -d base -v n="${RESOURCES:-150000}" -f "$bench/rows.sql"
pending=$(sql -d base -c "SELECT count(*), count(*) FILTER (WHERE tag_key = 'environment') FROM virtual_tags
    WHERE approval_status = 'PENDING'")
echo "pending tags, and of them selected: $pending"

by_api() {
    copy_database base copy
    start_service "$(database_url copy)"
    python3 "$bench/bulk.py" "$url" decide
    stop "$service"
}
by_sql() {
    local began
    copy_database base copy
    began=$(now)
    sql -d copy -f "$bench/bulk.sql" >/dev/null
    since "$began"
}
for round in $(seq "$rounds"); do
    if [ $((round % 2)) = 1 ]; then by_sql >"$scratch/s"; by_api >"$scratch/a"; else by_api >"$scratch/a"; by_sql >"$scratch/s"; fi
    read -r s <"$scratch/s" || true
    read -r a <"$scratch/a" || true
    echo "round $round: API $a s, plain SQL $s s"
    echo "$a" >>"$scratch/api" && echo "$s" >>"$scratch/sql"
done
awk -v a="$(median "$scratch/api")" -v s="$(median "$scratch/sql")" \
    'BEGIN {printf "bulk decision: %.2f s, %.2f times the %.2f s of one statement\n", a, a/s, s}'

copy_database base copy
start_service "$(database_url copy)"
python3 "$bench/bulk.py" "$url" page "$rate" 3 >/dev/null # warm
read -r calm calm_median calm_max calm_n < <(python3 "$bench/bulk.py" "$url" page "$rate" "$idle")
read -r busy busy_median busy_max busy_n < <(python3 "$bench/bulk.py" "$url" both "$rate")
echo "queue page idle:   p99 $calm ms, median $calm_median ms, max $calm_max ms of $calm_n at $rate/s"
echo "queue page during: p99 $busy ms, median $busy_median ms, max $busy_max ms of $busy_n at $rate/s"
awk -v a="$busy" -v b="$calm" 'BEGIN {printf "queue page: p99 during a bulk decision is %.1f times that of an idle service\n", a/b}'
