#!/usr/bin/env bash
# Installs the programs that tests run against, as packages.txt lists them. For Debian 12; as root or with sudo.
# Quiet unless something fails; does nothing where everything is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
unpacked=${SALLYPORT_PEERS:-$here/../../.peers}

packages() { awk -v how="$1" '$1 != "#" && $2 == how { print $3 }' "$here/packages.txt" | sort -u; }

missing() {
  local name
  for name in $(packages install); do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

quietly() {
  local log
  log=$(mktemp)
  if "$@" </dev/null >"$log" 2>&1; then rm "$log"; else cat "$log" >&2; rm "$log"; return 1; fi
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi; }

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"; }

# The lists may be absent or older than what the archive still has: then they are fetched, once.
with_lists() { apt "$@" >/dev/null 2>&1 </dev/null || { quietly apt update && quietly apt "$@"; }; }

wanted=$(missing)
if [ -n "$wanted" ]; then
  # shellcheck disable=SC2086 # one argument a package
  with_lists install --no-install-recommends $wanted
fi

stamp=$(packages unpack | sha256sum)
if [ "$(cat "$unpacked/.unpacked" 2>/dev/null)" != "$stamp" ]; then
  mkdir -p "$unpacked"
  download=$(mktemp -d)
  trap 'rm -r "$download"' EXIT
  cd "$download"
  # shellcheck disable=SC2046 # one argument a package
  with_lists download $(packages unpack)
  for package in *.deb; do dpkg -x "$package" "$unpacked"; done
  echo "$stamp" >"$unpacked/.unpacked"
fi
