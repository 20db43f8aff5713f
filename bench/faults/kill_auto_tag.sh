#!/usr/bin/env bash
# 50,000 resources are auto-tagged while the process is killed 20 times.
exec "$(dirname "$0")/run" kill::auto_tag
