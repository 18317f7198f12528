import type { FailureCause } from "../explanation.ts";

/** The words of MIT's library. */
const unreachableKdc = /cannot (?:contact any|resolve network address for) KDC/i;

/** Logins by a ticket (AUTH GSSAPI). */
export const kerberosCauses: readonly FailureCause[] = [
  {
    id: "kerberos-not-offered",
    title: "The server has no Kerberos",
    text: "The server does not know AUTH GSSAPI, or refuses it on this port: most servers have TLS alone.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_GSSAPI_NOT_OFFERED"],
        when: ({ replyCode }) => replyCode !== 431,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: {
      vsftpd: "none: it has no Kerberos",
      ProFTPD: "mod_gss, which is not part of it",
      "Pure-FTPd": "none: it has no Kerberos",
      pyftpdlib: "none: it has no Kerberos",
      "FileZilla Server": "none: it has no Kerberos of its own tree",
      Sallyport: "gssapi, keytab, gssapi-login, gssapi-suffices; explicit listeners alone",
    },
    here: {
      text: "Use TLS, and a password.",
      flag: "no --gssapi",
      option: 'authOrder: ["GSSAPI", "TLS"]',
    },
    reference: "RFC 2228 §3; measured: vsftpd 504, ProFTPD and Pure-FTPd 500, pyftpdlib 502",
  },
  {
    id: "kerberos-ticket-missing",
    title: "There is no ticket",
    text: "You have no Kerberos ticket where programs look for it (KRB5CCNAME, or the system's place for your user).",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_GSSAPI_NO_CREDENTIALS"] }],
    fixedBy: ["you"],
    settings: {},
    here: { text: "Get one with kinit, and look at it with klist.", option: "gssapiMechanism({ credentialCache })" },
    reference: "RFC 4120 §3.1",
  },
  {
    id: "kerberos-ticket-expired",
    title: "The ticket's time is over",
    text: "The Kerberos ticket has expired, or did so while the connection stood, which then ends with it.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_GSSAPI_CREDENTIALS_EXPIRED", "SALLYPORT_GSSAPI_CONTEXT_EXPIRED"],
      },
      { likelihood: "certain", codes: ["SALLYPORT_GSSAPI_REFUSED"], says: /ticket expired/i },
    ],
    fixedBy: ["you"],
    settings: {},
    here: { text: "Get another one with kinit; kinit -R renews one that may be renewed." },
    reference: "RFC 4120 §2.3",
  },
  {
    id: "kerberos-server-unknown",
    title: "The realm does not know the server",
    text:
      "The Kerberos realm has no service ftp or host of the name that you asked for: it knows the server by another name, " +
      "or the name belongs to another realm.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_GSSAPI_UNKNOWN_PRINCIPAL"] }],
    fixedBy: ["you", "administrator"],
    settings: { Sallyport: "a principal for it: \"kadmin -q 'addprinc -randkey ftp/HOST'\", and ktadd into keytab" },
    here: {
      text: "Say the name that the realm knows, and see that domain_realm of krb5.conf leads to the right realm.",
      flag: "--gssapi-service ftp@HOST",
      option: "gssapi.host, gssapi.services",
    },
    reference: "RFC 2228 Appendix I, RFC 4120 §7.5.9 (KDC_ERR_S_PRINCIPAL_UNKNOWN)",
  },
  {
    id: "kerberos-clock-skew",
    title: "The clocks differ",
    text: "The clock of this machine, of the server or of the KDC is more than five minutes off, and Kerberos believes no one then.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_GSSAPI_CLOCK_SKEW"] },
      { likelihood: "certain", codes: ["SALLYPORT_GSSAPI_REFUSED"], says: /clock ?skew/i },
      { likelihood: "possible", codes: ["SALLYPORT_GSSAPI_REFUSED"], when: saysNoOtherReason },
    ],
    fixedBy: ["you", "administrator"],
    settings: { Sallyport: "the clock of its machine (timedatectl); clockskew of its krb5.conf" },
    here: { text: "Set the clock by NTP; timedatectl tells whether that works." },
    reference: "RFC 4120 §3.2.3 (KRB_AP_ERR_SKEW)",
  },
  {
    id: "kerberos-keytab",
    title: "The server's keytab does not fit",
    text:
      "The server cannot open the ticket: its keytab is not readable, or has an older key than the realm, or none for the " +
      "name that you asked for.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_GSSAPI_WRONG_KEY"] },
      {
        likelihood: "certain",
        codes: ["SALLYPORT_GSSAPI_REFUSED"],
        says: /keytab|wrong principal|key version|no key|integrity check/i,
      },
      { likelihood: "certain", codes: ["SALLYPORT_GSSAPI_NOT_OFFERED"], replies: [431] },
      { likelihood: "likely", codes: ["SALLYPORT_GSSAPI_REFUSED"], when: saysNoOtherReason },
    ],
    fixedBy: ["administrator"],
    settings: { Sallyport: "keytab: kadmin ktadd again, chmod 600 for the service's user; its log says what is wrong" },
    here: {
      text: "After a new key, get new tickets (kdestroy, kinit), since the old ones are for the old key.",
      flag: "--gssapi-service",
      option: "gssapi.services",
    },
    reference: "RFC 4120 §3.2.3 (KRB_AP_ERR_NOKEY, KRB_AP_ERR_MODIFIED)",
  },
  {
    id: "kerberos-kdc-unreachable",
    title: "The realm does not answer",
    text: "No KDC of the Kerberos realm can be reached from here, and a ticket for this server has to come from one.",
    clues: [{ likelihood: "certain", codes: ["SALLYPORT_GSSAPI_UNAVAILABLE"], error: unreachableKdc }],
    fixedBy: ["you", "network", "administrator"],
    settings: {},
    here: {
      text: "See that kdc of krb5.conf names it (or DNS does, SRV _kerberos._udp), and that port 88 is open to it.",
    },
    reference: "RFC 4120 §7.2.3",
  },
  {
    id: "kerberos-library-missing",
    title: "Kerberos is not installed here",
    text: "The system's library for Kerberos cannot be loaded on this machine, or its process ended.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_GSSAPI_UNAVAILABLE"],
        when: ({ messages }) => !unreachableKdc.test(messages),
      },
    ],
    fixedBy: ["you"],
    settings: {},
    here: { text: "Install libgssapi_krb5.so.2: libgssapi-krb5-2 on Debian, krb5-libs on Fedora." },
    reference: "MIT Kerberos 1.20, measured",
  },
  {
    id: "kerberos-forged",
    title: "Somebody is in between",
    text: "What came is not from the server, or not all of it: replies or files were forged, damaged, repeated or taken out.",
    clues: [
      {
        likelihood: "likely",
        codes: [
          "SALLYPORT_GSSAPI_MESSAGE_REJECTED",
          "SALLYPORT_GSSAPI_TOKEN_REJECTED",
          "SALLYPORT_REPLY_UNPROTECTED",
          "SALLYPORT_DATA_MESSAGE_REJECTED",
          "SALLYPORT_DATA_OUT_OF_ORDER",
          "SALLYPORT_DATA_NO_FINAL_BLOCK",
        ],
      },
      { likelihood: "likely", codes: ["SALLYPORT_GSSAPI_REFUSED"], says: /used before|replay/i },
    ],
    fixedBy: ["network", "administrator"],
    settings: {},
    here: { text: "Try from another network; the dialogue up to there is shown.", flag: "--verbose" },
    reference: "RFC 2228 §7, §8.2",
  },
  {
    id: "kerberos-data-unprotected",
    title: "Files have to be protected",
    text: "The server takes commands under Kerberos, and moves no files and listings in clear.",
    clues: [
      {
        likelihood: "certain",
        codes: ["SALLYPORT_COMMAND_REFUSED"],
        replies: [534],
        verbs: ["LIST", "NLST", "MLSD", "RETR", "STOR", "STOU", "APPE"],
        when: ({ circumstances }) => circumstances.isGssapi === true,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: { Sallyport: 'gssapi-suffices; with it, require-tls = "login" lets files go in clear' },
    here: {
      text: "Have files sealed or encrypted, as they are unless something else is asked for.",
      flag: "--gssapi-protection private",
      option: 'dataProtection: "P"',
    },
    reference: "RFC 2228 §4 (534)",
  },
  {
    id: "kerberos-not-authorised",
    title: "The ticket is for somebody else",
    text: "The ticket is good, and the server does not let its owner in under the name that was sent.",
    clues: [
      { likelihood: "certain", codes: ["SALLYPORT_LOGIN_REFUSED"], says: /principal .* may not log in as/ },
      {
        likelihood: "likely",
        codes: ["SALLYPORT_LOGIN_REFUSED"],
        when: ({ circumstances }) => circumstances.isGssapi === true,
      },
    ],
    fixedBy: ["you", "administrator"],
    settings: { Sallyport: "gssapi-principals, or auth_to_local of krb5.conf; the account's setting gssapi" },
    here: { text: "Name the account that the ticket is for; klist shows whose it is.", flag: "--user", option: "user" },
    reference: "RFC 2228 §4 (232), RFC 4120 §7.5",
  },
];

/** Whether reply 535 leaves it open what is wrong with the ticket. */
function saysNoOtherReason({ replyText }: { readonly replyText: string }): boolean {
  return !/clock ?skew|no key|keytab|ticket expired|used before|replay/i.test(replyText);
}
