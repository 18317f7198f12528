import type { FixName } from "../checks/check.ts";
import type { Product } from "./products.ts";

/** What to do about a fault: in general, and where the product is known by its own settings. */
interface FixRow {
  readonly general: string;
  readonly of: Readonly<Partial<Record<Product, string>>>;
}

/** The remedy for a fault, for the product if that is known and has one. */
export function fixFor(name: FixName, product: Product | undefined): string {
  const row = fixes[name];
  return (product && row.of[product]) ?? row.general;
}

/** Remedies of all products, for a server that does not say what it is. */
export function fixesFor(name: FixName): Readonly<Partial<Record<Product, string>>> {
  return fixes[name].of;
}

const fixes: Readonly<Record<FixName, FixRow>> = {
  "account-names": {
    general: "Let the server ask everybody for a password, also names that it does not know.",
    of: {},
  },
  addresses: { general: "Let the server listen on this address, too, or take the address off the name.", of: {} },
  anonymous: {
    general: "Switch anonymous logins off where they are not meant.",
    of: {
      vsftpd: "anonymous_enable=NO",
      proftpd: "take the <Anonymous> section out",
      pureFtpd: "NoAnonymous yes (-E)",
      iis: "FTP Authentication: disable Anonymous Authentication",
      sallyport: "sallyport user remove anonymous",
    },
  },
  bounce: {
    general: "Let PORT and EPRT lead to the client's own address alone.",
    of: {
      vsftpd: "port_promiscuous=NO",
      proftpd: "AllowForeignAddress off",
      iis: "leave the FTP bounce protection on",
      sallyport: "take the address off --fxp",
      pyftpdlib: "permit_foreign_addresses = False",
    },
  },
  "certificate-chain": {
    general: "Send the server's certificate first, then each that issued the one before it, without the root.",
    of: {
      vsftpd: "rsa_cert_file=FILE with the certificate and its chain in order",
      proftpd: "TLSCertificateChainFile FILE, or the chain in order inside TLSRSACertificateFile",
      pureFtpd: "put certificate, chain and key in order into the file of CertFile (-2)",
    },
  },
  "certificate-key": {
    general: "Make a new key, P-256 or RSA of 2048 bits and more, and have it signed with SHA-256.",
    of: {},
  },
  "certificate-name": {
    general:
      "Have a certificate made that carries this name as a subject alternative name, or connect by a name it has.",
    of: { sallyport: "sallyport cert create --name NAME" },
  },
  "certificate-renew": { general: "Renew the certificate, and let something renew it by itself.", of: {} },
  "certificate-staple": {
    general: "Have a certificate made without must-staple: hardly an FTP server sends OCSP responses.",
    of: { proftpd: "TLSStapling on" },
  },
  "certificate-tlsa": {
    general: "Publish TLSA records of the new key before it is taken into use, and take the old ones off after.",
    of: {},
  },
  "certificate-trust": {
    general:
      "Have the key certified by an authority that clients trust, or give clients the authority's certificate (--ca FILE).",
    of: {},
  },
  "clear-control": {
    general: "Switch CCC off.",
    of: {
      proftpd: "TLSRequired on (refuses CCC), or <Limit CCC> DenyAll </Limit>",
      pureFtpd: "TLS 2 (-Y 2) and a version without CCC",
    },
  },
  "close-notify": {
    general: "Update the server: data connections over TLS have to end with close_notify, or a cut file looks whole.",
    of: {},
  },
  "cut-upload": {
    general: "Let the server demand close_notify at the end of uploads.",
    of: {
      vsftpd: "strict_ssl_read_eof=YES",
      sallyport: "leave out --unclean-data-close accept",
    },
  },
  "data-certificate": { general: "Use one certificate for control and data connections.", of: {} },
  "data-clear": {
    general: "Require TLS for data connections.",
    of: {
      vsftpd: "force_local_data_ssl=YES",
      proftpd: "TLSRequired on",
      pureFtpd: "TLS 3 (-Y 3)",
      fileZilla: "Protocol: require explicit FTP over TLS",
      iis: "FTP SSL Settings: Require SSL connections (dataChannelPolicy=SslRequire)",
      sallyport: "leave out --allow-clear-data",
      pyftpdlib: "tls_data_required = True",
    },
  },
  "early-data": { general: "Switch early data (0-RTT) off: FTP has no command that may be sent twice.", of: {} },
  "explicit-tls": {
    general: "Give the server a certificate and switch TLS on.",
    of: {
      vsftpd: "ssl_enable=YES and rsa_cert_file=FILE",
      proftpd: "LoadModule mod_tls.c, TLSEngine on, TLSRSACertificateFile FILE",
      pureFtpd: "TLS 2 (-Y 2) and CertFile FILE",
      fileZilla: "Server listeners: require explicit FTP over TLS",
      iis: "FTP SSL Settings: choose a certificate and Require SSL connections",
      pyftpdlib: "use TLS_FTPHandler with certfile",
    },
  },
  guesses: {
    general: "Slow wrong passwords down, and end the connection after a few.",
    of: {
      vsftpd: "delay_failed_login=1 max_login_fails=3",
      proftpd: "MaxLoginAttempts 3, and mod_ban or mod_delay",
      iis: "FTP Logon Attempt Restrictions",
    },
  },
  "implicit-tls": {
    general: "Serve nothing but TLS on this port.",
    of: {
      vsftpd: "implicit_ssl=YES in the configuration of this port",
      proftpd: "TLSOptions UseImplicitSSL for this port",
      fileZilla: "Server listeners: this port to Implicit FTP over TLS",
    },
  },
  injection: {
    general:
      "Update to a server that forgets what stood behind AUTH TLS, or offer implicit TLS alone, where nothing can stand in front.",
    of: { pureFtpd: "Pure-FTPd 1.0.30 or later", proftpd: "ProFTPD 1.3.4 or later" },
  },
  "login-clear": {
    general: "Refuse logins before TLS.",
    of: {
      vsftpd: "force_local_logins_ssl=YES",
      proftpd: "TLSRequired on",
      pureFtpd: "TLS 2 (-Y 2)",
      fileZilla: "Server listeners: Require explicit FTP over TLS",
      iis: "FTP SSL Settings: Require SSL connections (controlChannelPolicy=SslRequire)",
      sallyport: "leave out --allow-plain",
      pyftpdlib: "tls_control_required = True",
    },
  },
  "outside-files": {
    general: "Confine each account to its own folder.",
    of: {
      vsftpd: "chroot_local_user=YES",
      proftpd: "DefaultRoot ~",
      pureFtpd: "ChrootEveryone yes (-A)",
    },
  },
  "passive-address": {
    general: "Tell the server the address by which clients reach it.",
    of: {
      vsftpd: "pasv_address=ADDRESS",
      proftpd: "MasqueradeAddress ADDRESS",
      pureFtpd: "ForcePassiveIP ADDRESS (-P ADDRESS)",
      fileZilla: "Passive mode: use the following address",
      iis: "FTP Firewall Support: External IP Address of Firewall",
      sallyport: "--public-address ADDRESS",
      pyftpdlib: "masquerade_address = ADDRESS",
    },
  },
  "passive-ports": {
    general: "Update to a server that draws passive ports at random.",
    of: {},
  },
  resumption: {
    general: "Let data connections resume the TLS of their control connection, and bind them to it.",
    of: {
      vsftpd: "require_ssl_reuse=YES",
      proftpd: "TLSSessionCache shm:/file=FILE, and no TLSOptions NoSessionReuseRequired",
      iis: "there is no setting: restrict passive ports to clients by the firewall",
      sallyport: "--data-resumption adaptive or require, in place of off and offer",
    },
  },
  "resumption-binding": {
    general: "Take a server that binds data connections to their own control connection, such as ProFTPD or Sallyport.",
    of: { vsftpd: "vsftpd has no setting for it: keep passive ports for the addresses of known clients" },
  },
  "resumption-between-servers": {
    general: "Let those addresses alone do without resumption that another server has, and no person.",
    of: {
      sallyport:
        "take this address off --fxp where no other server has it, or inspect from elsewhere; under --data-resumption offer nobody need resume",
    },
  },
  "same-certificate": { general: "Give both ports, and every address of the name, the same certificate.", of: {} },
  "server-update": {
    general: "Update the server; where its latest release does the same, take another.",
    of: {},
  },
  "stolen-data": {
    general: "Let data connections come from the address of their control connection alone.",
    of: {
      vsftpd: "pasv_promiscuous=NO",
      proftpd: "AllowForeignAddress off",
      pureFtpd: "leave AllowUserFXP and AllowAnonymousFXP off (no -w, no -W)",
      fileZilla: "Passive mode: leave the check of the peer's address on",
      sallyport: "take the address off --fxp",
    },
  },
  "tls-alpn": {
    general:
      "Update the server to one that refuses TLS for other protocols (ALPN), and let no other service use the same certificate.",
    of: { vsftpd: "vsftpd 3.0.4 or later", pureFtpd: "update Pure-FTPd" },
  },
  "tls-groups": {
    general: "Run the server on OpenSSL 3.5 or later, whose default groups begin with X25519MLKEM768.",
    of: { proftpd: "TLSECDHCurve auto, on OpenSSL 3.5 or later" },
  },
  "tls-suites": {
    general: "Allow suites with forward secrecy and AEAD alone.",
    of: {
      vsftpd: "ssl_ciphers=ECDHE+AESGCM:ECDHE+CHACHA20",
      proftpd: "TLSCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20",
      pureFtpd: "TLSCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20 (-J ECDHE+AESGCM:ECDHE+CHACHA20)",
      pyftpdlib: "ssl_context with set_ciphers('ECDHE+AESGCM:ECDHE+CHACHA20')",
    },
  },
  "tls-versions": {
    general: "Allow TLS 1.2 and 1.3 alone.",
    of: {
      vsftpd: "ssl_sslv2=NO ssl_sslv3=NO ssl_tlsv1=NO, and vsftpd 3.0.4 or later (ssl_tlsv1_1=NO ssl_tlsv1_2=YES)",
      proftpd: "TLSProtocol TLSv1.2 TLSv1.3",
      pureFtpd: "update to Pure-FTPd 1.0.48 or later, which has TLS 1.2 and 1.3 alone",
      iis: "disable TLS 1.0 and 1.1 under SCHANNEL\\Protocols",
      pyftpdlib: "ssl_context with minimum_version = TLSVersion.TLSv1_2",
    },
  },
  "version-leak": {
    general: "Give the server a greeting without its version.",
    of: {
      vsftpd: "ftpd_banner=TEXT",
      proftpd: "ServerIdent off",
      fileZilla: "Server: custom welcome message, and hide the version",
      iis: "FTP Messages: suppress default banner",
      pyftpdlib: "banner = TEXT",
    },
  },
};
