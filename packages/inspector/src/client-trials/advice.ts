import type { TrialAdvice } from "./trial.ts";

/** What mends a client, in general and for those whose settings we know (each tried against these trials). */
export const advice = {
  requireTls: {
    text: "Set the client to require TLS, never to use it where it is offered",
    clients: {
      curl: "--ssl-reqd",
      lftp: "set ftp:ssl-force yes",
      wget: "an ftps:// URL",
      rclone: "explicit_tls = true",
      FileZilla: "Encryption: Require explicit FTP over TLS",
      WinSCP: "Encryption: TLS/SSL Explicit encryption",
      Sallyport: "ftp:// URLs require TLS unless --plain is given",
    },
  },
  checkCertificate: {
    text: "Let the client check the server's certificate, its name and its authority",
    clients: {
      curl: "leave -k out, and give --cacert where the authority is your own",
      lftp: "set ssl:verify-certificate yes; set ssl:check-hostname yes",
      wget: "leave --no-check-certificate out",
      rclone: "leave no_check_certificate out",
      "Python ftplib": "FTP_TLS(context=ssl.create_default_context())",
    },
  },
  protectData: {
    text: "Let the client ask for PROT P, and give up where the server refuses it",
    clients: {
      curl: "--ssl-reqd",
      lftp: "set ftp:ssl-protect-data yes; set ftp:ssl-force yes",
      "Python ftplib": "call prot_p() behind login()",
    },
  },
  update: { text: "Update the client, or use one that does better here", clients: {} },
  ignoreAddress: {
    text: "Let the client connect to the server's own address, whatever PASV says, or use EPSV",
    clients: {
      curl: "leave --no-ftp-skip-pasv-ip out",
      lftp: "set ftp:fix-pasv-address yes; set ftp:prefer-epsv yes",
    },
  },
} as const satisfies Readonly<Record<string, TrialAdvice>>;
