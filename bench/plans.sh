#!/bin/sh
# Shows how PostgreSQL executes what the list fields ask, at 200,000 resources and 600,000 virtual tags, and fails
# when a statement reads a large table as a whole or sorts more than a page.
#
# Needs PostgreSQL's binaries (PG_BIN, with auto_explain) and a built service (SERVICE). Everything happens in a
# scratch directory and on loopback; as root, the database server runs as the user PG_USER.
set -eu
PG_BIN=${PG_BIN:-$(pg_config --bindir)}
SERVICE=${SERVICE:-target/release/virtual-tagging}
RESOURCES=${RESOURCES:-200000}
PG_PORT=${PG_PORT:-54399}
API_PORT=${API_PORT:-18099}
PG_USER=${PG_USER:-nobody}
scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/data" "$scratch/socket"
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid "$PG_USER" --clear-groups "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/data" "$scratch/socket"; fi
service=
finish() {
    [ -z "$service" ] || { kill "$service"; wait "$service" || true; }
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"
as_owner "$PG_BIN/initdb" -D data -U bench -A trust >/dev/null
cat >>data/postgresql.conf <<CONF
listen_addresses = ''
unix_socket_directories = '$scratch/socket'
port = $PG_PORT
fsync = off
shared_buffers = 512MB
max_wal_size = 4GB
random_page_cost = 1.1
CONF
as_owner "$PG_BIN/pg_ctl" -D data -l data/log -w start >/dev/null
psql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$scratch/socket" -p "$PG_PORT" -U bench "$@"; }
psql -d postgres -c 'CREATE DATABASE bench'
export DATABASE_URL="postgres://bench@localhost:$PG_PORT/bench?host=$scratch/socket"
cd "$OLDPWD"
"$SERVICE" migrate up >/dev/null
psql -d bench -v n="$RESOURCES" -f bench/rows.sql
# From here on every statement is written to the log with its plan.
cat >>"$scratch/data/postgresql.conf" <<CONF
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_timing = off
CONF
as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" reload >/dev/null
ENABLE_SCHEDULER=false ENABLE_WORKERS=false API_PORT=$API_PORT "$SERVICE" serve >"$scratch/service.log" 2>&1 &
service=$!
for _ in $(seq 100); do curl -fs "http://127.0.0.1:$API_PORT/readyz" >/dev/null && break; sleep 0.1; done

ask() {
    printf '%s\n' "{\"query\": \"$1\"}" >"$scratch/query"
    curl -fsS -H 'content-type: application/json' --data @"$scratch/query" "http://127.0.0.1:$API_PORT/graphql"
}
failed=0
while read -r query; do
    [ -n "$query" ] || continue
    before=$(wc -l <"$scratch/data/log")
    # Often enough that PostgreSQL may choose a plan that serves all parameters.
    for _ in 1 2 3 4 5 6 7; do
        answer=$(ask "$query")
        case $answer in *'"errors"'*) echo "$query: $answer"; exit 1 ;; esac
    done
    tail -n "+$((before + 1))" "$scratch/data/log" >"$scratch/plans"
    slowest=$(grep -o 'duration: [0-9.]* ms' "$scratch/plans" | awk '{print $2}' | sort -n | tail -1)
    # Partitions of months to come are empty, and best read as a whole: they cost less than 1.
    bad=$(awk '/Seq Scan on (resources|virtual_tags|tag_audit_[0-9_]+|ml_inferences)/ {
            match($0, /\.\.[0-9.]+/); if (substr($0, RSTART + 2, RLENGTH - 2) + 0 > 1) print }
        /^[ \t]*(-> *)?(Incremental )?Sort .*actual rows=/ {
            match($0, /actual rows=[0-9]+/); if (substr($0, RSTART + 12, RLENGTH - 12) + 0 > 501) print }' \
        "$scratch/plans" | sort -u)
    printf '%8s ms  %s\n' "$slowest" "$query"
    if [ -n "$bad" ]; then
        failed=1
        printf '%s\n' "$bad" | sed 's/^/             !! /'
        [ -z "${PLANS:-}" ] || cat "$scratch/plans"
    fi
done <bench/lists.graphql
exit $failed
