#!/usr/bin/env bash
# 100,000 rows of CSV are imported while PostgreSQL is stopped with immediate 5 times.
exec "$(dirname "$0")/run" postgres::import
