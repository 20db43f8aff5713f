#!/usr/bin/env bash
# Values that nobody has, that a few tags elsewhere have and that a great many elsewhere have, asked for by a caller who is
# limited to a hundredth of all tags, by every field and filter in turn. Fails when an answer differs between the three
# (counts, flags, pages), or when the medians of their times are further apart than LIMIT allows.
#
# Needs: psql, curl, python3. Takes: TAGS (200000), TRIES (200, of each), LIMIT (1.2), ONLY (a part of a case's name).
. "$(dirname "$0")/lib.sh"
accounts=account-7,account-999,account-tiny
start_service '' JWT_SECRET="$secret" ENABLE_WORKERS=false RATE_LIMIT_COST=0
sql -v n="$((${TAGS:-200000} / 3))" -f "$bench/rows.sql"
sql -v accounts="{$accounts}" -f "$bench/scope.sql"
wait_until 300 "the counters are folded" counters_are_folded
sql -c 'VACUUM ANALYZE'
sql -c "SELECT count(*) || ' tags, of which the caller sees ' || count(*) FILTER (WHERE account_id = ANY ('{$accounts}'))
    FROM virtual_tags"
API_PORT=$port TOKEN=$(token limited admin --accounts "$accounts") python3 "$bench/scope.py"
