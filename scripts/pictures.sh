#!/usr/bin/env bash
# Records the pictures of the README anew: what `sallyport start` and `sallyport explain` write to a terminal, in a network
# and a host name of their own. Needs Linux, root, unshare and script (util-linux).
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${1:-} == inside ]] || exec unshare --net --uts --mount "$0" inside

hostname ftp.example.org
ip link set lo up
mount -t tmpfs tmpfs /var/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p docs/pictures

# record NAME COLUMNS COMMAND: what a terminal of that width gets.
record() { TERM=xterm-256color script -qefc "stty cols $2 rows 60; $3" /dev/null >"$work/$1" </dev/null; }
# picture NAME COLUMNS
picture() { node_modules/.bin/node --conditions=source scripts/terminal-picture.ts "sallyport $1" "$2" <"$work/$1" >"docs/pictures/$1.svg"; }

record start 142 "timeout 10 ./sallyport start --quiet --run-as nobody || true" &
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/2990) 2>/dev/null && break; sleep 0.1; done
record explain 120 \
  "./sallyport explain localhost --explicit-port 2121 --implicit-port 2990 --ca /var/lib/sallyport-demo/tls/ca.pem"
wait
sed -i '/Ctrl-C/q' "$work/start" # the picture is of the banner, not of the log below it
picture start 142
picture explain 120
