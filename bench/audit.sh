#!/usr/bin/env bash
# Pages of the audit trail as PostgreSQL executes them at ROWS rows over twelve months: each filter alone, with a time
# range, and for a caller limited to an account, in both orders. Fails when a page reads or sorts more than a page. Then the
# trail is sealed and verified, with the time of both.
#
# Needs: PostgreSQL's programs. Takes: ROWS (5000000), PLANS (a file for the plans; none).
. "$(dirname "$0")/lib.sh"
plans=${PLANS:-/dev/null}
start_postgres <<CONF
fsync = off
shared_buffers = 512MB
max_wal_size = 4GB
random_page_cost = 1.1
CONF
create_database bench
DATABASE_URL=$(database_url bench)
export DATABASE_URL
# Indexes are made afterwards, by attaching: that is faster. The trail's triggers are not what is measured.
sql -v n="${ROWS:-5000000}" <<'SQL'
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
        echo "-- $1 $order" >>"$plans"
        plan=$(sql -c "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM tag_audit WHERE $2
            ORDER BY \"timestamp\" $order, id $order LIMIT 51")
        printf '%s\n' "$plan" >>"$plans"
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

began=$(now)
"$BIN" audit detach --before "$(date -u -d "$(date -u +%Y-%m-01) -11 months" +%Y-%m)"
echo "sealing: $(since "$began") s"
began=$(now)
"$BIN" audit verify
echo "verifying: $(since "$began") s"
exit "$failed"
