#!/bin/bash
# Installs what is missing of packages.txt for the kinds named ("build", "test", "js"); does nothing when nothing is missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "pg: no apt-get here; see packaging/packages.txt for what must be installed" >&2
  exit 0
fi

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

missing=()
while read -r package kind command; do
  case "$package" in '' | '#'*) continue ;; esac
  case " $* " in *" $kind "*) ;; *) continue ;; esac
  if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
  is_installed "$package" || missing+=("$package")
done <"$here/packages.txt"
[ ${#missing[@]} -gt 0 ] || exit 0

echo "pg: installing ${missing[*]}" >&2
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
