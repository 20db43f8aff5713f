#!/usr/bin/env bash
# The disk of the database fills up while a file is imported, and has room again later.
#
# Meanwhile what needs the disk is refused with SERVICE_UNAVAILABLE, and so is everything while PostgreSQL itself is down because
# it cannot write its log; the process and its workers stay. Afterwards the import ends by itself with each of its rows
# once. Fails when anything else happens.
#
# Needs: root (for a small tmpfs of its own), PostgreSQL's programs, curl, python3.
# Takes: ROWS (100000), DISK_MB (1200), SPARE_MB (60: what is free when the import begins), KEEP_LOG.
. "$(dirname "$0")/../lib.sh"
rows=${ROWS:-100000} disk=${DISK_MB:-1200} spare=${SPARE_MB:-60}
[ "$(id -u)" = 0 ] || { echo "needs root, to mount a small disk" >&2; exit 2; }
mkdir "$scratch/disk"
mount -t tmpfs -o "size=${disk}m" tmpfs "$scratch/disk"
clean_up() {
    [ -z "${KEEP_LOG:-}" ] || tail -n 40 "$scratch/postgres.log" "$scratch/service.log" >&2
    umount "$scratch/disk"
}
cluster=$scratch/disk/data
start_postgres <<CONF
max_wal_size = 80MB
min_wal_size = 32MB
checkpoint_timeout = 30s
CONF
value() { sql -c "$1" 2>/dev/null || true; }
create_database bench
start_service "$(database_url bench)" ENABLE_SCHEDULER=true

echo 'cloud,account_id,resource_type,resource_id,name' >"$scratch/rows.csv"
seq "$rows" | awk '{printf "aws,account-%d,ec2.instance,i-%d,prod-web-%d\n", $1 % 50, $1, $1}' >>"$scratch/rows.csv"
free_mb() { df -m --output=avail "$scratch/disk" | tail -1 | tr -d ' '; }
fallocate -l "$(($(free_mb) - spare))M" "$scratch/disk/filler"
try() { curl -sS -H 'content-type: application/json' -d "{\"query\": \"$1\"}" "$url/graphql"; }
upload "$scratch/rows.csv"
echo


make='mutation { createResource(input: {cloud: AWS, accountId: \"1\", resourceType: \"a.b\", resourceId: \"x-NUMBER\", name: \"x\"}) { resource { id } userErrors { message } } }'
refused='' crowded=0
for number in $(seq 300); do
    [ "$(free_mb)" -gt 1 ] || crowded=$((crowded + 1))
    answer=$(try "${make//NUMBER/$number}")
    case $answer in
    *SERVICE_UNAVAILABLE*) refused=$answer; [ "$crowded" -lt 20 ] || break ;;
    *'"errors":[{'*) echo "not the right refusal: $answer" >&2; exit 1 ;;
    esac
    sleep 0.2
done
[ -n "$refused" ] || { echo "the disk never was full ($(free_mb) MB free): less SPARE_MB or more ROWS" >&2; exit 1; }
echo "full: $refused"
echo "reading meanwhile: $(try '{ resources(first: 1) { totalCount } }')"
kill -0 "$service"
rm "$scratch/disk/filler"
began=$(date +%s)
# PostgreSQL ends when it cannot write its log, and may not have come up again without room for that.
as_owner "$PG_BIN/pg_ctl" -D "$cluster" status >/dev/null || as_owner "$PG_BIN/pg_ctl" -D "$cluster" -l "$scratch/postgres.log" start >/dev/null
open="SELECT count(*) FILTER (WHERE status IN ('QUEUED', 'RUNNING')) FROM scheduler_jobs WHERE job_name = 'import'"
until [ "$(value "$open")" = 0 ]; do
    state=$(value "SELECT status, attempt, error FROM scheduler_jobs WHERE job_name = 'import' ORDER BY status LIMIT 1")
    case $state in FAILED*) echo "the import has failed: $state" >&2; exit 1 ;; esac
    [ $(($(date +%s) - began)) -lt 120 ] || { echo "the import does not end: $state" >&2; exit 1; }
    sleep 1
done
counted=$(value "SELECT count(*), count(DISTINCT resource_id) FROM resources WHERE resource_id LIKE 'i-%'")
echo "room again: the import ended after $(($(date +%s) - began)) s; resources, distinct: $counted of $rows"
[ "$counted" = "$rows|$rows" ]
