#!/usr/bin/env bash
# CSV at size, on the PostgreSQL that the service runs for itself: an import beside a plain COPY of the same rows into a
# copy of `resources` with the same indexes and constraints, and an export beside a plain COPY of the same columns.
# Both take turns, so that a machine that slows down slows both. Also: the way back changes nothing, a second export
# equals the first, and the most memory that the service's process had.
#
# The service that is measured serves and works; its scheduler is off, and auto-tagging, which follows each import by
# itself, is kept away: a trigger puts such runs a day ahead.
#
# Needs: psql, curl, awk. Takes: ROWS (1000000), ROUNDS (1).
. "$(dirname "$0")/lib.sh"
rows=${ROWS:-1000000} rounds=${ROUNDS:-1}
start_service '' UPLOAD_MAX_BYTES=4294967296
sql -c "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.run_at := now() + interval ''1 day''; RETURN NEW; END'" \
    -c "CREATE TRIGGER later BEFORE INSERT ON scheduler_jobs FOR EACH ROW WHEN (NEW.job_name = 'auto_tag')
          EXECUTE FUNCTION later()"
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
}' >"$scratch/in.csv"
echo "file: $rows rows, $(du -m "$scratch/in.csv" | cut -f1) MB"

# Uploads a file; prints the run's key.
import() {
    upload "$1" >"$scratch/answer"
    sql -c "SELECT max(id) FROM scheduler_jobs WHERE job_name = 'import' AND recruited_by IS NULL"
}
has_ended() { [ "$(sql -c "SELECT finished_at IS NOT NULL FROM scheduler_jobs WHERE id = $1")" = t ]; }
await() {
    wait_until 3600 "the end of run $1" has_ended "$1"
    sql -c "SELECT status || ' ' || counts || coalesce(' ' || error, '') FROM scheduler_jobs WHERE id = $1"
}
took() { sql -c "SELECT round(extract(epoch FROM finished_at - started_at)::numeric, 1) FROM scheduler_jobs WHERE id = $1"; }

for round in $(seq "$rounds"); do
    sql -c "TRUNCATE resources RESTART IDENTITY CASCADE; DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE resources INCLUDING ALL)"
    columns="cloud, account_id, resource_type, resource_id, name, region, created_at, native_tags"
    sql -c "ALTER TABLE plain ALTER discovered_by SET DEFAULT 'bench'"
    at=$(now)
    sql -c "\\copy plain ($columns) FROM '$scratch/in.csv' (FORMAT csv, HEADER)"
    copy_in=$(since "$at")
    sql -c "DROP TABLE plain"
    reset_peak
    at=$(now)
    run=$(import "$scratch/in.csv")
    uploaded=$(since "$at")
    ended=$(await "$run")
    import=$(took "$run")
    echo "round $round: COPY $copy_in s; import $import s, upload $uploaded s before it; peak $(peak_mb) MB; $ended"
    awk -v c="$copy_in" -v i="$import" -v u="$uploaded" 'BEGIN {printf "import: %.2f of the rate of COPY; with the upload %.2f\n", c / i, c / (i + u)}'

    sql -c "VACUUM ANALYZE resources"
    reset_peak
    at=$(now)
    sql -c "COPY (SELECT $columns FROM resources WHERE retired_at IS NULL ORDER BY id) TO STDOUT (FORMAT csv)" >"$scratch/plain.csv"
    copy_out=$(since "$at")
    at=$(now)
    curl -fsS "$url/csv/export" >"$scratch/one.csv"
    export=$(since "$at")
    awk -v c="$copy_out" -v e="$export" -v m="$(peak_mb)" 'BEGIN {printf "export: COPY %.1f s, export %.1f s, %.2f of its rate; peak %d MB\n", c, e, c / e, m}'
done

versions="SELECT sum(xmin::text::bigint) FROM resources"
before=$(sql -c "$versions")
reset_peak
run=$(import "$scratch/one.csv")
ended=$(await "$run")
echo "the export imported again: $(took "$run") s; peak $(peak_mb) MB; $ended"
[ "$before" = "$(sql -c "$versions")" ] || { echo "rows were written" >&2; exit 1; }
curl -fsS "$url/csv/export" >"$scratch/two.csv"
cmp "$scratch/one.csv" "$scratch/two.csv"
echo "no row was written, and the second export equals the first"
