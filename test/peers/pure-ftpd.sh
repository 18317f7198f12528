#!/usr/bin/env bash
# pure-ftpd.sh DIR EXPLICIT_PORT. It has no implicit mode. TLS_MODE: 1 plain and TLS (default), 2 TLS required, 3 TLS
# required for data too. PEER_OPTIONS: more flags, for example "-P 192.0.2.1".
. "$(dirname "$0")/common.sh"
must_be_root
pure_ftpd=$(program pure-ftpd)
pure_pw=$(program pure-pw)
make_certificates
make_home
echo "alice:$(openssl passwd $hash_scheme secret):$user_id:$user_id::$home/./::::::::::::" >"$dir/passwd"
"$pure_pw" mkdb "$dir/accounts.pdb" -f "$dir/passwd"
limits=(-c 50 -C 50 -p "$passive_first:$passive_last")
if [ "$tuned" ]; then limits=(-c 4000 -C 4000 -L 200000:10 ${passive_first:+-p "$passive_first:$passive_last"}); fi
start pure-ftpd "$pure_ftpd" -S "127.0.0.1,$explicit_port" -4 -l "puredb:$dir/accounts.pdb" -E -A -j -H "${limits[@]}" -Y "${TLS_MODE:-1}" -2 "$dir/certs/both.pem" -g "$dir/pure-ftpd-own.pid" \
  -O "clf:$dir/transfer.log" -f none ${PEER_OPTIONS:-}
wait_for_ports "$explicit_port"
announce
