#!/usr/bin/env bash
# Previews of rules at RESOURCES resources with three virtual tags each: for each condition the slowest and the fastest of
# ROUNDS, how far it came, and the service's processor time and peak memory. Conditions are of each kind: PostgreSQL tells
# that few match, that many do, or nothing; the last ones read effective tags, which are not stored. Fails when a preview
# takes more than LIMIT_MS, or does not look at all resources though its condition reads no effective tags.
#
# Needs: PostgreSQL's programs, curl, jq. With SCRATCH the next run begins with what is in it.
# Takes: RESOURCES (200000), ROUNDS (3), LIMIT_MS (3000), CONDITIONS (a file, one a line).
. "$(dirname "$0")/lib.sh"
resources=${RESOURCES:-200000} rounds=${ROUNDS:-3} limit=${LIMIT_MS:-3000}
new=
[ -e "$cluster/PG_VERSION" ] || new=1
start_postgres <<CONF
fsync = off
shared_buffers = ${SHARED_BUFFERS:-1GB}
max_wal_size = 2GB
maintenance_work_mem = 256MB
CONF
if [ -n "$new" ]; then
    create_database bench
    sql -v n="$resources" -f "$bench/rows.sql"
fi
start_service "$(database_url bench)" ENABLE_WORKERS=false

conditions() {
    if [ -n "${CONDITIONS:-}" ]; then cat "$CONDITIONS"; return; fi
    cat <<'CEL'
resource.name.endsWith('web-77777')
resource.cloud == 'aws' && resource.account_id == 'account-3'
resource.native_tags['Owner'] == 'team-7'
resource.name.startsWith('prod-')
resource.name.size() > 12
resource.name.matches('^prod-[a-z]+-[0-9]*7$')
'x' in resource.tags
resource.tags['environment'] == 'production'
CEL
}
# shellcheck disable=SC2016 # GraphQL's and jq's variables
preview() { # condition
    jq -n --arg condition "$1" '{variables: {rule: {ruleName: "preview", condition: $condition, tagKey: "team", tagValue: "team-1"}},
        query: "query($rule: RuleInput!) { previewRule(input: {rule: $rule}) { preview { examined complete matches outcomesExamined outcomes { outcome count } examples { outcome } } userErrors { message } } }"}' >"$scratch/query"
    curl -fsS "$url/graphql" -H 'content-type: application/json' --data @"$scratch/query" -o "$scratch/answer" -w '%{time_total}'
}
processor_ms() { awk -v hz="$(getconf CLK_TCK)" '{print int(($14 + $15) * 1000 / hz)}' "/proc/$service/stat"; }

failed=0
while read -r condition; do
    : >"$scratch/times"
    before=$(processor_ms)
    for _ in $(seq "$rounds"); do
        seconds=$(preview "$condition")
        awk -v s="$seconds" 'BEGIN {print int(s * 1000)}' >>"$scratch/times"
    done
    spent=$((($(processor_ms) - before) / rounds))
    fastest=$(sort -n "$scratch/times" | head -n 1) slowest=$(sort -n "$scratch/times" | tail -n 1)
    outcome=$(jq -r '.data.previewRule.preview | "\(.matches) matches of \(.examined) resources, outcomes of \(.outcomesExamined): "
        + ([.outcomes[] | "\(.count) \(.outcome)"] | join(", "))' "$scratch/answer")
    echo "$fastest to $slowest ms, $spent ms of processor: $condition: $outcome"
    if [ "$slowest" -gt "$limit" ]; then echo "  more than $limit ms"; failed=1; fi
    case $condition in *resource.tags*) continue ;; esac
    if ! jq -e '.data.previewRule.preview.complete' "$scratch/answer" >/dev/null; then echo "  not all resources"; failed=1; fi
done < <(conditions)
echo "peak memory of the service: $(peak_mb) MB"
exit $failed
