#!/usr/bin/env bash
# Documents that are made to exhaust whoever reads them, by POST, GET, websocket and as persisted queries. Prints how long
# the slowest refusal of each took, and how long other callers wait for the queue's figures meanwhile, beside what they
# wait without. Fails when one is not refused with a code within LIMIT_MS, when the process is not the same afterwards, or
# when it does not answer.
#
# Needs: curl, python3. Takes: ROUNDS (3), LIMIT_MS (50).
. "$(dirname "$0")/lib.sh"
start_service ''
python3 "$bench/bombs.py" "$port" "${ROUNDS:-3}" "${LIMIT_MS:-50}"
is_ready
echo "the same process answers"
