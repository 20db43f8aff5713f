#!/usr/bin/env bash
# CSV at size, on the PostgreSQL that the service runs for itself: an import beside a plain COPY of the same rows into a
# copy of `resources` with the same indexes and constraints, and an export beside a plain COPY of the same columns.
# Both take turns, so that a machine that slows down slows both. Also: the way back changes nothing, a second export
# equals the first, and the most memory that the service's process had.
#
# The service that is measured serves and works; its scheduler is off, and auto-tagging, which follows each import by
# itself, is kept away: a trigger puts such runs a day ahead.
#
# Needs: the release binary, psql, curl, awk. Takes: ROWS (1000000), ROUNDS (1), BIN.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rows=${ROWS:-1000000} rounds=${ROUNDS:-1}
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
port=${API_PORT:-8791}
data=$(mktemp -d)
cleanup() {
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$data"
}
env -u DATABASE_URL DATA_DIR="$data" API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
    UPLOAD_MAX_BYTES=4294967296 RUST_LOG=warn "$bin" serve >"$data/service.log" 2>&1 &
service=$!
trap cleanup EXIT
for _ in $(seq 100); do
    curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null
socket=$(sed -n 5p "$data"/postgres/postmaster.pid)
export PGOPTIONS="-c client_min_messages=error" PGHOST=$socket PGUSER=virtual_tagging PGDATABASE=virtual_tagging PGPORT=$(sed -n 4p "$data"/postgres/postmaster.pid)
q() { psql -qXAt -v ON_ERROR_STOP=1 "$@"; }
q -c "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.run_at := now() + interval ''1 day''; RETURN NEW; END'" \
    -c "CREATE TRIGGER later BEFORE INSERT ON scheduler_jobs FOR EACH ROW WHEN (NEW.job_name = 'auto_tag')
          EXECUTE FUNCTION later()"
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN {printf "%.1f", b - a}'; }
peak() { awk '/VmHWM/ {printf "%d", $2 / 1024}' "/proc/$service/status"; }
# Forgets the peak so far.
reset_peak() { echo 5 >"/proc/$service/clear_refs" 2>/dev/null || true; }

awk -v n="$rows" 'BEGIN {
    split("aws gcp azure", cloud, " "); split("ec2/instance storage/bucket compute/vm rds/db lambda/function", type, " ")
    printf "cloud,account_id,resource_type,resource_id,name,region,created_at,native_tags\r\n"
    for (i = 1; i <= n; i++) {
        c = cloud[i % 3 + 1]; a = 100000000000 + i % 200; t = type[i % 5 + 1]
        printf "%s,%d,%s,arn:%s:%s:eu-west-%d:%d:%08x,web-%d-prod,eu-west-%d,2024-%02d-%02dT%02d:%02d:%02dZ,", c, a, t, c, t, i % 3, a, (i * 2654435761) % 4294967296, i, i % 3, i % 12 + 1, i % 28 + 1, i % 24, i % 60, i * 7 % 60
        printf "\"{\"\"Env\"\":\"\"prd\"\",\"\"Owner\"\":\"\"team-%d\"\",\"\"cost-center\"\":\"\"cc-%d\"\"}\"\r\n", i % 50, i % 90
    }
}' >"$data/in.csv"
echo "file: $rows rows, $(du -m "$data/in.csv" | cut -f1) MB"

# Uploads a file; prints the run's key.
upload() {
    local operations='{"query":"mutation($f: Upload!) { importInventory(input: {file: $f}) { run { id } userErrors { message } } }","variables":{"f":null}}'
    curl -fsS "http://127.0.0.1:$port/graphql" -H 'apollo-require-preflight: true' -F operations="$operations" \
        -F 'map={"0":["variables.f"]}' -F "0=@$1" >"$data/answer"
    q -c "SELECT max(id) FROM scheduler_jobs WHERE job_name = 'import' AND recruited_by IS NULL"
}
await() {
    while [ "$(q -c "SELECT finished_at IS NULL FROM scheduler_jobs WHERE id = $1")" = t ]; do sleep 0.2; done
    q -c "SELECT status || ' ' || counts || coalesce(' ' || error, '') FROM scheduler_jobs WHERE id = $1"
}
took() { q -c "SELECT round(extract(epoch FROM finished_at - started_at)::numeric, 1) FROM scheduler_jobs WHERE id = $1"; }

for round in $(seq "$rounds"); do
    q -c "TRUNCATE resources RESTART IDENTITY CASCADE; DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE resources INCLUDING ALL)"
    columns="cloud, account_id, resource_type, resource_id, name, region, created_at, native_tags"
    q -c "ALTER TABLE plain ALTER discovered_by SET DEFAULT 'bench'"
    at=$(now)
    q -c "\\copy plain ($columns) FROM '$data/in.csv' (FORMAT csv, HEADER)"
    copy_in=$(since "$at")
    q -c "DROP TABLE plain"
    reset_peak
    at=$(now)
    run=$(upload "$data/in.csv")
    uploaded=$(since "$at")
    ended=$(await "$run")
    import=$(took "$run")
    echo "round $round: COPY $copy_in s; import $import s, upload $uploaded s before it; peak $(peak) MB; $ended"
    awk -v c="$copy_in" -v i="$import" -v u="$uploaded" 'BEGIN {printf "import: %.2f of the rate of COPY; with the upload %.2f\n", c / i, c / (i + u)}'

    q -c "VACUUM ANALYZE resources"
    reset_peak
    at=$(now)
    q -c "COPY (SELECT $columns FROM resources WHERE retired_at IS NULL ORDER BY id) TO STDOUT (FORMAT csv)" >"$data/plain.csv"
    copy_out=$(since "$at")
    at=$(now)
    curl -fsS "http://127.0.0.1:$port/csv/export" >"$data/one.csv"
    export=$(since "$at")
    awk -v c="$copy_out" -v e="$export" -v m="$(peak)" 'BEGIN {printf "export: COPY %.1f s, export %.1f s, %.2f of its rate; peak %d MB\n", c, e, c / e, m}'
done

versions="SELECT sum(xmin::text::bigint) FROM resources"
before=$(q -c "$versions")
reset_peak
run=$(upload "$data/one.csv")
ended=$(await "$run")
echo "the export imported again: $(took "$run") s; peak $(peak) MB; $ended"
[ "$before" = "$(q -c "$versions")" ] || { echo "rows were written" >&2; exit 1; }
curl -fsS "http://127.0.0.1:$port/csv/export" >"$data/two.csv"
cmp "$data/one.csv" "$data/two.csv"
echo "no row was written, and the second export equals the first"
