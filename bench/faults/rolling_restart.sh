#!/usr/bin/env bash
# 3 replicas are restarted in turn under load, 10 times each.
exec "$(dirname "$0")/run" rolling::restart
