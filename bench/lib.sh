# shellcheck shell=bash
# Prelude of the scripts in bench/, to be sourced: a scratch directory, PostgreSQL, the service, waits and figures. All of
# it is on loopback and unix sockets, and ends with the script that sources it, by the ids of the processes.
#
# Settings of every script: BIN (the program, target/release/virtual-tagging), PG_BIN (PostgreSQL's programs), PG_USER (the
# account of a database server that root starts, nobody), API_PORT (a free one), SCRATCH (a directory that is kept).
# shellcheck disable=SC2034 # what is set here is read by those that source it
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
release=${CARGO_TARGET_DIR:-$bench/../target}/release
BIN=$(realpath -m "${BIN:-$release/virtual-tagging}")
[ -x "$BIN" ] || { echo "$BIN: no such program; cargo build --release, or set BIN" >&2; exit 2; }
if [ -z "${PG_BIN:-}" ]; then PG_BIN=$(pg_config --bindir 2>/dev/null || dirname "$(command -v psql)"); fi
PG_USER=${PG_USER:-nobody}
# Signs the tokens of services that want them.
secret=a-secret-of-thirty-two-bytes-or-more

scratch=${SCRATCH:-$(mktemp -d)}
mkdir -p "$scratch"
# PostgreSQL's account passes through it where root runs the script.
chmod 755 "$scratch"
cluster=$scratch/cluster service='' port='' url=''
declare -A running=()

stop() { # ids of processes that were started here
    local pid
    for pid in "$@"; do
        [ -n "${running[$pid]:-}" ] || continue
        unset "running[$pid]"
        kill -TERM "$pid" 2>/dev/null || continue
        wait "$pid" || true
    done
}

# Runs at the end; a script that has more to put away defines clean_up.
finish() {
    local status=$?
    stop "${!running[@]}"
    [ ! -e "$cluster/postmaster.pid" ] || as_owner "$PG_BIN/pg_ctl" -D "$cluster" -m immediate stop >/dev/null 2>&1 || true
    [ "$status" = 0 ] || tail -n 20 "$scratch/service.log" >&2 2>/dev/null || true
    ! declare -F clean_up >/dev/null || clean_up
    [ -n "${SCRATCH:-}" ] || rm -rf "$scratch"
}
trap finish EXIT

as_owner() {
    if [ "$(id -u)" = 0 ]; then (cd "$scratch" && setpriv --reuid "$PG_USER" --clear-groups "$@"); else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_until() { # seconds, description, command
    local deadline=$((SECONDS + $1)) description=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "waited in vain: $description" >&2; return 1; }
        sleep 0.1
    done
}

# Starts PostgreSQL in $cluster, with settings from stdin; what is there already is used again.
start_postgres() {
    mkdir -p "$cluster" "$scratch/socket"
    if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$cluster" "$scratch/socket"; fi
    [ -e "$cluster/PG_VERSION" ] || as_owner "$PG_BIN/initdb" -D "$cluster" -U bench -A trust >/dev/null
    { printf "listen_addresses = ''\nunix_socket_directories = '%s'\ntimezone = 'UTC'\n" "$scratch/socket" && cat; } \
        >>"$cluster/postgresql.conf"
    touch "$scratch/postgres.log"
    if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$scratch/postgres.log"; fi
    as_owner "$PG_BIN/pg_ctl" -D "$cluster" -l "$scratch/postgres.log" -w start >/dev/null
    export PGHOST=$scratch/socket PGPORT=5432 PGUSER=bench PGDATABASE=bench PGOPTIONS='-c client_min_messages=warning'
}

database_url() { echo "postgres://bench@localhost:5432/$1?host=$scratch/socket"; }

