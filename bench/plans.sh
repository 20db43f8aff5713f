#!/usr/bin/env bash
# What the list fields, counts and figures ask, as PostgreSQL executes it, at RESOURCES resources with three virtual tags
# each. Fails when a statement takes more than LIMIT_MS, reads a large table as a whole or sorts more than a page.
#
# Each query of bench/lists.graphql that asks for a first page is asked for its last page, too, and for a page near the end
# by its cursor. A query behind `@a,b` is asked by somebody who may see the accounts a and b alone, behind row-level security;
# with AS=a,b all the others are, too. Each is asked RUNS times, and the fastest counts: the others tell of cold caches and
# of what else the machine does. The plan of the slowest statement of each query goes to PLANS.
#
# Needs: PostgreSQL's programs (with auto_explain), curl. With SCRATCH the next run begins with what is in it.
# Takes: RESOURCES (200000), LIMIT_MS (50), RUNS (3), PLANS (bench/plans/RESOURCES.txt), QUERIES (bench/lists.graphql), AS.
. "$(dirname "$0")/lib.sh"
# head ends what is piped into it.
set +o pipefail
RESOURCES=${RESOURCES:-200000} LIMIT_MS=${LIMIT_MS:-50} RUNS=${RUNS:-3}
PLANS=${PLANS:-$bench/plans/$RESOURCES.txt} QUERIES=${QUERIES:-$bench/lists.graphql}
new=
[ -e "$cluster/PG_VERSION" ] || new=1
start_postgres <<CONF
fsync = off
shared_buffers = ${SHARED_BUFFERS:-2GB}
max_wal_size = 8GB
random_page_cost = 1.1
maintenance_work_mem = 256MB
session_preload_libraries = ''
CONF
if [ -n "$new" ]; then
    create_database bench
    sql -v n="$RESOURCES" -f "$bench/rows.sql"
fi
# From here on every statement is written to the log with its plan.
cat >>"$cluster/postgresql.conf" <<CONF
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_timing = off
CONF
as_owner "$PG_BIN/pg_ctl" -D "$cluster" reload >/dev/null
start_service "$(database_url bench)" JWT_SECRET="$secret" ENABLE_WORKERS=false
wait_until 300 "the counters are folded" counters_are_folded
sql -c 'VACUUM ANALYZE'

declare -A tokens
ask_as() { # accounts, query
    printf '%s\n' "{\"query\": \"$2\"}" >"$scratch/query"
    curl -fsS -H 'content-type: application/json' -H "authorization: Bearer ${tokens[${1:-everybody}]}" \
        --data @"$scratch/query" "$url/graphql"
}
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'; }
failed=0 worst=0 count=0
mkdir -p "$(dirname "$PLANS")"
echo "$RESOURCES resources; for each query the time of its slowest statement, and that statement's plan" >"$PLANS"
run() { # accounts, query, whether it is another page of the last one
    local best='' slowest before answer bad
    for _ in $(seq "$RUNS"); do
        before=$(wc -c <"$scratch/postgres.log")
        answer=$(ask_as "$1" "$2")
        case $answer in *'"errors"'*) echo "$2: $answer"; exit 1 ;; esac
        tail -c "+$((before + 1))" "$scratch/postgres.log" >"$scratch/plans"
        slowest=$(awk '/duration: .* plan:/ { skip = 0 } /counters_fold|apalis|scheduler_jobs.*heartbeat|pg_snapshot/ { skip = 1 }
            match($0, /duration: [0-9.]+ ms/) { ms = substr($0, RSTART + 10, RLENGTH - 13); next }
            /Query Text:/ && !skip && ms + 0 > most { most = ms + 0 } END { printf "%.3f", most }' "$scratch/plans")
        if [ -z "$best" ] || less "$slowest" "$best"; then best=$slowest; cp "$scratch/plans" "$scratch/best"; fi
    done
    count=$((count + 1))
    ! less "$worst" "$best" || worst=$best
    # Partitions of months to come are empty, and best read as a whole: they cost less than 1. What is only planned, to
    # estimate a total, reads nothing.
    bad=$(awk '/Seq Scan on (resources|virtual_tags|tag_audit_[0-9_]+|ml_inferences).*actual rows=/ {
            match($0, /\.\.[0-9.]+/); if (substr($0, RSTART + 2, RLENGTH - 2) + 0 > 1) print }
        /^[ \t]*(-> *)?(Incremental )?Sort .*actual rows=/ {
            match($0, /actual rows=[0-9]+/); if (substr($0, RSTART + 12, RLENGTH - 12) + 0 > 501) print }' \
        "$scratch/best" | sort -u)
    ! less "$LIMIT_MS" "$best" || bad="more than $LIMIT_MS ms
$bad"
    printf '%9.3f ms  %s\n' "$best" "${1:+$1 }$2" | tr -d '\134'
    printf '\n%9.3f ms  %s\n' "$best" "${1:+$1 }$2" | tr -d '\134' | sed 's/after: "[^"]*"/after: .../' >>"$PLANS"
    # Of what is asked three times over, the plans that take their time are kept, of all else each.
    local lines=7
    ! less "$best" 5 || lines=5
    [ -z "${3:-}" ] || ! less "$best" 20 || lines=0
    awk -v best="$best" 'match($0, /duration: [0-9.]+ ms/) { ms = sprintf("%.3f", substr($0, RSTART + 10, RLENGTH - 13)); show = 0; next }
        /Query Text:/ { show = ms == best; next }
        show && /actual rows|Cond:|Filter:|Rows Removed/ { sub(/^\t/, ""); sub(/cost=[^ ]* /, ""); sub(/width=[0-9]*/, "");
            print "   " substr($0, 1, 150) }' "$scratch/best" | head "-$lines" >>"$PLANS"
    if [ -n "$bad" ]; then
        failed=$((failed + 1))
        printf '%s\n' "$bad" | sed 's/^/              !! /'
    fi
}
while read -r who query; do
    [ -n "$who" ] || continue
    case $who in @*) ;; *) query="$who $query" who=${AS:+@$AS} ;; esac
    [ -n "${tokens[${who:-everybody}]:-}" ] || tokens[${who:-everybody}]=$(token bench admin ${who:+--accounts "${who#@}"})
    run "$who" "$query"
    case $query in *'first: 50'*) ;; *) continue ;; esac
    run "$who" "${query/first: 50/last: 50}" again
    near="${query/first: 50/last: 60}"
    cursor=$(ask_as "$who" "${near%%) \{*}) { pageInfo { startCursor } } }" | sed -n 's/.*"startCursor":"\([^"]*\)".*/\1/p')
    [ -z "$cursor" ] || run "$who" "${query/first: 50/first: 50, after: \\\"$cursor\\\"}" again
done <"$QUERIES"
sql -c 'SELECT * FROM counters_check()'
echo "$count queries, $failed of them bad; the slowest statement took $worst ms"
[ "$failed" = 0 ]
