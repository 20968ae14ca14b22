#!/usr/bin/env bash
# A MongoDB-compatible server for the tests: FerretDB v1 over SQLite, on loopback, built from source by Go.
#
#   scripts/ferretdb.sh start DIR   builds when absent, starts it with its files in DIR, prints the mongodb:// URL
#   scripts/ferretdb.sh stop DIR    stops the one that was started with DIR
#   . scripts/ferretdb.sh           defines ferretdb_start and ferretdb_stop for other scripts
#
# Without Go, `start` says on standard error that MongoDB runs are skipped, prints nothing and exits 0.

ferretdb_version=v1.24.2

ferretdb_start() {
  local dir=$1 source binary pid
  if ! command -v go >/dev/null; then
    echo 'Go is not installed here: no FerretDB, runs against MongoDB are skipped.' >&2
    return 0
  fi
  source="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/ferretdb"
  binary="$(go env GOBIN)"
  binary="${binary:-$(go env GOPATH)/bin}/landfall-ferretdb-$ferretdb_version"
  if [ ! -x "$binary" ]; then
    echo "Building FerretDB $ferretdb_version (once, some minutes)…" >&2
    if ! (cd "$source" && go build -buildvcs=false -trimpath -tags ferretdb_no_postgresql -o "$binary" .) >&2; then
      echo 'FerretDB could not be built: runs against MongoDB are skipped.' >&2
      return 0
    fi
  fi
  mkdir -p "$dir/data"
  : >"$dir/url"
  "$binary" -dir "$dir/data" >"$dir/url" 2>"$dir/log" </dev/null &
  pid=$!
  echo "$pid" >"$dir/pid"
  # It prints its URL once it listens.
  for _ in $(seq 1 300); do
    if [ -s "$dir/url" ]; then
      # Its updates are not atomic when they come over several connections, so each client keeps to one.
      echo "$(head -n 1 "$dir/url")?maxPoolSize=1"
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  echo 'FerretDB did not start:' >&2
  cat "$dir/log" >&2
  kill "$pid" 2>/dev/null
  return 1
}

ferretdb_stop() {
  local dir=$1 pid
  [ -s "$dir/pid" ] || return 0
  pid=$(cat "$dir/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 1 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  rm -f "$dir/pid"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -eu
  case "${1:-}" in
    start) ferretdb_start "${2:?a folder for its files}" ;;
    stop) ferretdb_stop "${2:?the folder it was started with}" ;;
    *)
      echo "usage: $0 start DIR | stop DIR" >&2
      exit 2
      ;;
  esac
fi
