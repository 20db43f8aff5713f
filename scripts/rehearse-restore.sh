#!/usr/bin/env bash
# Rehearses a restore: dumps a database, restores the dump into a new cluster as "Backup" in docs/operations.md says, starts the service
# there and checks what came of it. Fails when anything is missing. The database may be in use; nothing is changed in it.
#
#   DATABASE_URL=postgres://... scripts/rehearse-restore.sh
#   DATABASE_URL=postgres://... KEEP=/backup/2026-11-28 scripts/rehearse-restore.sh     and keep the dump
#
# Needs: the service's binary (BIN), and PostgreSQL's programs (PG_BIN) of the server's major version or newer. The role of
# DATABASE_URL must own the tables. As root, the new cluster runs as the user PG_USER.
# Takes: KEEP (a directory for the dump), PG_PORT and API_PORT of the new cluster and service, TMPDIR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source_url=${DATABASE_URL:?set DATABASE_URL to the database to dump}
BIN=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
PG_BIN=${PG_BIN:-$(pg_config --bindir)} PG_USER=${PG_USER:-nobody} PG_PORT=${PG_PORT:-54395} API_PORT=${API_PORT:-18095}

scratch=$(mktemp -d)
chmod 755 "$scratch"
mkdir "$scratch/data" "$scratch/socket"
dump=${KEEP:-$scratch}/virtual-tagging.dump
as_owner() { if [ "$(id -u)" = 0 ]; then (cd "$scratch" && setpriv --reuid "$PG_USER" --clear-groups "$@"); else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/data" "$scratch/socket"; fi
service=
finish() {
    if [ -n "$service" ] && kill "$service"; then wait "$service" || true; fi
    as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
say() { printf '== %s\n' "$*"; }
sql() { "$PG_BIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }
began=$(date +%s)

# Rows of each table, as one statement.
count_rows="SELECT string_agg(format('SELECT %L, count(*) FROM %I.%I', schemaname || '.' || tablename, schemaname, tablename),
    ' UNION ALL ' ORDER BY schemaname, tablename) || ' ORDER BY 1'
    FROM pg_tables WHERE schemaname IN ('public', 'apalis')"

say "dumping"
# One snapshot for the dump and for what it is compared with.
coproc SOURCE { sql "$source_url"; }
ask() { printf '%s\n' "$1" '\echo end' >&"${SOURCE[1]}" && while read -r line <&"${SOURCE[0]}" && [ "$line" != end ]; do echo "$line"; done; }
snapshot=$(ask 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();')
[ -n "$snapshot" ] || fail "the database cannot be read"
owner=$(ask 'SELECT current_user;')
# What a new cluster must be ahead of: transaction ids order the events, and a dump carries them along.
epoch=$(ask 'SELECT div(pg_snapshot_xmax(pg_current_snapshot())::text::numeric, 4294967296) + 1;')
rows=$(ask "$count_rows \\gexec")
account=$(ask 'SELECT account_id FROM resources LIMIT 1;')
"$PG_BIN/pg_dump" --format=custom --snapshot="$snapshot" --file="$dump" --dbname="$source_url"
ask 'COMMIT;' >/dev/null

say "making a cluster, $epoch * 2^32 transactions ahead"
as_owner "$PG_BIN/initdb" -D "$scratch/data" -U postgres -A trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
as_owner "$PG_BIN/pg_resetwal" -e "$epoch" "$scratch/data" >/dev/null
cat >>"$scratch/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$scratch/socket'
port = $PG_PORT
CONF
as_owner "$PG_BIN/pg_ctl" -D "$scratch/data" -l "$scratch/data/log" -w start >/dev/null
target="postgres://localhost:$PG_PORT/virtual_tagging?host=$scratch/socket&user=$owner"
sql -h "$scratch/socket" -p "$PG_PORT" -U postgres -d postgres -v owner="$owner" <<'SQL'
CREATE ROLE :"owner" LOGIN;
CREATE ROLE virtual_tagging_reader NOLOGIN;
GRANT virtual_tagging_reader TO :"owner";
CREATE DATABASE virtual_tagging OWNER :"owner";
SQL

say "restoring $(du -h "$dump" | cut -f 1)"
"$PG_BIN/pg_restore" --exit-on-error --no-owner --dbname="$target" "$dump"
sql "$target" -c 'ANALYZE'

say "checking"
restored=$(sql "$target" <<<"$count_rows \\gexec")
[ "$rows" = "$restored" ] || fail "rows differ: $(diff <(echo "$rows") <(echo "$restored"))"
export DATABASE_URL=$target
if "$BIN" migrate up | grep -v '^applied'; then fail "not all migrations are applied"; fi
"$BIN" audit verify >"$scratch/verdict" || fail "the audit trail: $(cat "$scratch/verdict")"
[ -z "$(sql "$target" -c 'SELECT * FROM counters_check()')" ] || fail "the counters are wrong"
[ "$(sql "$target" -c "SELECT pg_current_xact_id() > coalesce(max(xid), '0') FROM tag_audit")" = t ] ||
    fail "the cluster's transaction ids are not ahead of the events'"
if [ -n "$account" ]; then
    of_account="SELECT count(*) FROM resources WHERE account_id = '${account//\'/\'\'}'"
    limited=$(PGOPTIONS="-c role=virtual_tagging_reader" sql "$target" -v accounts="$account" <<SQL
SELECT set_config('virtual_tagging.accounts', ARRAY[:'accounts']::text, false) \\g /dev/null
$of_account;
SQL
    )
    [ "$limited" = "$(sql "$target" -c "$of_account")" ] || fail "a caller limited to $account sees $limited resources of it"
fi
JWT_SECRET=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') API_PORT=$API_PORT ENABLE_WORKERS=false ENABLE_SCHEDULER=false \
    DISCOVERY_SOURCES='' "$BIN" serve >"$scratch/service.log" 2>&1 &
service=$!
for _ in $(seq 300); do
    API_PORT=$API_PORT "$BIN" health >"$scratch/health" 2>/dev/null && break
    kill -0 "$service" 2>/dev/null || { service=; fail "the service ended: $(tail -n 5 "$scratch/service.log")"; }
    sleep 0.1
done
grep -q '"ready":true' "$scratch/health" || fail "not ready: $(cat "$scratch/health")"
say "restored and ready: $(echo "$rows" | awk -F '|' '{n += $2} END {print n}') rows of $(echo "$rows" | wc -l) tables, in $(($(date +%s) - began)) s"
