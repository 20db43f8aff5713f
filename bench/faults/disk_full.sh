#!/usr/bin/env bash
# The disk of the database fills up while a file is imported, and has room again later.
#
# Meanwhile what needs the disk is refused with SERVICE_UNAVAILABLE, and so is everything while PostgreSQL itself is down because
# it cannot write its log; the process and its workers stay. Afterwards the import ends by itself with each of its rows
# once. Fails when anything else happens.
#
# Needs root (for a small tmpfs of its own), PostgreSQL's programs (PG_BIN), curl, python3 and a built service (SERVICE).
# Takes: ROWS (100000), DISK_MB (1200), SPARE_MB (60: what is free when the import begins).
set -euo pipefail
cd "$(dirname "$0")/../.."
PG_BIN=${PG_BIN:-$(pg_config --bindir)} PG_USER=${PG_USER:-nobody} PG_PORT=${PG_PORT:-54397} API_PORT=${API_PORT:-18097}
service_binary=${SERVICE:-target/release/virtual-tagging}
rows=${ROWS:-100000} disk=${DISK_MB:-1200} spare=${SPARE_MB:-60}
[ "$(id -u)" = 0 ] || { echo "needs root, to mount a small disk" >&2; exit 2; }

scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/disk" "$scratch/socket"
mount -t tmpfs -o "size=${disk}m" tmpfs "$scratch/disk"
as_owner() { (cd "$scratch" && setpriv --reuid "$PG_USER" --clear-groups "$@"); }
service=
finish() {
    [ -z "$service" ] || { kill "$service" && wait "$service" || true; }
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/disk/data" -m immediate stop >/dev/null 2>&1 || true
    [ -z "${KEEP_LOG:-}" ] || tail -n 40 "$scratch/log" "$scratch/service.log" >&2
    umount "$scratch/disk"
    rm -rf "$scratch"
}
trap finish EXIT
mkdir "$scratch/disk/data"
chown "$PG_USER" "$scratch/disk/data" "$scratch/socket"
as_owner "$PG_BIN/initdb" -D "$scratch/disk/data" -U bench -A trust >/dev/null
cat >>"$scratch/disk/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$scratch/socket'
port = $PG_PORT
max_wal_size = 80MB
min_wal_size = 32MB
checkpoint_timeout = 30s
CONF
as_owner "$PG_BIN/pg_ctl" -D "$scratch/disk/data" -l "$scratch/log" -w start >/dev/null 2>&1 ||
    { touch "$scratch/log"; chown "$PG_USER" "$scratch/log"; as_owner "$PG_BIN/pg_ctl" -D "$scratch/disk/data" -l "$scratch/log" -w start >/dev/null; }
value() { psql -d bench -At -c "$1" 2>/dev/null || true; }
psql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$scratch/socket" -p "$PG_PORT" -U bench "$@"; }
psql -d postgres -c 'CREATE DATABASE bench'
DATABASE_URL="postgres://bench@localhost:$PG_PORT/bench?host=$scratch/socket" RUST_LOG=warn API_PORT=$API_PORT \
    DISCOVERY_SOURCES='' "$service_binary" serve >"$scratch/service.log" 2>&1 &
service=$!
api="http://127.0.0.1:$API_PORT"
for _ in $(seq 100); do curl -fs "$api/readyz" >/dev/null && break; sleep 0.1; done

echo 'cloud,account_id,resource_type,resource_id,name' >"$scratch/rows.csv"
seq "$rows" | awk '{printf "aws,account-%d,ec2.instance,i-%d,prod-web-%d\n", $1 % 50, $1, $1}' >>"$scratch/rows.csv"
free_mb() { df -m --output=avail "$scratch/disk" | tail -1 | tr -d ' '; }
fallocate -l "$(($(free_mb) - spare))M" "$scratch/disk/filler"
ask() { curl -sS -H 'content-type: application/json' -d "{\"query\": \"$1\"}" "$api/graphql"; }
curl -sS -H 'apollo-require-preflight: 1' "$api/graphql" \
    -F 'operations={"query":"mutation($f: Upload!) { importInventory(input: {file: $f}) { run { id } userErrors { message } } }","variables":{"f":null}}' \
    -F 'map={"0":["variables.f"]}' -F "0=@$scratch/rows.csv"
echo

# printf takes one level of the backslashes.
make='mutation { createResource(input: {cloud: AWS, accountId: \\"1\\", resourceType: \\"a.b\\", resourceId: \\"x-%s\\", name: \\"x\\"}) { resource { id } userErrors { message } } }'
refused='' crowded=0
for number in $(seq 300); do
    [ "$(free_mb)" -gt 1 ] || crowded=$((crowded + 1))
    answer=$(ask "$(printf "$make" "$number")")
    case $answer in
    *SERVICE_UNAVAILABLE*) refused=$answer; [ "$crowded" -lt 20 ] || break ;;
    *'"errors":[{'*) echo "not the right refusal: $answer" >&2; exit 1 ;;
    esac
    sleep 0.2
done
[ -n "$refused" ] || { echo "the disk never was full ($(free_mb) MB free): less SPARE_MB or more ROWS" >&2; exit 1; }
echo "full: $refused"
echo "reading meanwhile: $(ask '{ resources(first: 1) { totalCount } }')"
kill -0 "$service"
rm "$scratch/disk/filler"
began=$(date +%s)
# PostgreSQL ends when it cannot write its log, and may not have come up again without room for that.
as_owner "$PG_BIN/pg_ctl" -D "$scratch/disk/data" status >/dev/null || as_owner "$PG_BIN/pg_ctl" -D "$scratch/disk/data" -l "$scratch/log" start >/dev/null
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
