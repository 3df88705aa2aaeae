# Processes of the tests of images, for scripts to source.

started=()

# Starts a command in the background; its process is then in $last.
start() {
  "$@" &
  last=$!
  started+=("$last")
}

# Waits until a URL answers with success, 20 seconds at most. Arguments are those of curl, the URL last.
await() {
  local _
  for _ in $(seq 200); do
    if curl --silent --fail --output /dev/null --max-time 2 "$@"; then return; fi
    sleep 0.1
  done
  echo "error: no answer from ${*: -1}" >&2
  return 1
}

# Asks a process to end, as an engine does, and fails unless it does so within 15 seconds and with success.
end() {
  kill "$1"
  timeout 15 tail --pid="$1" -f /dev/null || { echo "error: process $1 goes on" >&2; return 1; }
  wait "$1"
}

# Ends whatever was started and still runs.
end_all() {
  { kill -9 "${started[@]}" && wait; } 2>/dev/null || true
}