sql() { "$PG_BIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

create_database() { # name; with the service's tables
    sql -d postgres -c "CREATE DATABASE $1"
    DATABASE_URL=$(database_url "$1") "$BIN" migrate up >/dev/null
}

copy_database() { # of one name to another
    sql -d postgres -c "DROP DATABASE IF EXISTS $2" -c "CREATE DATABASE $2 TEMPLATE $1 STRATEGY file_copy" -c CHECKPOINT
}

is_ready() {
    kill -0 "$service" && curl -fs "$url/readyz" >/dev/null 2>&1
}

# Starts the service and waits until it is ready. Takes the URL of its database (none: it runs a PostgreSQL of its own, to
# which sql connects from then on), and further settings.
start_service() {
    local database=$1 data=$scratch/service
    shift
    port=${API_PORT:-$(free_port)} url=http://127.0.0.1:$port
    env -u DATABASE_URL API_HOST=127.0.0.1 API_PORT="$port" ENABLE_SCHEDULER=false DISCOVERY_SOURCES= RUST_LOG=warn \
        RESPONSE_CACHE_BYTES=0 \
        ${database:+DATABASE_URL="$database"} DATA_DIR="$data" "$@" "$BIN" serve >>"$scratch/service.log" 2>&1 &
    service=$!
    running[$service]=1
    wait_until 60 "the service is ready" is_ready
    [ -z "$database" ] || return 0
    # The server says where it listens in its own status file.
    PGHOST=$(sed -n 5p "$data/postgres/postmaster.pid") PGPORT=$(sed -n 4p "$data/postgres/postmaster.pid")
    export PGHOST PGPORT PGUSER=virtual_tagging PGDATABASE=virtual_tagging PGOPTIONS='-c client_min_messages=error'
}

token() { # subject, role, further arguments
    JWT_SECRET=$secret "$BIN" token --sub "$1" --role "$2" --ttl 12h "${@:3}"
}

counters_are_folded() { [ "$(sql -c 'SELECT count(*) FROM tagged_unsure')" = 0 ]; }

now() { echo "$EPOCHREALTIME"; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.2f", b - a}'; }
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# Resident memory of the service at its greatest, in MB.
peak_mb() { awk '/VmHWM/ {printf "%d", $2 / 1024}' "/proc/$service/status"; }

queue_page() { tr -s ' \n' ' ' <"$bench/queue-page.graphql"; }

# Prints the answer to a query. Takes the service's URL and curl's further arguments.
ask() { # query, URL, arguments
    curl -fsS "$2/graphql" -H 'Content-Type: application/json' -d "{\"query\":\"$1\"}" "${@:3}"
}

# Requests per second of the queue page over 32 connections, by wrk. Takes a URL, seconds, and a token or none.
queue_page_rps() {
    cat >"$scratch/post.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
${3:+wrk.headers['Authorization'] = 'Bearer $3'}
wrk.body = '{"query":"$(queue_page)"}'
LUA
    wrk -t2 -c32 -d"${2}s" -s "$scratch/post.lua" "$1/graphql" >"$scratch/wrk.log"
    ! grep -qE 'Non-2xx|Socket errors' "$scratch/wrk.log" || { cat "$scratch/wrk.log" >&2; return 1; }
    awk '/Requests\/sec/ {print int($2)}' "$scratch/wrk.log"
}

check_queue_page() { # URL, curl's arguments
    local answer nodes
    answer=$(ask "$(queue_page)" "$@")
    nodes=$(grep -o '"tagKey"' <<<"$answer" | wc -l)
    [ "$nodes" = 50 ] || { echo "the page has $nodes tags, not 50: ${answer:0:300}" >&2; return 1; }
    echo "$nodes tags, ${#answer} bytes"
}

# Uploads a file as an inventory; prints the answer.
upload() { # file
    # shellcheck disable=SC2016 # GraphQL's variables
    local operations='{"query":"mutation($f: Upload!) { importInventory(input: {file: $f}) { run { id } userErrors { message } } }","variables":{"f":null}}'
    curl -fsS "$url/graphql" -H 'apollo-require-preflight: true' -F operations="$operations" \
        -F 'map={"0":["variables.f"]}' -F "0=@$1"
}
