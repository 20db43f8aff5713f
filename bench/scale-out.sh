#!/usr/bin/env bash
# How much faster two workers auto-tag than one. The same inventory, on a copy of the same database for each measurement,
# is evaluated under so many rules that the workers' own work is the bottleneck, by one process with one slot and by two;
# they take turns, so that a machine that slows down slows both. Nobody tells the second to join: the first recruits it.
# Prints each round, the ratio of the medians, and how the machine's processors were spent: the ratio says something
# about the workers only as far as they had a processor each.
#
# Needs: the release binary and PostgreSQL's programs (PG_BIN). Everything happens in a scratch directory and on
# a unix socket; as root, the database server runs as the user PG_USER.
# Takes: RESOURCES (10000), RULES (4000), ROUNDS (3), BIN.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
resources=${RESOURCES:-10000} rules=${RULES:-4000} rounds=${ROUNDS:-3}
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
PG_BIN=${PG_BIN:-$(pg_config --bindir)} PG_USER=${PG_USER:-nobody} PG_PORT=${PG_PORT:-54398}

scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/data" "$scratch/socket"
as_owner() { if [ "$(id -u)" = 0 ]; then (cd "$scratch" && setpriv --reuid "$PG_USER" --clear-groups "$@"); else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/data" "$scratch/socket"; fi
workers=()
stop_workers() {
    for worker in "${workers[@]}"; do kill "$worker" && wait "$worker" || true; done
    workers=()
}
finish() {
    stop_workers
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
as_owner "$PG_BIN/initdb" -D "$scratch/data" -U bench -A trust >/dev/null
cat >>"$scratch/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$scratch/socket'
port = $PG_PORT
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 1h
CONF
as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -l "$scratch/data/log" -w start >/dev/null
export PGOPTIONS='-c client_min_messages=warning'
psql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$scratch/socket" -p "$PG_PORT" -U bench "$@"; }
value() { psql -d copy -Atc "$1"; }
database() { echo "postgres://bench@localhost:$PG_PORT/$1?host=$scratch/socket"; }

psql -d postgres -c 'CREATE DATABASE base'
DATABASE_URL=$(database base) "$bin" migrate up >/dev/null
psql -d base -v n="$resources" -v rules="$rules" <<'SQL'
INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, native_tags, discovered_by)
SELECT 'i-' || g, 'prod-web-' || g, 'aws', 'account-' || g % 50, 'ec2.instance', '{"Owner": "team-1"}', 'bench'
  FROM generate_series(1, :n) g;
INSERT INTO evaluations (resource_id) SELECT id FROM resources ON CONFLICT DO NOTHING;
-- None of them matches, so that each is evaluated for each resource, and the database has little to write.
INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
SELECT 'rule ' || g, format('resource.cloud == ''aws'' && resource.name.startsWith(''team-%s-'')', g),
       'team', 'team-' || g, g, 0.9, 'bench', 'bench'
  FROM generate_series(1, :rules) g;
ANALYZE;
SQL

# Ticks of all processors: all, idle, and of the given processes.
spent() {
    awk '/^cpu / {all = 0; for (i = 2; i <= 9; i++) all += $i; print all, $5 + $6}' /proc/stat
    for worker in "${workers[@]}"; do sed 's/.*) //' "/proc/$worker/stat"; done |
        awk '{sum += $12 + $13} END {print sum + 0}'
}

# Evaluates everything with that many workers; prints the seconds and the shares of the processors.
measure() {
    psql -d postgres -c 'DROP DATABASE IF EXISTS copy' \
        -c 'CREATE DATABASE copy TEMPLATE base STRATEGY file_copy' -c CHECKPOINT
    for _ in $(seq "$1"); do
        DATABASE_URL=$(database copy) WORKER_CONCURRENCY=1 ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
            RUST_LOG=warn "$bin" worker >>"$scratch/worker.log" 2>&1 &
        workers+=($!)
    done
    # Each has its lock when it is ready to work.
    until [ "$(value "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = 'copy')")" -ge "$1" ]; do sleep 0.2; done
    sleep 2
    local before after
    before=$(spent)
    value "INSERT INTO scheduler_jobs (job_name, requested_by, singleton_key) VALUES ('auto_tag', 'bench', 'auto_tag')"
    until [ "$(value "SELECT count(*) FILTER (WHERE finished_at IS NULL) = 0 AND count(*) > 0
        FROM scheduler_jobs")" = t ]; do sleep 0.2; done
    after=$(spent)
    stop_workers >/dev/null 2>&1
    [ "$(value 'SELECT count(*) FROM ml_inferences')" = "$resources" ]
    value "SELECT extract(epoch FROM max(finished_at) - min(claimed_at))::numeric(9, 2) FROM scheduler_jobs"
    echo $before $after | awk '{all = $4 - $1; ours = $6 - $3
        printf "workers %.0f %%, others and PostgreSQL %.0f %%, idle %.0f %%\n",
            100 * ours / all, 100 * (all - ours - ($5 - $2)) / all, 100 * ($5 - $2) / all}'
    value "SELECT string_agg(progress_done::text, ' + ' ORDER BY id) FROM scheduler_jobs"
}
for round in $(seq "$rounds"); do
    if [ $((round % 2)) = 1 ]; then order="1 2"; else order="2 1"; fi
    for number in $order; do
        measure "$number" >"$scratch/measured"
        { read -r seconds; read -r shares; read -r parts; } <"$scratch/measured"
        echo "round $round, $number workers: $seconds s ($parts resources); of the machine: $shares"
        echo "$seconds" >>"$scratch/seconds.$number"
    done
done
median() { sort -n "$scratch/seconds.$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
awk -v one="$(median 1)" -v two="$(median 2)" -v cpus="$(nproc)" \
    'BEGIN {printf "medians on %d processors: one worker %.2f s, two %.2f s: %.2f times as fast\n", cpus, one, two, one / two}'
