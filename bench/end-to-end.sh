#!/usr/bin/env bash
# An inventory from its first model to a full queue: trains a model, evaluates every resource (reads it, infers, writes its
# tags, their audit rows and its inferences) and mines suggestions. Beside the evaluation, a COPY of the rows that it wrote
# into the same tables of an identical database, with the same indexes and triggers. Prints what each run took, the most
# memory that the service's process had in it, and the ratio. Fails when the ratio is more than LIMIT.
#
# Needs: PostgreSQL's programs, curl, python3.
# Takes: RESOURCES (1000000), RULES (100), LIMIT (2).
. "$(dirname "$0")/lib.sh"
resources=${RESOURCES:-1000000} rules=${RULES:-100} limit=${LIMIT:-2}
start_postgres <<CONF
shared_buffers = 1GB
max_wal_size = 16GB
checkpoint_timeout = 1h
CONF
create_database base
sql -d base -v n="$resources" -f "$bench/end-to-end.sql"
sql -d base -c "INSERT INTO rules (rule_name, condition, tag_key, tag_value, priority, confidence, created_by, updated_by)
    SELECT 'rule ' || g, format('resource.name.startsWith(\"app%s-\")', g), 'project', 'project-' || g, g, 0.95, 'bench', 'bench'
      FROM generate_series(1, $rules) g"
sql -d base -c "VACUUM ANALYZE"
copy_database base service
copy_database base plain

run_of() { # name of a job; the key of its last run
    sql -d service -c "SELECT max(id) FROM scheduler_jobs WHERE job_name = '$1' AND recruited_by IS NULL"
}
has_ended() { [ "$(sql -d service -c "SELECT count(*) FROM scheduler_jobs WHERE job_name = '$1' AND finished_at IS NOT NULL
    AND recruited_by IS NULL")" -gt "$2" ]; }
nothing_waits() { [ "$(sql -d service -c "SELECT count(*) FROM scheduler_jobs WHERE status IN ('QUEUED', 'RUNNING')")" = 0 ]; }
took() { # name of a job; seconds of all its runs
    sql -d service -c "SELECT round(coalesce(sum(extract(epoch FROM finished_at - started_at)), 0)::numeric, 1) FROM scheduler_jobs
        WHERE job_name = '$1' AND recruited_by IS NULL"
}
reset_peak() { echo 5 >"/proc/$service/clear_refs" 2>/dev/null || true; }

start_service "$(database_url service)"
ask 'mutation { trainModel { run { id } userErrors { message } } }' "$url" >/dev/null
wait_until 3600 "a model is trained" has_ended train_model 0
echo "training of $resources resources: $(took train_model) s, peak $(peak_mb) MB"
reset_peak
wait_until 7200 "every resource is evaluated" has_ended auto_tag 0
evaluated=$(took auto_tag)
echo "evaluation: $evaluated s, peak $(peak_mb) MB; $(sql -d service -c "SELECT counts FROM scheduler_jobs WHERE id = $(run_of auto_tag)")"
reset_peak
wait_until 3600 "suggestions are mined" has_ended mine_suggestions 0
wait_until 3600 "nothing waits" nothing_waits
echo "suggestions: $(took mine_suggestions) s, peak $(peak_mb) MB, $(sql -d service -c 'SELECT count(*) FROM rule_suggestions') found"
stop "$service"

tables="virtual_tags tag_audit ml_inferences evaluations"
for table in $tables; do
    sql -d service -c "COPY (SELECT * FROM $table) TO STDOUT" >"$scratch/$table.copy"
    echo "$table: $(wc -l <"$scratch/$table.copy") rows, $(du -m "$scratch/$table.copy" | cut -f1) MB"
done
sql -d plain -c "TRUNCATE evaluations" -c CHECKPOINT
at=$(now)
for table in $tables; do sql -d plain -c "COPY $table FROM STDIN" <"$scratch/$table.copy"; done
copied=$(since "$at")
awk -v e="$evaluated" -v c="$copied" -v l="$limit" 'BEGIN {
    printf "evaluation: %.1f s, %.2f times the %.1f s of COPY\n", e, e / c, c; exit e / c > l }'
