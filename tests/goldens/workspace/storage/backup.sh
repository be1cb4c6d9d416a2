#!/usr/bin/env bash
# Copies of the database, and getting rid of old ones.
set -euo pipefail

# Write a compressed dump of the database with the date in its name.
dump_database() {
    local target="$1/backup-$(date +%Y%m%d).sql.gz"
    pg_dump "$DATABASE_URL" | gzip > "$target"
    echo "$target"
}

# Delete dumps that are older than a number of days.
prune_old_backups() {
    find "$1" -name 'backup-*.sql.gz' -mtime "+$2" -delete
}

# Load a dump back into the database.
restore_database() {
    gunzip --stdout "$1" | psql "$DATABASE_URL"
}
