#!/usr/bin/env bash
# Decisions told to many subscribers, who share the machine with the service, PostgreSQL and the one that decides.
# Fails when an event is lost, doubled or out of order; prints the delays from before a decision's transaction until
# its event was read by each subscriber, and the memory of the service.
#
# Takes: FAN_OUT_SUBSCRIBERS (2000), FAN_OUT_EVENTS (20000), FAN_OUT_RATE (500 events a second).
set -euo pipefail
cd "$(dirname "$0")/../.."
export FAN_OUT_SUBSCRIBERS=${FAN_OUT_SUBSCRIBERS:-2000} FAN_OUT_EVENTS=${FAN_OUT_EVENTS:-20000}
export FAN_OUT_RATE=${FAN_OUT_RATE:-500}
# A socket for each subscriber, in both processes.
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge $((FAN_OUT_SUBSCRIBERS + 1000)) ] ||
    ulimit -n $((FAN_OUT_SUBSCRIBERS + 1000))
cargo test --release --test it -- --nocapture --exact faults::fan_out::every_subscriber_is_told_every_decision_once_and_in_order
