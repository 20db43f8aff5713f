#!/usr/bin/env bash
# One viewer who does the worst at every entry point in turn, while an approver asks for a page of the queue. Prints for
# each the approver's median and p99 without and beside the attack, the process' greatest resident memory, and what the
# attacker got for an answer. Fails when a median is 5 times the calm one or more, a p99 is 500 ms or more, the process
# takes 300 MB or more, or the approver is refused. Attackers are niced, for they share the machine with what they attack.
#
# Needs: psql, curl, python3, and as many open files as connections are opened (2,000).
# Takes: SECONDS_EACH (60), CALM_SECONDS (10), RESOURCES (50000, three tags each), DOORS (all; names by blanks).
. "$(dirname "$0")/lib.sh"
ulimit -n "$(ulimit -Hn)"
start_service '' JWT_SECRET="$secret" RUST_LOG=error
sql -v n="${RESOURCES:-50000}" -f "$bench/rows.sql"
read -ra doors <<<"${DOORS:-}"
python3 "$bench/hostile_viewer.py" "$port" "$service" "$(token mallory viewer)" "$(token ann approver)" \
    "${SECONDS_EACH:-60}" "${CALM_SECONDS:-10}" "${doors[@]}"
