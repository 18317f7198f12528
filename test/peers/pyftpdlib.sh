#!/usr/bin/env bash
# pyftpdlib.sh DIR EXPLICIT_PORT IMPLICIT_PORT. TLS_REQUIRED=1 refuses plain logins and data. Any user may run it.
. "$(dirname "$0")/common.sh"
make_certificates
make_home
start pyftpdlib /usr/bin/python3 "$here/pyftpdlib-server.py" "$dir" "$home" "$explicit_port" "$implicit_port" \
  "${passive_first:-0}" "$passive_last" "${TLS_REQUIRED:-0}"
wait_for_ports "$explicit_port" "$implicit_port"
announce
