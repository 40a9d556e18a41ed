# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the tests of the installed packages share. They run the daemon as its own user, on its own port and state folder.
set -eu

url=http://127.0.0.1:8000
password='a long enough password'
daemon=

# wait_for COMMAND…: until it succeeds, at most 30 seconds.
wait_for() {
  for _ in $(seq 150); do
    "$@" && return 0
    sleep 0.2
  done
  echo "not within 30 s: $*" >&2
  return 1
}

as() {
  user=$1
  shift
  setpriv --reuid="$user" --regid="$user" --init-groups env HOME=/ "$@"
}

is_ready() {
  curl -fsS "$url/readyz" >/dev/null 2>&1
}

stop_daemon() {
  [ -n "$daemon" ] || return 0
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" || true
  daemon=
}

# start_daemon [VARIABLE=VALUE]…
start_daemon() {
  # Not by as(): of a function in the background the process would be a shell.
  setpriv --reuid=annotationd --regid=annotationd --init-groups env HOME=/ "$@" annotationd &
  daemon=$!
  trap stop_daemon EXIT
  wait_for is_ready
}

# add_account [VARIABLE=VALUE]…
add_account() {
  echo "$password" | as annotationd "$@" annotationctl user add ada --role annotator --role admin --password-stdin
}

# check FILTER JSON: fails unless what the filter says of it is true. Unlike jq -e also where there is no JSON at all.
check() {
  [ "$(printf '%s' "$2" | jq -r "$1")" = true ] || {
    echo "not $1: $2" >&2
    return 1
  }
}

sign_in() {
  answer=$(curl -fsS --data-urlencode username=ada --data-urlencode "password=$password" "$url/api/v1/login")
  token=$(printf '%s' "$answer" | jq -r .access_token)
}

# api PATH [JSON]
api() {
  if [ $# -gt 1 ]; then
    curl -fsS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d "$2" "$url/api/v1/$1"
  else
    curl -fsS -H "Authorization: Bearer $token" "$url/api/v1/$1"
  fi
}

example() {
  printf '{"event_id":"%s","camera_id":"c1","timestamp":"2026-11-23T08:00:00Z"}' "$1"
}

# has_example ID STATUS
has_example() {
  answer=$(api "examples/$1" 2>/dev/null) && check ".status == \"$2\"" "$answer" 2>/dev/null
}

# label ID
label() {
  answer=$(api "examples/$1/label" '{"corrected_detections":[]}')
  check ".example_id == \"$1\"" "$answer"
}
