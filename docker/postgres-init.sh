#!/bin/bash
# Makes the role and the database of the service when the database's volume is new. The role owns its database and
# is no superuser: it cannot read files of the server, nor take the connections that are kept for administrators.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat /run/secrets/database_password`
CREATE ROLE virtual_tagging LOGIN PASSWORD :'password';
-- What callers limited to accounts read with; the service may not make roles.
CREATE ROLE virtual_tagging_reader NOLOGIN;
GRANT virtual_tagging_reader TO virtual_tagging;
CREATE DATABASE virtual_tagging OWNER virtual_tagging;
SQL
