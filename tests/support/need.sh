#!/usr/bin/env bash
# Installs what brings a command, unless the command is there.
#
#   tests/support/need.sh COMMAND PACKAGE …    the packages as Debian and Ubuntu name them
set -euo pipefail

command=$1
shift
here() { command -v "$command" >/dev/null 2>&1; }

here && exit
if command -v apt-get >/dev/null; then
  echo "installing $* (the tests need \`$command\`)" >&2
  root=$([ "$(id -u)" = 0 ] || echo "sudo -n")
  # Whatever goes wrong here, the last line says what is missing.
  { $root apt-get update -q && $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qy --no-install-recommends "$@"; } >&2 || true
fi
here || { echo "\`$command\` is missing: install $*" >&2; exit 1; }
