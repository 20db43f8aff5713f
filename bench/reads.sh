#!/usr/bin/env bash
# Requests per second and processor time of the three reads that clients make most (the queue page, 50 resources with
# their tags, one resource with its tags) beside pgbench with the equivalent SQL prepared and, where BASE names the
# program of another version, beside that: all on one database, in rounds that take turns, so that a machine that slows
# down slows all. Prints each round, then the medians: requests/s, and milliseconds of the service and of PostgreSQL per
# request.
#
# Needs: pgbench, psql, curl, wrk. Takes: RESOURCES (200000, three tags each), SECONDS_PER_ROUND (8), ROUNDS (3),
# CONNECTIONS (32), BASE, CACHED (yes: beside that, the program with kept responses, which the others have not), READS (queue
# resources resource), ACCOUNTS (what callers are limited to; none: all of them).
. "$(dirname "$0")/lib.sh"
resources=${RESOURCES:-200000} seconds=${SECONDS_PER_ROUND:-8} rounds=${ROUNDS:-3} connections=${CONNECTIONS:-32}
read -ra reads <<<"${READS:-queue resources resource}"
declare -A documents=([queue]=queue-page [resources]=resources-page [resource]=resource) urls=() pids=()

start_postgres <<<"shared_buffers = 1GB
jit = off
max_connections = 200
fsync = off"
if ! sql -d bench -c '' 2>/dev/null; then
    create_database bench
    sql -v n="$resources" -f "$bench/rows.sql"
fi
# Counters are folded in by one service, before anything is measured.
settings=() authorization=''
if [ -n "${ACCOUNTS:-}" ]; then
    settings=(JWT_SECRET="$secret" RATE_LIMIT_COST=0)
    authorization=$(token bench viewer --accounts "$ACCOUNTS")
fi
versions=(new)
start_service "$(database_url bench)" "${settings[@]}"
urls[new]=$url pids[new]=$service
if [ -n "${BASE:-}" ]; then
    versions=(base new)
    BIN=$(realpath "$BASE") start_service "$(database_url bench)" "${settings[@]}"
    urls[base]=$url pids[base]=$service
fi

if [ -n "${CACHED:-}" ]; then
    versions+=(cached)
    start_service "$(database_url bench)" "${settings[@]}" RESPONSE_CACHE_BYTES=16777216
    urls[cached]=$url pids[cached]=$service
fi

# Processor time in ms: of a process, and of PostgreSQL with all its processes.
ticks=$(getconf CLK_TCK)
of_service() { awk -v t="$ticks" '{printf "%d", ($14 + $15) * 1000 / t}' "/proc/$1/stat"; }
of_postgres() {
    local first each files=()
    first=$(head -n 1 "$cluster/postmaster.pid")
    for each in "$first" $(pgrep -P "$first"); do files+=("/proc/$each/stat"); done
    cat "${files[@]}" 2>/dev/null |
        awk -v t="$ticks" -v first="$first" '{ms += $14 + $15} $1 == first {ms += $16 + $17} END {printf "%d", ms * 1000 / t}'
}

script_of() { # read; a script of wrk
    cat <<LUA
local document = [[$(tr -s ' \n' ' ' <"$bench/${documents[$1]}.graphql")]]
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
${authorization:+wrk.headers['Authorization'] = 'Bearer $authorization'}
local ids = {$(python3 -c "
import base64, random
random.seed(7)
ids = random.sample(range(1, min($resources, 20000)), min($resources, 20000) // 20)
print(','.join('\"' + base64.urlsafe_b64encode(b'Resource:%d' % i).decode().rstrip('=') + '\"' for i in ids))")}
local next = 0
request = function()
    local variables = ""
    if document:find("%\$id") then
        next = next % #ids + 1
        variables = ',"variables":{"id":"' .. ids[next] .. '"}'
    end
    return wrk.format(nil, nil, nil, '{"query":"' .. document .. '"' .. variables .. '}')
end
LUA
}

measure() { # read, version, seconds; prints requests/s, ms of the service, ms of PostgreSQL per request
    local service_ms postgres_ms
    service_ms=$(of_service "${pids[$2]}") postgres_ms=$(of_postgres)
    wrk -t2 -c"$connections" -d"${3}s" --latency -s "$scratch/$1.lua" "${urls[$2]}/graphql" >"$scratch/wrk.log"
    service_ms=$(($(of_service "${pids[$2]}") - service_ms)) postgres_ms=$(($(of_postgres) - postgres_ms))
    ! grep -qE 'Non-2xx|Socket errors' "$scratch/wrk.log" || { cat "$scratch/wrk.log" >&2; return 1; }
    awk -v s="$service_ms" -v p="$postgres_ms" \
        '/requests in/ {n = $1} /Requests\/sec/ {r = $2} /50%/ {m = $2} /99%/ {w = $2} END {printf "%d %.3f %.3f %s %s\n", r, s / n, p / n, m, w}' \
        "$scratch/wrk.log"
}

sql_tps() { # read
    "$PG_BIN/pgbench" -n -M prepared -c "$connections" -j 2 -T "$seconds" -f "$bench/${documents[$1]}.sql" 2>/dev/null |
        awk '/^tps/ {print int($3)}'
}

for each in "${reads[@]}"; do
    rm -f "$scratch/$each".{new,base,pgbench} # of an earlier run, where SCRATCH is kept
    script_of "$each" >"$scratch/$each.lua"
    for version in "${versions[@]}"; do measure "$each" "$version" 3 >/dev/null; done # warm
done
for round in $(seq "$rounds"); do
    for each in "${reads[@]}"; do
        for version in "${versions[@]}"; do
            measured=$(measure "$each" "$version" "$seconds")
            echo "round $round: $each, $version: $measured (requests/s, ms of the service, ms of PostgreSQL, median, 99 %)"
            echo "$measured" >>"$scratch/$each.$version"
        done
        tps=$(sql_tps "$each")
        echo "round $round: $each, pgbench: $tps transactions/s"
        echo "$tps" >>"$scratch/$each.pgbench"
    done
done
column_median() { # file, column
    awk -v c="$2" '{print $c}' "$1" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}
for each in "${reads[@]}"; do
    tps=$(column_median "$scratch/$each.pgbench" 1)
    for version in "${versions[@]}"; do
        file=$scratch/$each.$version
        awk -v e="$each" -v v="$version" -v r="$(column_median "$file" 1)" -v s="$(column_median "$file" 2)" \
            -v p="$(column_median "$file" 3)" -v t="$tps" \
            'BEGIN {printf "%s, %s: %d requests/s, %.1f %% of %d; service %.2f ms, PostgreSQL %.2f ms\n", e, v, r, 100 * r / t, t, s, p}'
    done
done
