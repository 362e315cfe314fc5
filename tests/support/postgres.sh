#!/usr/bin/env bash
# A private PostgreSQL cluster for tests, on a free loopback port, run by an unprivileged user.
#
#   tests/support/postgres.sh start DIR    starts one in DIR and prints its URL
#   tests/support/postgres.sh stop DIR     stops it and deletes DIR
#
# ./test starts and stops its own. To keep one between runs:
#   export GALLRA_TEST_POSTGRES=$(tests/support/postgres.sh start /tmp/gallra-postgres)
set -euo pipefail

fail() { echo "postgres.sh: $*" >&2; exit 1; }

# The newest installed server of version 15 or later; empty when there is none.
server_binaries() {
  local dir
  for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
             "$(pg_config --bindir 2>/dev/null || true)" "$(dirname "$(command -v initdb || echo /)")"; do
    [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] || continue
    [ "$("$dir/initdb" --version | grep -oE '[0-9]+' | head -1)" -ge 15 ] || continue
    echo "$dir"
    return
  done
}

install_server() {
  echo "installing PostgreSQL (15 or later is needed for the tests)" >&2
  local root=""
  [ "$(id -u)" = 0 ] || root="sudo -n"
  if command -v apt-get >/dev/null; then
    $root apt-get update -q >&2
    # Without this the package would start a cluster of its own, which nobody asked for.
    $root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
      echo "create_main_cluster = false" | $root tee /etc/postgresql-common/createcluster.conf >/dev/null
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >&2
  elif command -v dnf >/dev/null; then
    $root dnf install -y postgresql-server >&2
  elif command -v apk >/dev/null; then
    $root apk add postgresql >&2
  else
    fail "PostgreSQL 15 or later is missing: install its server package"
  fi
}

# initdb refuses to run as root, so root hands over to the user `postgres`.
as_user() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  id postgres >/dev/null 2>&1 || useradd --system --no-create-home postgres
  (cd / && setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups "$@")
}

free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no free port found on 127.0.0.1"
}

start() {
  local dir=$1 bin port
  [ ! -e "$dir/data" ] || fail "$dir is in use: stop it first or name another directory"
  bin=$(server_binaries)
  if [ -z "$bin" ]; then
    install_server || true # Whatever went wrong, the next line says what is missing.
    bin=$(server_binaries)
  fi
  [ -n "$bin" ] || fail "PostgreSQL 15 or later is missing: install its server package"
  mkdir -p "$dir"
  [ "$(id -u)" != 0 ] || { as_user true; chown postgres "$dir"; }
  as_user "$bin/initdb" --pgdata="$dir/data" --username=gallra --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$dir/initdb.log" 2>&1 || fail "initdb failed: $(tail -3 "$dir/initdb.log")"
  # Tests kill our processes, never this server or the machine: fsync would prove nothing and cost
  # minutes. Benchmarks ask for it: GALLRA_POSTGRES_FSYNC=on.
  cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 600
fsync = ${GALLRA_POSTGRES_FSYNC:-off}
shared_buffers = 128MB
max_locks_per_transaction = 256
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
checkpoint_timeout = 30min
max_wal_size = 2GB
autovacuum_naptime = 10min
log_min_messages = panic
CONF
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    if as_user "$bin/pg_ctl" --pgdata="$dir/data" --options="-p $port" --log="$dir/server.log" \
      --wait --silent start >/dev/null 2>&1; then
      echo "postgres://gallra@127.0.0.1:$port/postgres"
      return
    fi
  done
  fail "the server does not start: $(tail -5 "$dir/server.log")"
}

stop() {
  local dir=$1 bin
  bin=$(server_binaries)
  if [ -e "$dir/data/postmaster.pid" ]; then
    as_user "$bin/pg_ctl" --pgdata="$dir/data" --mode=immediate --wait --silent stop || true
  fi
  rm -rf "$dir"
}

case "${1:-} ${2:+dir}" in
  "start dir") start "$2" ;;
  "stop dir") stop "$2" ;;
  *) fail "usage: postgres.sh start|stop DIR" ;;
esac
