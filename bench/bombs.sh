#!/usr/bin/env bash
# Sends documents that are made to exhaust whoever reads them, to a release build, by POST, GET, websocket and as
# persisted queries. Prints how long the slowest refusal of each took, and how long other callers wait for the queue's
# figures meanwhile, beside what they wait without. Fails when one is not refused with a code within LIMIT_MS, when the
# process is not the same afterwards, or when it does not answer.
#
# Needs: the release binary, curl and python3.
# Takes: ROUNDS (3), LIMIT_MS (50), BIN (target/release/virtual-tagging).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-${CARGO_TARGET_DIR:-$here/../target}/release/virtual-tagging}
port=${API_PORT:-8791}

data=$(mktemp -d)
cleanup() {
    kill -TERM "$service" 2>/dev/null && wait "$service" 2>/dev/null || true
    rm -rf "$data"
}
env -u DATABASE_URL DATA_DIR="$data" API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= \
    RUST_LOG=warn "$bin" serve >"$data/service.log" 2>&1 &
service=$!
trap cleanup EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
    sleep 0.2
done
curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null
python3 "$here/bombs.py" "$port" "${ROUNDS:-3}" "${LIMIT_MS:-50}"
kill -0 "$service" && curl -fsS "http://127.0.0.1:$port/readyz" >/dev/null
echo "the same process answers"
