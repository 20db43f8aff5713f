#!/usr/bin/env bash
# Of 3 processes one is frozen for 90 s in the middle of a chunk, and continued.
exec "$(dirname "$0")/run" replicas::frozen
