#!/usr/bin/env bash
# 100,000 tags are approved by one filter while PostgreSQL is stopped with immediate 5 times.
exec "$(dirname "$0")/run" postgres::bulk
