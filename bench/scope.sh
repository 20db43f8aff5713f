#!/usr/bin/env bash
# Asks, as a caller who is limited to a hundredth of all tags, for values that nobody has, that a few tags elsewhere have
# and that a great many elsewhere have, by every field and filter in turn. Fails when an answer differs between the three
# (counts, flags, pages), or when the medians of their times are further apart than LIMIT allows.
#
# Needs: a built service, psql (Debian: postgresql) and Python 3.
# Takes: TAGS (200000), TRIES (200, of each), LIMIT (1.2), BIN (target/release/virtual-tagging), ONLY (a part of a case's name).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
export API_PORT=${API_PORT:-8794} JWT_SECRET=a-secret-of-thirty-two-bytes-or-more
accounts=account-7,account-999,account-tiny

data=$(mktemp -d)
cleanup() {
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$data"
}
env -u DATABASE_URL DATA_DIR="$data" API_HOST=127.0.0.1 ENABLE_SCHEDULER=false ENABLE_WORKERS=false DISCOVERY_SOURCES= \
    RATE_LIMIT_COST=0 RUST_LOG=warn "$bin" serve >"$data/service.log" 2>&1 &
service=$!
trap cleanup EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$API_PORT/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$API_PORT/readyz" >/dev/null || { cat "$data/service.log" >&2; exit 1; }

# The server says where it listens in its own status file.
socket=$(sed -n 5p "$data"/postgres/postmaster.pid)
export PGHOST=$socket PGUSER=virtual_tagging PGDATABASE=virtual_tagging PGPORT=$(sed -n 4p "$data"/postgres/postmaster.pid)
export PGOPTIONS='-c client_min_messages=error'
psql() { command psql -qXAt -v ON_ERROR_STOP=1 "$@"; }
psql -v n="$((${TAGS:-200000} / 30 * 10))" -f "$here/rows.sql"
psql -v accounts="{$accounts}" -f "$here/scope.sql"
# What the counters have not folded in yet, they fold now.
while [ "$(psql -c 'SELECT count(*) FROM tagged_unsure')" != 0 ]; do sleep 1; done
psql -c 'VACUUM ANALYZE'
psql -c "SELECT count(*) || ' tags, of which the caller sees ' || count(*) FILTER (WHERE account_id = ANY ('{$accounts}'))
    FROM virtual_tags"
TOKEN=$("$bin" token --sub limited --role admin --accounts "$accounts" --ttl 8h) python3 "$here/scope.py"
