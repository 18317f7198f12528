#!/usr/bin/env bash
# stop.sh DIR: ends what a starter started there, with the children.
for file in "$1"/*.pid; do
  [ -e "$file" ] || continue
  case $file in *-own.pid) continue ;; esac
  kill -KILL -- "-$(cat "$file")" 2>/dev/null
  rm -f "$file"
done
