#!/usr/bin/env bash
# 100 ticks of a schedule with 3 processes.
exec "$(dirname "$0")/run" replicas::ticks
