#!/usr/bin/env bash
# kdc.sh DIR PORT: MIT's KDC for the realm SALLYPORT.TEST on 127.0.0.1:PORT, without an account or a file of the system.
# Principals alice and bob with the password secret, ftp/localhost and host/localhost. Writes DIR/krb5.conf, DIR/ftp.keytab,
# DIR/kdc.conf and DIR/environment, which a shell may source for kinit, klist and kadmin.local.
. "$(dirname "$0")/common.sh"
realm=SALLYPORT.TEST
modules=$(ls -d "$unpacked"/usr/lib/*/krb5/plugins/kdb /usr/lib/*/krb5/plugins/kdb 2>/dev/null | head -n 1)

cat >"$dir/krb5.conf" <<END
[libdefaults]
  default_realm = $realm
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  ignore_acceptor_hostname = true
  udp_preference_limit = 1
[realms]
  $realm = {
    kdc = 127.0.0.1:$explicit_port
  }
[domain_realm]
  localhost = $realm
END
cat >"$dir/kdc.conf" <<END
[kdcdefaults]
  kdc_listen = 127.0.0.1:$explicit_port
  kdc_tcp_listen = 127.0.0.1:$explicit_port
[realms]
  $realm = {
    database_module = files
    key_stash_file = $dir/stash
    acl_file = $dir/kadm5.acl
    max_life = 10h
    supported_enctypes = aes256-cts-hmac-sha1-96:normal
  }
[dbmodules]
  db_module_dir = $modules
  files = {
    db_library = db2
    database_name = $dir/principal
  }
[logging]
  kdc = FILE:$dir/kdc.log
END
: >"$dir/kadm5.acl"
cat >"$dir/environment" <<END
export KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5_KTNAME=FILE:$dir/ftp.keytab KRB5CCNAME=FILE:$dir/tickets
END
. "$dir/environment"

administer() { "$(program kadmin.local)" -r "$realm" "$@"; }
{
  "$(program kdb5_util)" -r "$realm" create -s -P master
  for user in alice bob; do administer addprinc -pw secret "$user"; done
  for service in ftp host; do
    administer addprinc -randkey "$service/localhost"
    administer ktadd -k "$dir/ftp.keytab" "$service/localhost"
  done
} >"$dir/create.log" 2>&1 || { cat "$dir/create.log" >&2; exit 69; }

start kdc "$(program krb5kdc)" -n -r "$realm"
wait_for_ports "$explicit_port"
echo "KDC of $realm on 127.0.0.1:$explicit_port; source $dir/environment"
