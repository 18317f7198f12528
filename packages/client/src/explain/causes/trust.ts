import type { FailureCause } from "../explanation.ts";

/** TLS of the control connection, and who the server is. */
export const trustCauses: readonly FailureCause[] = [
  {
    id: "certificate-unknown-issuer",
    title: "Self-signed, or from an authority that is unknown here",
    text:
      "Nobody whom this machine trusts vouches for the certificate: it is self-signed, its authority is your own, or the " +
      "server does not send the certificate in between.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_CERTIFICATE_UNTRUSTED"] }],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "rsa_cert_file= a file with the certificate and, behind it, those in between",
      ProFTPD: "TLSRSACertificateFile, TLSCertificateChainFile",
      "Pure-FTPd": "CertFile (-2): the certificate, then those in between",
      pyftpdlib: "certfile: the certificate, then those in between",
      "FileZilla Server": "FTP and FTP over TLS, Connection security: a certificate of an authority, or Let's Encrypt",
      IIS: "FTP SSL Settings: another SSL certificate",
      Sallyport: "cert, key; or give STATE/tls/ca.pem to those who connect",
    },
    here: {
      text: "Trust the authority, or that one key after you have compared it with the administrator's.",
      flag: "--ca FILE, --pin sha256/…, --trust-on-first-use",
      option: "tls.ca, tls.pins, tls.tofu",
    },
    reference: "RFC 5280 §6",
  },
  {
    id: "certificate-expired",
    title: "The certificate has expired",
    text: "The certificate's time is over: it was not renewed, or the server still has the old one loaded.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_CERTIFICATE_EXPIRED"] },
      { likelihood: "certain", codes: ["SALLYPORT_CERTIFICATE_NOT_YET_VALID"] },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "rsa_cert_file=… of today, and a restart",
      ProFTPD: "TLSRSACertificateFile … of today, and a reload",
      "Pure-FTPd": "CertFile (-2) of today, and a restart",
      pyftpdlib: "certfile of today, and a restart",
      "FileZilla Server": "FTP and FTP over TLS, Connection security: the renewed certificate",
      IIS: "FTP SSL Settings: the renewed SSL certificate",
      Sallyport: "cert, key, and SIGHUP; the one made on first run renews itself",
    },
    here: {
      text: "Check this machine's clock. Until the certificate is renewed, hold the server to its key.",
      flag: "--pin sha256/…",
      option: "tls.pins",
    },
    reference: "RFC 5280 §4.1.2.5",
  },
  {
    id: "certificate-name",
    title: "The certificate is for another name",
    text: "The certificate does not name the host that you asked for: another name of the server, or another server.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_CERTIFICATE_NAME"] }],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "rsa_cert_file=… for the name that people use",
      ProFTPD: "TLSRSACertificateFile … for the name; ServerAlias for one certificate a name",
      "Pure-FTPd": "CertFile (-2) for the name that people use",
      pyftpdlib: "certfile for the name that people use",
      "FileZilla Server": "FTP and FTP over TLS, Connection security: a certificate for the name that people use",
      IIS: "FTP SSL Settings: a certificate for the name that people use",
      Sallyport: "hosts, or a cert for the name",
    },
    here: {
      text: "Connect by a name that the certificate has, or say which one it has to have.",
      flag: "--servername NAME",
      option: "tls.servername",
    },
    reference: "RFC 9525 §6",
  },
  {
    id: "key-changed",
    title: "Another key than before",
    text: "The server shows another key than the one that is known: it got a new one, or somebody else answers in its place.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_PIN_CHANGED"] },
      { likelihood: "certain", codes: ["SALLYPORT_PIN_MISMATCH"] },
      { likelihood: "certain", codes: ["SALLYPORT_DATA_CERTIFICATE_CHANGED"] },
    ],
    fixedBy: ["administrator", "you"],
    settings: {},
    here: {
      text: 'Ask the administrator. Only if the change is confirmed: "sallyport forget HOST", or another --pin.',
    },
    reference: "RFC 7469 §2.6",
  },
  {
    id: "tls-version",
    title: "No TLS version in common",
    text: "The server has only versions of TLS that are not allowed here: 1.0 and 1.1 are broken and switched off (RFC 8996).",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_HANDSHAKE_FAILED"],
        error: /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS/,
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "ssl_tlsv1_2=YES, where the version has it; ssl_tlsv1=YES in 3.0.3",
      ProFTPD: "TLSProtocol TLSv1.2 TLSv1.3",
      "Pure-FTPd": "a version of this decade: older ones have TLS 1.0 alone",
      pyftpdlib: "ssl_protocol, ssl_options",
      "FileZilla Server": "FTP and FTP over TLS, Connection security: minimum allowed TLS version",
      IIS: "TLS 1.2 in Windows (SCHANNEL)",
      Sallyport: 'min-tls = "1.2"',
    },
    reference: "RFC 8996, RFC 9325 §3.1",
  },
  {
    id: "tls-suites",
    title: "No cipher suite in common",
    text:
      "The server's cipher suites are too old: here it takes authenticated encryption with forward secrecy (ECDHE or DHE " +
      "with AES-GCM or ChaCha20). Or it wants a client certificate.",
    clues: [
      {
        likelihood: "likely",
        codes: ["SALLYPORT_HANDSHAKE_FAILED"],
        error: /ALERT_HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|NO_SHARED_CIPHER|DH_KEY_TOO_SMALL|LEGACY_SIGALG/,
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "ssl_ciphers=HIGH (its default DES-CBC3-SHA is far too old)",
      ProFTPD: "TLSCipherSuite DEFAULT, TLSDHParamFile of 2048 bits",
      "Pure-FTPd": "TLSCipherSuite (-J) HIGH",
      pyftpdlib: "ssl_context with set_ciphers",
      IIS: "cipher suites of Windows (SCHANNEL)",
    },
    here: {
      text: "With the library other suites can be allowed, at the price of what they are worth.",
      option: "tls.ciphers",
    },
    reference: "RFC 9325 §4.2",
  },
  {
    id: "client-certificate-wanted",
    title: "The server wants a client certificate",
    text: "The server lets in only those who show a certificate that it knows.",
    clues: [
      { likelihood: "certain", error: /ALERT_CERTIFICATE_REQUIRED/ },
      { likelihood: "certain", error: /ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(?:UNKNOWN|EXPIRED|REVOKED))/ },
      { likelihood: "possible", codes: ["SALLYPORT_HANDSHAKE_FAILED"], error: /ALERT_HANDSHAKE_FAILURE/ },
      {
        likelihood: "likely",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        // ProFTPD closes as soon as it hears anything (measured).
        when: ({ dialogue, circumstances }) =>
          circumstances.tlsVersion !== undefined && dialogue.at(-1)?.startsWith("USER") === true,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "require_cert=NO, or ca_certs_file= with the authority of yours",
      ProFTPD: "TLSVerifyClient off (or optional), or TLSCACertificateFile with the authority of yours",
      "Pure-FTPd": "no -C: before TLSCipherSuite (-J)",
      IIS: "FTP Client Certificate Authentication",
      Sallyport: 'client-certificates = "request", or client-ca with the authority of yours',
    },
    here: { text: "Show your certificate.", flag: "--cert FILE --key FILE", option: "tls.cert, tls.key" },
    reference: "RFC 8446 §4.4.2.4, RFC 4217 §2",
  },
  {
    id: "large-hello",
    title: "A box in between chokes on the ClientHello",
    text: "The server, or a box before it, does not take a ClientHello of more than one packet, which post-quantum keys make it.",
    clues: [
      {
        likelihood: "possible",
        codes: ["SALLYPORT_HANDSHAKE_FAILED", "SALLYPORT_HANDSHAKE_TIMEOUT"],
        error: /more than one packet/,
      },
    ],
    fixedBy: ["network", "administrator"],
    settings: {},
    here: { text: "A small one was tried as well.", option: 'tls.groups: "small"' },
    reference: "draft-ietf-tls-ecdhe-mlkem",
  },
];
