#!/usr/bin/env bash
# A bill at size: a generated FOCUS file of ROWS charges, in the order of hours as providers write them, of a fifth as many
# resources at most, imported by the command beside a plain COPY of the columns that it reads into a table without indexes.
# Also: the sum of the bill is that of the file, and importing it again changes nothing; and the time of the reports.
#
# Needs: psql, awk, GNU time. Takes: ROWS (1000000), RESOURCES (200000), ROUNDS (`first again`).
. "$(dirname "$0")/lib.sh"
rows=${ROWS:-1000000} resources=${RESOURCES:-200000}
start_postgres <<<'shared_buffers = 512MB'
create_database bench
sql -c "INSERT INTO resources (resource_id, name, cloud, account_id, resource_type, region, native_tags, created_at,
            discovered_by, first_seen_at, last_seen_at)
        SELECT 'arn:aws:ec2:eu-west-1:' || 100000000000 + n % 200 || ':instance/i-' || lpad(to_hex(n), 17, '0'), 'web-' || n,
               'aws', 100000000000 + n % 200, 'ec2/instance', 'eu-west-1', '{}', now(), 'bench', now(), now()
          FROM generate_series(0, $resources - 1) n" -c ANALYZE

awk -v n="$rows" -v resources="$resources" 'BEGIN {
    print "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeDescription,ChargePeriodStart,EffectiveCost,ProviderName,RegionId,ResourceId,ServiceName,SubAccountId,Tags"
    for (i = 0; i < n; i++) {
        r = (i * 7919) % resources; hour = int(i * 720 / n)
        id = sprintf("i-%017x", r); account = 100000000000 + r % 200
        if (i % 3) id = "arn:aws:ec2:eu-west-1:" sprintf("%.0f", account) ":instance/" id
        if (i % 20 == 0) id = "NULL"
        printf "0.1,999999999999,USD,2024-09-01 00:00:00,\"$0.005, per hour\",2024-09-%02d %02d:00:00,%d.%011d,AWS,eu-west-1,%s,Amazon EC2,%.0f,\"{\"\"team\"\": \"\"a, b\"\"}\"\n", int(hour / 24) + 1, hour % 24, i % 3, i, id, account
    }
}' >"$scratch/bill.csv"
echo "file: $rows rows, $(du -m "$scratch/bill.csv" | cut -f1) MB"

columns="a text, billing_account text, currency text, period timestamp, description text, start timestamp, amount numeric,
    provider text, region text, resource text, service text, account text, tags text"
sql -c "CREATE TABLE plain ($columns)"
at=$(now)
sql -c "\\copy plain FROM '$scratch/bill.csv' (FORMAT csv, HEADER)"
copied=$(since "$at")
total=$(sql -c "SELECT sum(amount) FROM plain")
sql -c "DROP TABLE plain"

lines() { sql -c "SELECT md5(string_agg(l::text, ',' ORDER BY l::text)) FROM (SELECT month, currency, account_id, billed_id, resource_id, amount, row_count FROM cost_lines) l"; }
DATABASE_URL=$(database_url bench)
export DATABASE_URL
for round in ${ROUNDS:-first again}; do
    at=$(now)
    env time -f 'most memory of the command: %M KB' "$BIN" import-cost "$scratch/bill.csv"
    imported=$(since "$at")
    awk -v round="$round" -v n="$rows" -v c="$copied" -v i="$imported" \
        'BEGIN {printf "%s: COPY %.1f s, import %.1f s (%d rows/s): %.2f of the rate of COPY\n", round, c, i, n / i, c / i}'
    [ "$round" = again ] && [ "$(lines)" != "$before" ] && { echo "importing again changed the lines" >&2; exit 1; }
    before=$(lines)
done
[ "$(sql -c "SELECT sum(amount) = $total FROM cost_lines")" = t ] || { echo "the bill is not the sum of the file" >&2; exit 1; }
