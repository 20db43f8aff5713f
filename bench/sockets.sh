#!/usr/bin/env bash
# Clients that send their headers a byte at a time, and idle websockets: what a websocket costs, and how quickly /healthz
# answers beside them all. Fails when p99 is 50 ms or more, or a websocket takes more than 50 KB.
#
# Needs: curl, python3, and permission for as many open files. Takes: SLOW (1000), IDLE (5000), SECONDS_LONG (20).
. "$(dirname "$0")/lib.sh"
ulimit -n "$(ulimit -Hn)"
start_service '' JWT_SECRET="$secret" ENABLE_SCHEDULER=true
python3 "$bench/sockets.py" "$port" "$service" "$(token bench viewer)" "${SLOW:-1000}" "${IDLE:-5000}" "${SECONDS_LONG:-20}"
