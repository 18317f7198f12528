/** Servers whose settings are known here. */
export type ServerProductName =
  | "vsftpd"
  | "ProFTPD"
  | "Pure-FTPd"
  | "pyftpdlib"
  | "FileZilla Server"
  | "IIS"
  | "Sallyport";

/** Where each has its settings. */
export const settingPlaces: Readonly<Record<ServerProductName, string>> = {
  vsftpd: "vsftpd.conf",
  ProFTPD: "proftpd.conf",
  "Pure-FTPd": "pure-ftpd.conf",
  pyftpdlib: "the program that runs it",
  "FileZilla Server": "its administration interface",
  IIS: "IIS Manager",
  Sallyport: "sallyport serve",
};

/** What a server seems to be, and the line by which. */
export interface DetectedProduct {
  readonly name: ServerProductName;
  readonly evidence: string;
}

/**
 * Finds out which server it is by what it says: mostly its name in the greeting, else sentences that it alone says
 * (measured with the first four; a server may have been told to say others). A guess for people, and nothing else.
 */
export function detectProduct(lines: readonly string[]): DetectedProduct | undefined {
  for (const [name, sign] of signs) {
    const evidence = lines.find((line) => sign.test(line));
    if (evidence !== undefined) return { name, evidence: evidence.slice(0, evidenceMax) };
  }
  return undefined;
}

const evidenceMax = 120;

/** Names come before sentences, which a server may have copied. */
const signs: readonly (readonly [name: ServerProductName, sign: RegExp])[] = [
  ["vsftpd", /\bvsFTPd\b/i],
  ["ProFTPD", /\bProFTPD\b/i],
  ["Pure-FTPd", /\bPure-FTPd\b/i],
  ["pyftpdlib", /\bpyftpdlib\b/i],
  ["FileZilla Server", /\bFileZilla Server\b/i],
  ["IIS", /\bMicrosoft FTP Service\b/i],
  ["Sallyport", /\bSallyport\b/i],
  ["FileZilla Server", /^331 Please, specify the password\./],
  ["vsftpd", /^331 Please specify the password\.|^\d{3} OOPS:|^200 PBSZ set to 0\./],
  ["Pure-FTPd", /^331 User .* OK\. Password required|^230[ -]OK\. Current (?:restricted )?directory is/],
  ["pyftpdlib", /^331 Username ok, send password\.|^200 PBSZ=0 successful\./],
  ["ProFTPD", /^200 PBSZ 0 successful$|^230 User .* logged in$|^500 AUTH not understood$/],
  ["vsftpd", /There are too many connect(?:ions from your internet address|ed users, please try later)\./],
  ["Pure-FTPd", /users \(the maximum\) are already logged in, sorry|Too many connections \(\d+\) from this IP/],
  ["Sallyport", /^331 The password, please\.|^220 FTP server ready\.$/],
];
