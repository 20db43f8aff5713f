#!/usr/bin/env bash
# Two workers beside one, in auto-tagging. The same inventory, on a copy of the same database for each measurement,
# is evaluated under so many rules that the workers' own work is the bottleneck, by one process with one slot and by two;
# they take turns, so that a machine that slows down slows both. Nobody tells the second to join: the first asks for it.
# Prints each round, the ratio of the medians, and how the machine's processors were spent: the ratio says something
# about the workers only as far as they had a processor each.
#
# Needs: PostgreSQL's programs. Takes: RESOURCES (10000), RULES (4000), ROUNDS (3).
. "$(dirname "$0")/lib.sh"
resources=${RESOURCES:-10000} rules=${RULES:-4000} rounds=${ROUNDS:-3}
workers=()
value() { sql -d copy -c "$1"; }
start_postgres <<CONF
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 1h
CONF
create_database base
sql -d base -v n="$resources" -v rules="$rules" <<'SQL'
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

# Each worker has its lock when it is ready, and listens for runs.
are_ready() {
    [ "$(value "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = 'copy')")" -ge "$1" ] &&
        [ "$(value "SELECT count(*) FROM pg_stat_activity WHERE datname = 'copy' AND query LIKE 'LISTEN%'")" -ge "$1" ]
}
all_ended() {
    [ "$(value "SELECT count(*) FILTER (WHERE finished_at IS NULL) = 0 AND count(*) > 0 FROM scheduler_jobs")" = t ]
}

# Evaluates everything with that many workers; prints the seconds and the shares of the processors.
measure() {
    copy_database base copy
    for _ in $(seq "$1"); do
        DATABASE_URL=$(database_url copy) WORKER_PORT=0 WORKER_CONCURRENCY=1 ENABLE_SCHEDULER=false DISCOVERY_SOURCES='' \
            RUST_LOG=warn "$BIN" worker >>"$scratch/service.log" 2>&1 &
        workers+=($!)
        running[$!]=1
    done
    wait_until 60 "the workers are ready" are_ready "$1"
    local before after
    before=$(spent)
    value "INSERT INTO scheduler_jobs (job_name, requested_by, singleton_key) VALUES ('auto_tag', 'bench', 'auto_tag')"
    wait_until 3600 "every run has ended" all_ended
    after=$(spent)
    stop "${workers[@]}"
    workers=()
    [ "$(value 'SELECT count(*) FROM ml_inferences')" = "$resources" ]
    value "SELECT extract(epoch FROM max(finished_at) - min(claimed_at))::numeric(9, 2) FROM scheduler_jobs"
    echo "$before" "$after" | tr '\n' ' ' | awk '{all = $4 - $1; ours = $6 - $3
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
awk -v one="$(median "$scratch/seconds.1")" -v two="$(median "$scratch/seconds.2")" -v cpus="$(nproc)" \
    'BEGIN {printf "medians on %d processors: one worker %.2f s, two %.2f s: %.2f times as fast\n", cpus, one, two, one / two}'
