#!/usr/bin/env bash
# Runs real coding agents (pinned, from npm) headless through pg against a fake provider, and prints a table agent x turn.
# By hand, not in CI: it downloads about a gigabyte and takes some minutes.
#   PG_BINARY=build/release/pg tests/e2e/agents/run.sh [AGENT…]     AGENT: the beginning of a name in agents.mjs
#   PG_DIRECT=1 tests/e2e/agents/run.sh [AGENT…]                    the agents against the fake alone, to judge the fake
# PG_AGENTS_DIR (default: a directory under TMPDIR) keeps the packages; PG_VERBOSE=1 prints all output; PG_AGENT_LIMIT=90 seconds a turn.
# Needs node and, to be sure that nothing leaves the machine, unshare(1) as root: the agents see loopback only.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PG_AGENTS_DIR=${PG_AGENTS_DIR:-${TMPDIR:-/tmp}/pg-agents}
if [[ -n ${PG_DIRECT:-} ]]; then
  unset PG_BINARY
else
  [[ -x ${PG_BINARY:-} ]] || { echo "run.sh: PG_BINARY must name the pg binary" >&2; exit 2; }
  PG_BINARY=$(cd "$(dirname "$PG_BINARY")" && pwd)/$(basename "$PG_BINARY")
  export PG_BINARY
fi
command -v node > /dev/null || { echo "run.sh: node is missing (apt-get install nodejs npm)" >&2; exit 2; }
mkdir -p "$PG_AGENTS_DIR/npm"
node --input-type=module -e '
import { kPackages } from "'"$here"'/agents.mjs";
console.log(JSON.stringify({ private: true, dependencies: kPackages }));' > "$PG_AGENTS_DIR/npm/package.json.new"
if ! cmp -s "$PG_AGENTS_DIR/npm/package.json.new" "$PG_AGENTS_DIR/npm/installed.json"; then
  cp "$PG_AGENTS_DIR/npm/package.json.new" "$PG_AGENTS_DIR/npm/package.json"
  (cd "$PG_AGENTS_DIR/npm" && npm install --no-audit --no-fund --loglevel=error)
  cp "$PG_AGENTS_DIR/npm/package.json.new" "$PG_AGENTS_DIR/npm/installed.json"
fi
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
if unshare --net true 2> /dev/null && command -v ip > /dev/null; then
  exec unshare --net sh -c 'ip link set lo up && exec "$@"' sh node "$here/run.mjs" "$@"
fi
echo "run.sh: cannot take the network away (unshare needs root); telemetry is switched off by the environment only" >&2
exec node "$here/run.mjs" "$@"
