#!/usr/bin/env bash
# 50,000 resources are auto-tagged while PostgreSQL is stopped with immediate 5 times.
exec "$(dirname "$0")/run" postgres::auto_tag
