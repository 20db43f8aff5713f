#!/usr/bin/env bash
# 100,000 rows of CSV are imported while the process is killed 20 times.
exec "$(dirname "$0")/run" kill::import
