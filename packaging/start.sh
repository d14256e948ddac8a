#!/bin/bash
# From a bare checkout to a running proxy: installs what is missing, builds build/release, becomes `pg serve` with the arguments given.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

"$root/packaging/install_packages.sh" build
"$root/packaging/configure.sh" release
cmake --build "$root/build/release" --target pg >&2
exec "$root/build/release/pg" serve "$@"
