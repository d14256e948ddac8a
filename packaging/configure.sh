#!/bin/bash
# Configures build/<preset> once; again when it was configured for another checkout (a copied tree).
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
preset="$1"
build="$root/build/$preset"

if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt" 2>/dev/null || [ ! -f "$build/build.ninja" ]; then
  rm -rf "$build"
  cd "$root"
  cmake --preset "$preset" >&2
fi
