#!/bin/bash
# Everything that is checked, from a bare checkout: format, build, unit and golden tests, end-to-end tests, then unit tests under
# ASan and UBSan. Files are compiled eight at a time, which takes half as long as one by one. Ends with "N passed, M failed" over
# all runs; exit status 1 when anything failed.
set -uo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
passed=0
failed=0
output="$(mktemp)"
broken="$(mktemp)"

# What failed is said once more at the end, where a long log is read first.
finish() {
  cat "$broken"
  rm -f "$output" "$broken"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

# A step that is no test run: counts only when it fails.
must() {
  "$@" && return 0
  echo "failed: $*" | tee -a "$broken"
  failed=$((failed + 1))
  return 1
}

# Runs a test binary or script, at most $1 seconds, and adds up what its last summary (doctest's or TAP's) says. Without one it counts as one failure.
count() {
  local limit="$1" status summary
  shift
  timeout --kill-after=10 "$limit" "$@" 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  summary="$(sed -nE -e 's/^\[doctest\] test cases: *[0-9]+ \| *([0-9]+) passed \| *([0-9]+) failed.*/\1 \2/p' \
    -e '/^# pass [0-9]+$/{N; s/^# pass ([0-9]+)\n# fail ([0-9]+)$/\1 \2/p}' "$output" | tail -n 1)"
  if [ -z "$summary" ]; then
    echo "failed: $* ended with status $status and without a summary" | tee -a "$broken"
    tail -n 40 "$output" >>"$broken"
    failed=$((failed + 1))
    return
  fi
  passed=$((passed + ${summary% *}))
  failed=$((failed + ${summary#* }))
  [ "$status" -eq 0 ] || grep -E -B 8 -A 6 'ERROR:|^not ok|runtime error|ERROR: AddressSanitizer' "$output" | head -n 200 >>"$broken"
  if [ "$status" -ne 0 ] && [ "${summary#* }" -eq 0 ]; then
    echo "failed: $* ended with status $status" | tee -a "$broken"
    tail -n 40 "$output" >>"$broken"
    failed=$((failed + 1))
  fi
}

step "packages"
kinds=(build test)
[ -x tests/e2e/run.sh ] && kinds+=(js)
must packaging/install_packages.sh "${kinds[@]}" || finish

step "format"
must packaging/configure.sh check || finish
must cmake --build build/check --target check-format

step "build"
must cmake --build build/check --target pg pg_tests pg_e2e || finish

step "unit and golden tests"
count 300 build/check/tests/pg_tests

if [ -x build/check/tests/pg_e2e ]; then
  step "end-to-end tests"
  count 900 build/check/tests/pg_e2e

  step "end-to-end tests of what goes over sockets, on epoll alone"
  PG_SERVE_IO_URING=false count 600 build/check/tests/pg_e2e \
    -sf="$(printf '*/e2e/%s_test.cc,' body client early faithful framing lifecycle native resilience restore tls upstream)"
fi
if [ -x tests/e2e/run.sh ]; then
  step "end-to-end tests with the vendors' SDKs"
  PG_BINARY="$root/build/check/pg" count 600 tests/e2e/run.sh
fi

step "unit tests under ASan and UBSan"
must packaging/configure.sh asan || finish
must cmake --build build/asan --target pg_tests || finish
UBSAN_OPTIONS=print_stacktrace=1 count 900 build/asan/tests/pg_tests

step "done"
finish
