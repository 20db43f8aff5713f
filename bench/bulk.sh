#!/usr/bin/env bash
# What a bulk decision costs. Approves 100,000 of 300,000 pending tags by filter, through the API and its run, and on an
# identical copy of the database by one plain SQL statement that does the same updates and audit inserts; the two take
# turns, so that a machine that slows down slows both. Then asks for the queue page at a fixed rate, idle and during such
# a decision. Prints each round, the ratio of the medians, and the p99 of the page.
#
# Needs: the release binary, PostgreSQL's programs (PG_BIN), and python3. Everything happens in a scratch directory and
# on loopback; as root, the database server runs as the user PG_USER.
# Takes: RESOURCES (150000, three tags each), ROUNDS (3), RATE (50 pages a second), SECONDS_IDLE (10), BIN.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
resources=${RESOURCES:-150000} rounds=${ROUNDS:-3} rate=${RATE:-50} idle=${SECONDS_IDLE:-10}
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
PG_BIN=${PG_BIN:-$(pg_config --bindir)} PG_USER=${PG_USER:-nobody} PG_PORT=${PG_PORT:-54397}
port=${API_PORT:-18097} url=http://127.0.0.1:${API_PORT:-18097}

scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/data" "$scratch/socket"
as_owner() { if [ "$(id -u)" = 0 ]; then (cd "$scratch" && setpriv --reuid "$PG_USER" --clear-groups "$@"); else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/data" "$scratch/socket"; fi
service=
stop_service() {
    [ -z "$service" ] || { kill "$service" && wait "$service" || true; }
    service=
}
finish() {
    stop_service
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
as_owner "$PG_BIN/initdb" -D "$scratch/data" -U bench -A trust >/dev/null
cat >>"$scratch/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$scratch/socket'
port = $PG_PORT
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 1h
CONF
as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -l "$scratch/data/log" -w start >/dev/null
psql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$scratch/socket" -p "$PG_PORT" -U bench "$@"; }
database() { echo "postgres://bench@localhost:$PG_PORT/$1?host=$scratch/socket"; }
psql -d postgres -c 'CREATE DATABASE base'
DATABASE_URL=$(database base) "$bin" migrate up >/dev/null
psql -d base -v n="$resources" -f "$here/rows.sql"
pending=$(psql -d base -Atc "SELECT count(*), count(*) FILTER (WHERE tag_key = 'environment') FROM virtual_tags
    WHERE approval_status = 'PENDING'")
echo "pending tags, and of them selected: $pending"

copy() {
    psql -d postgres -c "DROP DATABASE IF EXISTS copy" -c "CREATE DATABASE copy TEMPLATE base STRATEGY file_copy" \
        -c CHECKPOINT
}
start_service() {
    DATABASE_URL=$(database copy) API_HOST=127.0.0.1 API_PORT=$port ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
        RUST_LOG=warn "$bin" serve >>"$scratch/service.log" 2>&1 &
    service=$!
    for _ in $(seq 100); do
        curl -fs "$url/readyz" >/dev/null 2>&1 && break
        sleep 0.2
    done
    curl -fsS "$url/readyz" >/dev/null
}
by_api() {
    copy
    start_service
    python3 "$here/bulk.py" "$url" decide
    stop_service
}
by_sql() {
    copy
    local began=$EPOCHREALTIME
    psql -d copy -f "$here/bulk.sql"
    awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.3f\n", b - a}'
}
for round in $(seq "$rounds"); do
    if [ $((round % 2)) = 1 ]; then s=$(by_sql) a=$(by_api); else a=$(by_api) s=$(by_sql); fi
    echo "round $round: API $a s, plain SQL $s s"
    echo "$a" >>"$scratch/api" && echo "$s" >>"$scratch/sql"
done
median() { sort -n "$1" | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
awk -v a="$(median "$scratch/api")" -v s="$(median "$scratch/sql")" \
    'BEGIN {printf "bulk decision: %.2f s, %.2f times the %.2f s of one statement\n", a, a/s, s}'

copy
start_service
python3 "$here/bulk.py" "$url" page "$rate" 3 >/dev/null # warm
read -r calm calm_median calm_max calm_n < <(python3 "$here/bulk.py" "$url" page "$rate" "$idle")
read -r busy busy_median busy_max busy_n < <(python3 "$here/bulk.py" "$url" both "$rate")
echo "queue page idle:   p99 $calm ms, median $calm_median ms, max $calm_max ms of $calm_n at $rate/s"
echo "queue page during: p99 $busy ms, median $busy_median ms, max $busy_max ms of $busy_n at $rate/s"
awk -v a="$busy" -v b="$calm" 'BEGIN {printf "queue page: p99 during a bulk decision is %.1f times that of an idle service\n", a/b}'
