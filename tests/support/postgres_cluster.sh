#!/usr/bin/env bash
# A private PostgreSQL cluster for tests: durable as in production, trusting
# every local user, reachable on a free port of the loopback address.
#   tests/support/postgres_cluster.sh start DIR   makes and starts it below DIR
#                                                 and prints its URI
#   tests/support/postgres_cluster.sh stop DIR    stops it and removes it
# DIR is made when it is missing. As root, the server runs as user postgres.
set -euo pipefail

start_seconds=60
stop_seconds=30

fail() {
  echo "postgres_cluster: $*" >&2
  exit 1
}

usage() {
  fail "usage: postgres_cluster.sh start|stop DIR"
}

# The newest server's programs: Debian keeps them outside PATH.
server_programs() {
  local newest
  newest=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null |
    sort -V | tail -n 1)
  [ -n "$newest" ] || newest=$(command -v initdb) ||
    fail "no PostgreSQL server here: run tools/setup"
  dirname "$newest"
}

as_owner() {
  if [ "$(id -u)" = 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

# Below the ports that the kernel hands out by itself.
random_port() { echo $((20000 + RANDOM % 12000)); }

make_cluster() {
  mkdir -p "$dir"
  mkdir "$cluster" || fail "there is something at $cluster already"
  # From here on nothing stays when the start fails.
  trap stop EXIT
  trap 'exit 130' INT TERM
  if [ "$(id -u)" = 0 ]; then
    chmod o+x "$dir"
    chown postgres "$cluster"
    as_owner test -x "$cluster" ||
      fail "user postgres can't reach $cluster: choose a folder it may enter"
  fi
  as_owner "$programs/initdb" -D "$cluster/data" -U postgres -A trust \
    -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions \
    >"$cluster/initdb.log" 2>&1 </dev/null || {
    tail -n 20 "$cluster/initdb.log" >&2
    fail "initdb failed"
  }
  as_owner tee -a "$cluster/data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
full_page_writes = on
synchronous_commit = on
shared_buffers = 128MB
log_line_prefix = '%m [%p] '
END
}

# A port may be taken between the choice and the start: then another one.
start_server() {
  local try
  for try in 1 2 3 4 5 6 7 8; do
    port=$(random_port)
    if as_owner "$programs/pg_ctl" start -w -s -t "$start_seconds" \
      -D "$cluster/data" -l "$cluster/server.log" -o "-p $port" \
      >/dev/null 2>&1 </dev/null; then
      return 0
    fi
    grep -q 'could not bind' "$cluster/server.log" 2>/dev/null || break
  done
  tail -n 20 "$cluster/server.log" >&2 || true
  fail "the server did not start (try $try)"
}

is_running() {
  as_owner "$programs/pg_ctl" status -D "$cluster/data" >/dev/null 2>&1
}

start() {
  make_cluster
  start_server
  trap - EXIT
  echo "postgresql://postgres@127.0.0.1:$port/postgres"
}

stop() {
  local how
  if [ -e "$cluster/data/postmaster.pid" ]; then
    for how in fast immediate; do
      is_running || break
      as_owner "$programs/pg_ctl" stop -w -s -t "$stop_seconds" -m "$how" \
        -D "$cluster/data" >/dev/null 2>&1 || true
    done
    ! is_running || fail "the server below $cluster would not stop"
  fi
  rm -rf "$cluster"
}

[ $# = 2 ] || usage
programs=$(server_programs)
dir=$(realpath -m "$2")
cluster=$dir/cluster
cd /
case "$1" in
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
