import type { FailureCause } from "../explanation.ts";

/** Until there is a server that has greeted in the way that was expected. */
export const reachingCauses: readonly FailureCause[] = [
  {
    id: "host-unknown",
    title: "The name has no address",
    text: "The name is written wrongly, or the name server that this machine asks does not know it.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_HOST_UNKNOWN"] }],
    fixedBy: ["you", "network"],
    settings: {},
    here: { text: "Check the spelling, and whether the name is known outside of the place where you are." },
    reference: "RFC 1035",
  },
  {
    id: "nothing-listens",
    title: "Nothing answers on the port",
    text: "No server listens on this address and port, or a firewall answers in its place.",
    clues: [{ likelihood: "likely", codes: ["SALLYPORT_CONNECT_REFUSED"], when: notForData }],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "listen=YES, listen_port=21",
      ProFTPD: "Port 21, DefaultAddress",
      "Pure-FTPd": "Bind (-S)",
      pyftpdlib: "FTPServer((address, port), …)",
      "FileZilla Server": "Server listeners",
      IIS: "Bindings of the site",
      Sallyport: "listen, explicit-port, implicit-port",
    },
    here: { text: "Name the port in the URL where it is not 21 or 990, as in ftpes://HOST:2121/." },
    reference: "RFC 959 §8",
  },
  {
    id: "packets-dropped",
    title: "No answer at all",
    text: "A firewall on the way, or the server's own, drops what is sent; or the machine is off.",
    clues: [
      { likelihood: "likely", codes: ["SALLYPORT_CONNECT_TIMEOUT", "SALLYPORT_CONNECT_FAILED"], when: notForData },
    ],
    fixedBy: ["network", "administrator"],
    settings: {},
    here: { text: "Where only a proxy leads out, name it.", flag: "--proxy URL", option: "proxy" },
    reference: "RFC 2979",
  },
  {
    id: "closed-at-once",
    title: "Closed before the greeting",
    text:
      "The server takes the connection and closes it without a word: your address is not allowed or banned, or it has " +
      "reached its number of processes.",
    clues: [
      {
        likelihood: "likely",
        codes: ["SALLYPORT_CONNECTION_LOST"],
        when: ({ dialogue, circumstances }) => dialogue.length === 0 && (circumstances.greeting ?? []).length === 0,
      },
      {
        likelihood: "certain",
        replies: [421],
        says: /tcp_wrappers|service not available|banned|denied|too many wrong passwords|address is not served/i,
      },
    ],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "tcp_wrappers=YES with /etc/hosts.allow and hosts.deny",
      ProFTPD: "<Limit LOGIN> Allow from …, mod_ban, MaxInstances, MaxConnectionRate",
      "Pure-FTPd": "TrustedIP (-V)",
      "FileZilla Server": "IP filters, autoban",
      IIS: "FTP IP Address and Domain Restrictions",
      Sallyport: '"sallyport unban ADDRESS"',
    },
    here: { text: "Wait a while: many bans end by themselves. What counts wrong passwords (fail2ban) bans as well." },
    reference: "RFC 2577 §5",
  },
  {
    id: "port-begins-in-clear",
    title: "Implicit TLS on a port that begins in clear",
    text: "This port wants explicit TLS: it greets in clear and turns to TLS with AUTH. You asked for TLS from the first octet.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_NOT_TLS"], error: /plain FTP reply/ }],
    fixedBy: ["you"],
    settings: {
      vsftpd: "implicit_ssl=YES (in a process of its own, with listen_port=990)",
      ProFTPD: "TLSOptions UseImplicitSSL (in a <VirtualHost> with Port 990)",
      "Pure-FTPd": "none: its packages have no implicit mode",
      "FileZilla Server": "Server listeners: Implicit FTP over TLS",
      IIS: "a binding of the site to port 990",
      Sallyport: "implicit-port",
    },
    here: { text: "Ask for explicit TLS: ftpes:// in the URL.", flag: "--explicit", option: 'security: "explicit"' },
    reference: "RFC 4217 §4",
  },
  {
    id: "port-wants-tls-at-once",
    title: "Explicit TLS on a port that wants TLS at once",
    text: "The port wants TLS from the first octet (implicit TLS), so both sides wait for the other to begin.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_IMPLICIT_PORT"] },
      {
        likelihood: "likely",
        codes: ["SALLYPORT_REPLY_TIMEOUT"],
        error: /\(greeting\)/,
        when: ({ circumstances }) => circumstances.security !== "implicit",
      },
      { likelihood: "certain", codes: ["SALLYPORT_IMPLICIT_PORT"] },
    ],
    fixedBy: ["you"],
    settings: {
      vsftpd: "implicit_ssl=NO",
      ProFTPD: "no TLSOptions UseImplicitSSL for this <VirtualHost>",
      "FileZilla Server": "Server listeners: Require explicit FTP over TLS",
      IIS: "a binding of the site to another port than 990",
      Sallyport: "explicit-port",
    },
    here: { text: "Speak TLS at once: ftps:// in the URL.", flag: "--implicit", option: 'security: "implicit"' },
    reference: "RFC 4217 §4",
  },
  {
    id: "greeting-slow",
    title: "The greeting comes late",
    text: "The server looks your address up before it greets, and nobody answers that question.",
    clues: [{ likelihood: "possible", codes: ["SALLYPORT_REPLY_TIMEOUT"], error: /\(greeting\)/ }],
    fixedBy: ["administrator", "you"],
    settings: {
      vsftpd: "tcp_wrappers=NO",
      ProFTPD: "UseReverseDNS off, IdentLookups off",
      "Pure-FTPd": "DontResolve yes (-H)",
    },
    here: { text: "Wait longer.", flag: "--timeout SECONDS", option: "timeouts.greeting" },
    reference: "RFC 959 §5.4",
  },
  {
    id: "tls-not-offered",
    title: "The server has no TLS",
    text: "TLS is not switched on at the server, or has no certificate. Nothing is sent in clear unless you say so.",
    clues: [{ likelihood: "likely", codes: ["SALLYPORT_TLS_UNAVAILABLE"] }],
    fixedBy: ["administrator"],
    settings: {
      vsftpd: "ssl_enable=YES, rsa_cert_file=…",
      ProFTPD: "TLSEngine on (mod_tls), TLSRSACertificateFile …",
      "Pure-FTPd": "TLS 1 (-Y 1), CertFile (-2)",
      pyftpdlib: "TLS_FTPHandler in place of FTPHandler, certfile",
      "FileZilla Server": "Server listeners: Require explicit FTP over TLS",
      IIS: "FTP SSL Settings: Require SSL connections, with a certificate",
    },
    here: {
      text: "Do without, which everybody on the way can read.",
      flag: "--plain",
      option: 'security: "plain"',
    },
    reference: "RFC 4217 §4",
  },
  {
    id: "tls-stripped",
    title: "TLS was there before",
    text: "Somebody on the way may have taken the offer of TLS out of what the server said: it had TLS before.",
    clues: [
      { likelihood: "likely", codes: ["SALLYPORT_TLS_DOWNGRADE"] },
      { likelihood: "certain", codes: ["SALLYPORT_TLS_INJECTION"] },
      { likelihood: "possible", codes: ["SALLYPORT_TLS_UNAVAILABLE"] },
    ],
    fixedBy: ["network", "administrator"],
    settings: {},
    here: { text: "Try from another network. Do not use --plain before you know why." },
    reference: "RFC 4217 §15.1",
  },
  {
    id: "not-ftp",
    title: "Another protocol",
    text: "What answers on this port speaks another protocol: SSH, HTTP or mail.",
    clues: [
      { likelihood: "likely", codes: ["SALLYPORT_NOT_A_REPLY"] },
      { likelihood: "likely", codes: ["SALLYPORT_NOT_TLS"], error: /something else/ },
    ],
    fixedBy: ["you"],
    settings: {},
    here: { text: "Check the port. SFTP (port 22) is another protocol than FTPS, and needs another program." },
    reference: "RFC 959 §5.4",
  },
];

/** The same failures happen when data connections are opened; they have causes of their own. */
function notForData({ code }: { readonly code: string }): boolean {
  return !code.startsWith("SALLYPORT_DATA");
}
