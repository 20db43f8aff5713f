#!/bin/sh
# Shows how PostgreSQL executes pages of the audit trail at ROWS rows (5,000,000 if not set) over twelve months: each
# filter alone, with a time range, and for a caller limited to an account, in both orders. Fails when a page reads or
# sorts more than a page. Then seals the trail and verifies it, with the time of both.
#
# Needs PostgreSQL's binaries (PG_BIN) and a built service (SERVICE). Everything happens in a scratch directory; as root,
# the database server runs as the user PG_USER. The plans go to the file PLANS, if it is set.
set -eu
PG_BIN=${PG_BIN:-$(pg_config --bindir)}
SERVICE=${SERVICE:-target/release/virtual-tagging}
ROWS=${ROWS:-5000000}
PG_PORT=${PG_PORT:-54398}
PG_USER=${PG_USER:-nobody}
PLANS=${PLANS:-/dev/null}
scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/data" "$scratch/socket"
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid "$PG_USER" --clear-groups "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/data" "$scratch/socket"; fi
finish() {
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
here=$PWD
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
timezone = 'UTC'
CONF
as_owner "$PG_BIN/pg_ctl" -D data -l data/log -w start >/dev/null
cd "$here"
psql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$scratch/socket" -p "$PG_PORT" -U bench "$@"; }
psql -d postgres -c 'CREATE DATABASE bench'
export DATABASE_URL="postgres://bench@localhost:$PG_PORT/bench?host=$scratch/socket"
"$SERVICE" migrate up >/dev/null
# Indexes are made afterwards, by attaching: that is faster. The trail's triggers are not what is measured.
psql -d bench -v n="$ROWS" <<'SQL'
SET session_replication_role = replica;
SELECT format('CREATE TABLE tag_audit_%s PARTITION OF tag_audit FOR VALUES FROM (%L) TO (%L)', to_char(m, 'YYYY_MM'),
              m, m + interval '1 month')
  FROM generate_series(date_trunc('month', now()) - interval '11 months', date_trunc('month', now()) - interval '1 month',
                       interval '1 month') m \gexec
INSERT INTO tag_audit ("timestamp", xid, resource_id, resource_ref, cloud, account_id, resource_type, virtual_tag_id, action,
                       tag_key, new_value, new_status, source, confidence, auto_applied, actor)
SELECT date_trunc('month', now()) - interval '11 months' + (now() - date_trunc('month', now()) + interval '334 days') * g / :n,
       (3 + g * 500 / :n)::text::xid8, g % 200000, 'arn:aws:ec2:eu-west-1:' || g % 200 || ':instance/' || g % 200000, 'aws',
       'account-' || g % 200, 'type', g % 600000,
       CASE WHEN g % 1000 = 0 THEN 'UNDONE' WHEN g % 10 = 0 THEN 'APPROVED' ELSE 'PROPOSED' END,
       (ARRAY['environment', 'team', 'owner'])[g % 3 + 1], 'v', 'PENDING', 'PATTERN', 0.8, false,
       CASE WHEN g % 10 = 0 THEN 'person-' || g % 5000 ELSE 'system:auto_tag' END
  FROM generate_series(1, :n::bigint) g;
SET session_replication_role = origin;
VACUUM ANALYZE tag_audit;
SQL

failed=0
# A page of the trail: a name, a condition.
page() {
    for order in DESC ASC; do
        echo "-- $1 $order" >>"$PLANS"
        plan=$(psql -d bench -At -c "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM tag_audit WHERE $2
            ORDER BY \"timestamp\" $order, id $order LIMIT 51")
        printf '%s\n' "$plan" >>"$PLANS"
        ms=$(printf '%s\n' "$plan" | sed -n 's/^Execution Time: \([0-9.]*\) ms/\1/p')
        printf '%10s ms  %s %s\n' "$ms" "$1" "$order"
        bad=$(printf '%s\n' "$plan" | awk '/Sort  \(.*actual/ || /Seq Scan/ || /Rows Removed by Filter/ {
            if (match($0, /Rows Removed by Filter: [0-9]+/)) { if (substr($0, RSTART + 24) + 0 > 20000) print }
            else { match($0, /rows=[0-9]+ loops/); if (substr($0, RSTART + 5) + 0 > 501) print } }')
        if [ -n "$bad" ]; then failed=1; printf '%s\n' "$bad" | sed 's/^/             !! /'; fi
    done
}
month="\"timestamp\" >= date_trunc('month', now()) - interval '3 months' AND \"timestamp\" < date_trunc('month', now()) - interval '2 months'"
page 'all' 'true'
page 'a month' "$month"
for each in "resource_id = 4711" "virtual_tag_id = 4711" "tag_key = 'owner'" "actor = 'person-10'" \
    "action = 'APPROVED'" "action = 'UNDONE'" "account_id = ANY('{account-7}')" \
    "actor = 'person-10' AND action = 'APPROVED'" "tag_key = 'owner' AND action = 'UNDONE'" \
    "account_id = ANY('{account-7}') AND action = 'APPROVED'"; do
    page "$each" "$each"
    page "$each, a month" "$each AND $month"
done

start=$(date +%s.%N)
"$SERVICE" audit detach --before "$(date -u -d "$(date -u +%Y-%m-01) -11 months" +%Y-%m)"
end=$(date +%s.%N)
echo "sealing: $(echo "$end - $start" | bc) s"
start=$(date +%s.%N)
"$SERVICE" audit verify
end=$(date +%s.%N)
echo "verifying: $(echo "$end - $start" | bc) s"
exit $failed
