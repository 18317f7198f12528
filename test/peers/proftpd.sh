#!/usr/bin/env bash
# proftpd.sh DIR EXPLICIT_PORT IMPLICIT_PORT. PEER_OPTIONS: TLSOptions, for example "NoSessionReuseRequired"; TLS_PROTOCOLS:
# for example "TLSv1.2"; PEER_DIRECTIVES: more lines for its <Global>, the first of a name counts. Any user may run it.
. "$(dirname "$0")/common.sh"
proftpd=$(program proftpd)
make_certificates
make_home
modules=$unpacked/usr/lib/proftpd
[ -d "$modules" ] || modules=/usr/lib/proftpd
server_user=nobody
server_group=nogroup
if [ "$(id -u)" != 0 ]; then
  user_id=$(id -u)
  server_user=$(id -un)
  server_group=$(id -gn)
fi
echo "alice:$(openssl passwd $hash_scheme secret):$user_id:$user_id::$home:/bin/sh" >"$dir/passwd"
echo "alice:x:$user_id:" >"$dir/group"
chmod 600 "$dir/passwd" "$dir/group"

certificate=TLSRSACertificate
openssl x509 -in "$dir/certs/cert.pem" -noout -text | grep -q id-ecPublicKey && certificate=TLSECCertificate
connections=50
tls_log=$dir/tls.log
session_cache="TLSSessionCache shm:/file=$dir/tls-cache"
if [ "$tuned" ]; then
  connections=none
  tls_log=none
  # 1.3.8 dies of it (signal 11) after some hundreds of transfers in one login.
  session_cache=
fi

cat >"$dir/proftpd.conf" <<END
ModulePath $modules
LoadModule mod_tls.c
LoadModule mod_tls_shmcache.c
ServerName "peer"
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
Port $explicit_port
PidFile $dir/proftpd-own.pid
ScoreboardFile $dir/scoreboard
DelayTable none
UseIPv6 off
UseReverseDNS off
WtmpLog off
SystemLog $dir/system.log
TransferLog $dir/transfer.log
User $server_user
Group $server_group
MaxInstances $connections
${tuned:+DelayEngine off}
${tuned:+UseSendfile on}
$session_cache
<Global>
${PEER_DIRECTIVES:-}
  AuthOrder mod_auth_file.c
  AuthUserFile $dir/passwd
  AuthGroupFile $dir/group
  RequireValidShell off
  AllowOverwrite on
  AllowStoreRestart on
  AllowRetrieveRestart on
  AllowForeignAddress on
  ${passive_first:+PassivePorts $passive_first $passive_last}
  DefaultRoot ~
  TLSEngine on
  TLSLog $tls_log
  TLSProtocol ${TLS_PROTOCOLS:-TLSv1.2 TLSv1.3}
  ${certificate}File $dir/certs/cert.pem
  ${certificate}KeyFile $dir/certs/key.pem
  TLSRequired off
  TLSVerifyClient off
</Global>
${PEER_OPTIONS:+TLSOptions $PEER_OPTIONS}
<VirtualHost 127.0.0.1>
  Port $implicit_port
  TLSOptions UseImplicitSSL ${PEER_OPTIONS:-}
</VirtualHost>
END
start proftpd "$proftpd" -n -q -c "$dir/proftpd.conf"
wait_for_ports "$explicit_port" "$implicit_port"
announce
