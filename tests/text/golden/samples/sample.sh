#!/usr/bin/env bash
# Deploys the site.
set -euo pipefail

source ./lib.sh

TARGET="${1:-/srv}"

# Copies the files.
copy_files() {
  local from="$1"
  cp -r "$from" "$TARGET"
}

function restart_server {
  systemctl restart web
}

copy_files build
restart_server

# Clean up.
cleanup () (
  rm -rf "$TARGET/tmp"
)
