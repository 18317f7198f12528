import type { Setting } from "./setting.ts";

/** The rows of what a server can be told about Kerberos. */
export const kerberosSettings = {
  gssapi: {
    kind: { is: "switch" },
    default: false,
    changes: "restart",
    meaning: "Let clients log in by Kerberos (AUTH GSSAPI) on explicit listeners",
  },
  keytab: {
    kind: { is: "path" },
    defaultText: "KRB5_KTNAME, else that of /etc/krb5.conf",
    changes: "restart",
    placeholder: "FILE",
    meaning: "With gssapi: file with the keys of the service, as kadmin writes it; the user of the service reads it",
  },
  "gssapi-service": {
    kind: { is: "text" },
    defaultText: "every one in the keytab",
    changes: "restart",
    placeholder: "NAME",
    meaning: "With gssapi: the only service to stand for, as in ftp@ftp.example.org",
  },
  "gssapi-principals": {
    kind: { is: "path" },
    changes: "live",
    placeholder: "FILE",
    meaning: "With gssapi: map of principals to accounts, a line PRINCIPAL ACCOUNT... for each",
  },
  "gssapi-login": {
    kind: { is: "choice", values: ["off", "offer", "require"] },
    default: "offer",
    changes: "live",
    ofListener: true,
    meaning: "With gssapi: whether logins by Kerberos are refused, possible, or the only ones",
  },
  "gssapi-suffices": {
    kind: { is: "switch" },
    default: false,
    changes: "live",
    meaning: "With gssapi: take its protection where require-tls demands TLS",
  },
} as const satisfies Record<string, Setting>;
