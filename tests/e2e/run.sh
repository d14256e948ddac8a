#!/usr/bin/env bash
# Runs the official SDKs (pinned, from npm) against a pg binary and a fake provider on loopback:
#   PG_BINARY=build/release/pg tests/e2e/run.sh            through pg
#   PG_DIRECT=1 tests/e2e/run.sh                           the fake alone, to judge the fake
# Prints node's summary, and everything when a test fails. Packages go to build/e2e-sdk (PG_SDK_DIR overrides).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${PG_SDK_DIR:-$here/../../build/e2e-sdk}
if [[ -n ${PG_DIRECT:-} ]]; then
  unset PG_BINARY
else
  [[ -x ${PG_BINARY:-} ]] || { echo "run.sh: PG_BINARY must name the pg binary" >&2; exit 2; }
  PG_BINARY=$(cd "$(dirname "$PG_BINARY")" && pwd)/$(basename "$PG_BINARY")
  export PG_BINARY
fi
command -v node > /dev/null || { echo "run.sh: node is missing (apt-get install nodejs npm)" >&2; exit 2; }
mkdir -p "$work"
if grep -n '"resolved"' "$here/sdk/package-lock.json"; then
  echo "run.sh: the lockfile must not name a registry host" >&2
  exit 1
fi
cp "$here"/sdk/*.mjs "$here"/sdk/package.json "$here"/sdk/.npmrc "$work/"
if ! cmp -s "$here/sdk/package-lock.json" "$work/installed-lock.json"; then
  cp "$here/sdk/package-lock.json" "$work/package-lock.json"
  (cd "$work" && npm ci --loglevel=error)
  cp "$here/sdk/package-lock.json" "$work/installed-lock.json"
fi
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy OPENAI_API_KEY OPENAI_BASE_URL ANTHROPIC_API_KEY ANTHROPIC_BASE_URL
status=0
(cd "$work" && timeout 300 node --test --test-reporter=tap ./*.test.mjs) > "$work/result.tap" 2>&1 || status=$?
[[ $status -eq 0 ]] || cat "$work/result.tap"
grep -E '^# (tests|pass|fail|skipped|duration_ms) ' "$work/result.tap"
exit "$status"
