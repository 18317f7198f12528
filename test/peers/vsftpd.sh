#!/usr/bin/env bash
# vsftpd.sh DIR EXPLICIT_PORT IMPLICIT_PORT. PEER_OPTIONS: more lines of its configuration, separated by blanks, for
# example "require_ssl_reuse=NO". Users come from wrapped name and password services, no account of the system is used.
. "$(dirname "$0")/common.sh"
must_be_root
vsftpd=$(program vsftpd)
make_certificates
make_home
mkdir -p "$dir/pam.d" "$dir/empty"

cat >"$dir/passwd" <<END
root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
alice:x:$user_id:$user_id::$home:/bin/sh
END
printf 'root:x:0:\nnogroup:x:65534:\nalice:x:%s:\n' "$user_id" >"$dir/group"
echo "alice:secret:vsftpd" >"$dir/passwords"
matrix=$(library pam_wrapper/pam_matrix.so)
printf 'auth required %s passdb=%s\naccount required %s passdb=%s\n' \
  "$matrix" "$dir/passwords" "$matrix" "$dir/passwords" >"$dir/pam.d/vsftpd"
printf 'auth required pam_deny.so\naccount required pam_deny.so\n' >"$dir/pam.d/other"

configuration() {
  cat <<END
listen=YES
listen_address=127.0.0.1
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
pam_service_name=vsftpd
nopriv_user=nobody
secure_chroot_dir=$dir/empty
seccomp_sandbox=NO
session_support=NO
ssl_enable=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
rsa_cert_file=$dir/certs/both.pem
ssl_ciphers=HIGH
xferlog_enable=YES
xferlog_std_format=NO
vsftpd_log_file=$dir/vsftpd.log
utf8_filesystem=YES
mdtm_write=YES
END
  if [ "$tuned" ]; then
    printf '%s\n' max_clients=0 max_per_ip=0
  else
    printf '%s\n' "pasv_min_port=$passive_first" "pasv_max_port=$passive_last" log_ftp_protocol=YES
  fi
  for option in ${PEER_OPTIONS:-}; do echo "$option"; done
}
{ configuration; echo "listen_port=$explicit_port"; } >"$dir/explicit.conf"
{ configuration; echo "listen_port=$implicit_port"; echo "implicit_ssl=YES"; } >"$dir/implicit.conf"

for mode in explicit implicit; do
  start "$mode" env NSS_WRAPPER_PASSWD="$dir/passwd" NSS_WRAPPER_GROUP="$dir/group" \
    PAM_WRAPPER=1 PAM_WRAPPER_SERVICE_DIR="$dir/pam.d" \
    LD_PRELOAD="$(library libpam_wrapper.so) $(library libnss_wrapper.so)" "$vsftpd" "$dir/$mode.conf"
done
wait_for_ports "$explicit_port" "$implicit_port"
announce
